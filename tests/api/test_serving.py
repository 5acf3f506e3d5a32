"""What stands around every request: problems in words, limits, headers, logs, metrics, settings."""

from __future__ import annotations

import re
import signal
import socket
from dataclasses import fields
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import clock_of, create_app
from api.http_messages import TEXTS, language_of
from api.logs import service_log
from api.settings import Settings, SettingsError, load
from dispatch.clock import HANOI
from tests.api.serving import Heard, in_process, served, settings_in

SECRET = "Nguyễn Thị Bưởi 0912345678"


def test_a_wrong_address_and_a_wrong_method_are_told_as_problems() -> None:
    with in_process() as client:
        missing = client.get("/nothing/here")
        assert missing.status_code == HTTPStatus.NOT_FOUND
        assert missing.headers["content-type"] == "application/problem+json"
        assert missing.json()["type"] == "urn:buuta:problem:not_found"
        assert missing.json()["instance"] == "/nothing/here"
        wrong = client.delete("/vroom")
        assert wrong.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert wrong.headers["allow"] == "POST"
        assert "POST" in wrong.json()["detail"]


def test_a_problem_speaks_the_callers_language() -> None:
    with in_process() as client:
        asked = {"accept-language": "fr;q=0.9, vi;q=0.8, en;q=0.5"}
        assert client.get("/nothing", headers=asked).json()["title"] == "Không tìm thấy"
        assert client.get("/nothing").json()["title"] == "Not found"


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [("", "vi"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("vi,en;q=0.9", "vi"), ("en;q=x", "vi")],
)
def test_the_language_liked_best_is_spoken(accepted: str, wanted: str) -> None:
    assert language_of(accepted, "vi") == wanted


def test_every_answer_carries_safe_headers_and_a_number() -> None:
    with in_process() as client:
        answers = [client.get("/health/live"), client.get("/nothing"), client.post("/vroom")]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    with in_process(public_url="https://buuta.example") as client:
        assert "strict-transport-security" in client.get("/health/live").headers


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(stated: bool) -> None:
    large = b'{"vehicles": [' + b" " * 2_000 + b"]}"
    content: Any = large if stated else iter([large])
    with in_process(most_body_bytes=1_000) as client:
        answer = client.post("/vroom", content=content)
        assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert answer.json()["type"] == "urn:buuta:problem:too_large"
        assert "1000" in answer.json()["detail"]
        assert client.get("/health/live").status_code == HTTPStatus.OK


def test_who_asks_too_often_waits() -> None:
    with in_process(requests_a_minute=3) as client:
        answers = [client.get("/health/live") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].json()["type"] == "urn:buuta:problem:too_many"


def crashing(heard: Heard, folder: Path) -> FastAPI:
    app = create_app(settings_in(folder), log=service_log("debug", stream=heard.stream))

    @app.get("/crash/{name}")
    def crash(name: str) -> None:
        raise ValueError(f"nobody is called {name}")

    return app


def test_a_crash_is_a_problem_with_a_number_and_the_log_holds_no_name(tmp_path: Path) -> None:
    heard = Heard()
    with TestClient(crashing(heard, tmp_path), raise_server_exceptions=False) as client:
        answer = client.get(f"/crash/{SECRET}", params={"phone": SECRET})
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    number = answer.json()["request"]
    assert number == answer.headers["x-request-id"]
    assert number in answer.json()["detail"]
    (crash,) = [line for line in heard.lines if line["event"] == "crashed"]
    assert (crash["request"], crash["error"]) == (number, "ValueError")
    assert any("test_serving.py" in frame for frame in crash["at"])
    (request,) = [line for line in heard.lines if line["event"] == "request"]
    assert (request["route"], request["status"]) == ("/crash/{name}", 500)
    for word in SECRET.split():
        assert word not in heard.text
    assert "%E1" not in heard.text


def test_what_was_counted_is_shown_and_a_token_guards_it() -> None:
    with in_process(metrics_token="s3cret") as client:
        client.get("/nothing/1")
        client.get("/nothing/2")
        refused = client.get("/metrics")
        assert refused.status_code == HTTPStatus.UNAUTHORIZED
        assert client.get("/metrics", headers={"authorization": "Bearer no"}).status_code == 401
        shown = client.get("/metrics", headers={"authorization": "Bearer s3cret"}).text
    # One line for both: a stranger's addresses must not fill the memory.
    assert 'buuta_requests_total{method="ANY",route="(none)",status="404"} 2.0' in shown
    assert re.search(r"(?m)^buuta_searches_running [01]\.0$", shown)


def test_readiness_says_what_is_missing() -> None:
    with in_process() as client:
        app: Any = client.app
        parts = app.state.parts

        def broken() -> None:
            raise RuntimeError(SECRET)

        parts.checks = {"store": lambda: None}
        assert client.get("/health/ready").json() == {"status": "ok", "checks": {"store": "ok"}}
        parts.checks["disk"] = broken
        answer = client.get("/health/ready")
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert answer.json()["checks"] == {"store": "ok", "disk": "failed"}
        parts.checks.pop("disk")
        parts.closing = True
        assert client.get("/health/ready").json()["checks"]["stopping"] == "failed"


def test_settings_come_from_file_environment_and_command_line_the_later_one_winning() -> None:
    text = 'port = 1\nhost = "a"\nvroom_most_seconds = 5\nlanguage = "en"'
    environment = {"BUUTA_PORT": "2", "BUUTA_HOST": "b", "BUUTA_VROOM_KEY_NEEDED": "true", "X": "1"}
    settings = load(text, environment=environment, port=3, host=None)
    assert (settings.port, settings.host, settings.language) == (3, "b", "en")
    assert settings.vroom_most_seconds == 5.0
    assert settings.vroom_key_needed is True


def test_everything_wrong_with_the_settings_is_told_at_once() -> None:
    text = 'prot = 1\nport = "x"\nhost = 5'
    environment = {"BUUTA_SEARCHES": "many", "BUUTA_NOTHING": "1"}
    with pytest.raises(SettingsError) as caught:
        load(text, environment=environment, file="buuta.toml", lang="en")
    told = dict(caught.value.findings)
    assert set(told) == {
        "buuta.toml: prot",
        "buuta.toml: port",
        "buuta.toml: host",
        "BUUTA_SEARCHES",
        "BUUTA_NOTHING",
    }
    assert told["BUUTA_SEARCHES"] == "must be a whole number"
    assert "port" in told["buuta.toml: prot"]
    with pytest.raises(SettingsError) as caught:
        load("port = 70000\nsearches = 0\npublic_url = 'x'", environment={}, lang="en")
    assert [where for where, _ in caught.value.findings] == ["searches", "port", "public_url"]
    with pytest.raises(SettingsError, match=r"buuta\.toml"):
        load("port =", environment={}, file="buuta.toml")


def test_a_rehearsal_is_of_a_time_that_has_been(tmp_path: Path) -> None:
    past = settings_in(tmp_path, pretend_now="2026-11-24T05:00:00+07:00")
    began = clock_of(past).now()
    assert (began.hour, began.minute, began.utcoffset()) == (5, 0, HANOI.utcoffset(None))
    with pytest.raises(SettingsError, match="pretend_now"):
        clock_of(settings_in(tmp_path, pretend_now="2926-11-24T05:00:00+07:00"))
    with pytest.raises(SettingsError, match="pretend_now"):
        load("pretend_now = '2026-11-24T05:00:00'", environment={})


def test_a_setting_with_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        load("", environment={"BUUTA_PORT": SECRET})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    readme = Path(__file__).parent.parent.parent / "README.md"
    assert re.search(rf"(?m)^\| `{name}`", readme.read_text(encoding="utf-8"))


def test_both_languages_say_everything_with_the_same_placeholders() -> None:
    for key in TEXTS["vi"]:
        places = [set(re.findall(r"{(\w+)}", TEXTS[lang][key])) for lang in ("vi", "en")]
        assert places[0] == places[1], key
        assert TEXTS["vi"][key] != TEXTS["en"][key], key


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    with served() as service:
        port = int(service.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200")
        assert service.end(signal.SIGTERM) in (0, -signal.SIGTERM)
        said = "\n".join(service.said())
        assert '"event": "stopped"' in said
        assert "Traceback" not in said


def test_a_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with (
            pytest.raises(AssertionError, match="choose another --port"),
            served("--port", str(taken)),
        ):
            pass
    wrong = tmp_path / "buuta.toml"
    wrong.write_text("prot = 5", encoding="utf-8")
    with (
        pytest.raises(AssertionError, match="prot: is no setting"),
        served("--settings", str(wrong)),
    ):
        pass
