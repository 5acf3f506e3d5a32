"""The phone's logic against the real service: whatever is lost on the way, the end is the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.logs import service_log
from dispatch.clock import FixedClock
from tests.api.serving import Heard, settings_in
from tests.web.phone_office import COURIER, DAY, EIGHT, phone_office

WEB = Path(__file__).resolve().parent.parent.parent / "api" / "web"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (WEB / "node_modules" / "typescript").is_dir(),
    reason="no Node with the screens' packages on this machine",
)


class Logic:
    """The functions of outbox.ts and round.ts, run by Node."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("phone_logic.mjs")
        self.process = subprocess.Popen(
            ["node", str(script), str(WEB)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, name: str, *given: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"name": name, "given": given}) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert "error" not in told, told["error"]
        answer = told["answer"]
        return dict(answer["map"]) if isinstance(answer, dict) and "map" in answer else answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def logic() -> Iterator[Logic]:
    made = Logic()
    yield made
    made.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with a published round, and the token of a link that nobody has used."""
    folder = tmp_path_factory.mktemp("office")
    with phone_office(folder) as office:
        token = office.link().partition("#")[2]
    return folder, token


class Service:
    """The service over one store; it can die at any moment and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard = Heard()
        # In the evening: what happened from eight on is past.
        self.clock = FixedClock(EIGHT + timedelta(hours=12))
        self.client = self._start()
        self.headers: dict[str, str] = {}

    def _start(self) -> TestClient:
        # Without its lifespan: no search processes.
        app = create_app(
            settings_in(self.folder),
            clock=self.clock,
            log=service_log("error", stream=Heard().stream),
        )
        return TestClient(app, raise_server_exceptions=False)

    def stop(self) -> None:
        app: Any = self.client.app
        app.state.parts.office.store.close()
        self.client.close()

    def restart(self) -> None:
        self.stop()
        self.client = self._start()

    def come(self, token: str) -> None:
        given = {"token": token, "device": "phone"}
        answer = self.client.post("/api/session/link", json=given)
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.headers = {"cookie": cookie, "x-csrf-token": answer.json()["csrf"]}

    def ask(self, method: str, path: str, **more: Any) -> Any:
        self.client.cookies.clear()
        answer = self.client.request(method, path, headers=self.headers, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def office(self) -> Any:
        app: Any = self.client.app
        return app.state.parts.office


class Phone:
    """A phone: its box in memory, and what of it is on its disk."""

    def __init__(self, logic: Logic, service: Service) -> None:
        self.logic = logic
        self.service = service
        self.day = service.ask("GET", "/api/own/day")
        self.box: list[dict[str, Any]] = []
        self.disk = "[]"
        self.offset = 0
        self.now = round(EIGHT.timestamp() * 1_000)
        self.told: list[tuple[str, str, str]] = []

    def keep(self) -> None:
        self.disk = json.dumps(self.box)

    def act(self, kind: str, stop: dict[str, Any]) -> None:
        """Tell something and write it down; the clock goes on by a minute."""
        self.now += 60_000
        number = len(self.told) + 1
        body = {
            "stop_done": {"cash": stop["cash"], "recipient": "Hoa"},
            "stop_failed": {"reason": "absent"},
            "stop_skipped": {"again": True},
        }.get(kind, {})
        one = {
            "id": f"event-{number}",
            "courier": COURIER,
            "day": str(DAY),
            "kind": kind,
            "phoneAt": self.now,
            "stop": stop["key"],
            "order": stop["order"],
            "body": body,
        }
        self.box = self.logic("add", self.box, self.logic("entry", number, one))
        self.keep()
        self.told.append((one["id"], kind, stop["key"]))

    def send(self, most: int, fault: str) -> None:
        """Send a few; the request or its answer may be lost, or the phone die at any step."""
        batch = self.logic("next", self.box, COURIER, most)
        if not batch:
            return
        ids = [one["id"] for one in batch]
        self.box = self.logic("seal", self.box, ids, self.offset)
        if fault == "dies_before_disk":
            self.wake()
            return
        self.keep()
        sealed = [one for one in self.box if one["id"] in ids]
        if fault == "request_lost":
            return
        if fault == "server_dies_before":
            self.service.restart()
            return
        messages = [self.logic("message", one) for one in sealed]
        told = self.service.ask("POST", "/api/own/outbox", json={"events": messages})
        if fault == "server_dies_after":
            self.service.restart()
            return
        if fault == "answer_lost":
            return
        self.box = self.logic("answered", self.box, told["answers"])
        if fault == "dies_after_answer":
            self.wake()
            return
        self.keep()

    def wake(self) -> None:
        """Start again after dying: with what is on the disk."""
        self.box = json.loads(self.disk)


FAULTS = (
    *("none", "none", "request_lost", "answer_lost", "dies_before_disk", "dies_after_answer"),
    *("server_dies_before", "server_dies_after"),
)
KINDS = ("stop_started", "stop_done", "stop_failed", "stop_skipped")
ACTS = st.one_of(
    st.tuples(st.just("act"), st.sampled_from(KINDS), st.integers(0, 3)),
    st.tuples(st.just("act"), st.sampled_from(KINDS), st.integers(0, 3)),
    st.tuples(st.just("send"), st.sampled_from(FAULTS), st.integers(1, 4)),
    st.tuples(st.just("wake"), st.just(""), st.just(0)),
    st.tuples(st.just("clock"), st.just(""), st.integers(-30_000, 30_000)),
)


@contextmanager
def served(template: tuple[Path, str]) -> Iterator[Service]:
    """A service over a store of its own, with the phone let in."""
    with tempfile.TemporaryDirectory() as folder:
        for path in template[0].iterdir():
            shutil.copy(path, folder)
        service = Service(Path(folder))
        try:
            service.come(template[1])
            yield service
        finally:
            service.stop()


def end_state(told: list[tuple[str, str, str]]) -> dict[str, str]:
    """Where each stop ends, by the rules: what is done stays done, else the last word counts."""
    found: dict[str, str] = {}
    says = {"stop_done": "done", "stop_failed": "failed", "stop_skipped": "later"}
    for _, kind, stop in told:
        if found.get(stop) == "done":
            continue
        if kind == "stop_started":
            found[stop] = "started"
        else:
            found[stop] = says[kind]
    return found


def check(logic: Logic, template: tuple[Path, str], acts: list[tuple[str, str, int]]) -> None:
    with served(template) as service:
        phone = Phone(logic, service)
        visits = [one for one in phone.day["stops"] if one["label"]]
        # The last of the four belongs to no order that the office has: it is refused.
        stops = [*visits[:3], {**visits[3], "key": "job:ghost", "order": "ghost"}]
        for what, how, number in acts:
            if what == "act":
                phone.act(how, stops[number])
            elif what == "send":
                phone.send(number, how)
            elif what == "wake":
                phone.wake()
            else:
                phone.offset = number * 1_000
        for _ in range(20):
            phone.send(50, "none")
        assert [one["fate"] for one in phone.box].count("waiting") == 0

        good = [one for one in phone.told if one[2] != "job:ghost"]
        journal = service.office.events(DAY, limit=None)
        # Every one once, and in the order in which the courier did them.
        assert [one.id for one in journal] == [key for key, _, _ in good]
        refused = [one.id for one in service.office.refusals(DAY)]
        assert refused == [key for key, _, stop in phone.told if stop == "job:ghost"]
        # Where each stop ends does not depend on what was lost on the way; where the clocks were
        # compared anew in between, the office goes by its own times, which may turn the order.
        after = service.ask("GET", "/api/own/day")
        times = [one.at for one in journal]
        if times == sorted(set(times)):
            wanted = end_state(good)
            shown = {one["key"]: one["state"] for one in after["stops"]}
            office = {key: "open" if state == "later" else state for key, state in wanted.items()}
            assert {key: shown[key] for key in wanted} == office
            own = logic("states", after, phone.box)
            assert {key: own[key] for key in wanted} == wanted


QUIET = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(QUIET, max_examples=6)
@given(acts=st.lists(ACTS, min_size=5, max_size=14))
def test_any_interleaving_of_edits_retries_and_restarts_ends_in_the_same_state(
    logic: Logic, template: tuple[Path, str], acts: list[tuple[str, str, int]]
) -> None:
    check(logic, template, acts)


@pytest.mark.slow
@settings(QUIET, max_examples=150)
@given(acts=st.lists(ACTS, min_size=5, max_size=30))
def test_many_interleavings_end_in_the_same_state(
    logic: Logic, template: tuple[Path, str], acts: list[tuple[str, str, int]]
) -> None:
    check(logic, template, acts)


def test_the_differences_of_a_new_plan_are_few_and_true(logic: Logic) -> None:
    def stop(order: str, label: str, begin: int, **more: Any) -> dict[str, Any]:
        usual = {"kind": "deliver", "state": "open", "cash": 0, "windows": []}
        named = {"key": f"job:{order}", "order": order, "address": f"Khu {order}"}
        return {**usual, **named, "label": label, "begin": begin, **more}

    before = {"stops": [stop(name, str(n), n * 600) for n, name in enumerate("abcde", start=1)]}
    # By hand: c is gone, e comes first, f is new as 1a, d is an hour later and has cash to take.
    after = {
        "stops": [
            stop("e", "5", 600),
            stop("a", "1", 700),
            stop("f", "1a", 900),
            stop("b", "2", 1_200),
            stop("d", "4", 6_000, cash=45_000),
        ]
    }
    states: dict[str, Any] = {"map": []}
    found = logic("differences", before, after, states)
    told = {(one["kind"], one["stop"]["label"], one["from"], one["to"]) for one in found}
    assert told == {
        ("added", "1a", "", ""),
        ("gone", "3", "", ""),
        ("moved", "5", "", ""),
        ("cash", "4", "0", "45000"),
        ("time", "4", "00:40", "01:40"),
    }
    # What is done already is nothing to read about.
    states = {"map": [["job:c", "done"], ["job:e", "done"], ["job:f", "done"]]}
    found = logic("differences", before, after, states)
    assert {(one["kind"], one["stop"]["label"]) for one in found} == {("cash", "4"), ("time", "4")}
    assert logic("differences", before, before, {"map": []}) == []


def test_the_settlement_on_the_phone_is_the_office_s(
    logic: Logic, template: tuple[Path, str]
) -> None:
    with served(template) as service:
        phone = Phone(logic, service)
        visits = [one for one in phone.day["stops"] if one["label"]]
        for number, one in enumerate(visits[:9]):
            phone.act("stop_failed" if number in (1, 5) else "stop_done", one)
        phone.act("stop_done", visits[5])
        phone.send(50, "none")
        for period in ("noon", "evening"):
            office = service.ask("GET", "/api/own/day")["expected"][period]
            assert logic("expected", phone.day, phone.box, period) == office
        assert office["cash"] > 0
        assert office["returned"] > 0


def test_a_stop_is_found_by_number_name_without_accents_and_code(logic: Logic) -> None:
    def stop(label: str, order: str, customer: str, address: str) -> dict[str, Any]:
        return {"key": order, "label": label, "order": order, "customer": customer,
                "phone": "0912345678", "address": address, "content": ""}  # fmt: skip

    stops = [
        stop("1", "RA1VN", "Đỗ Thị Ngọc", "Khu 12, xã Phượng Lâu"),
        stop("12", "RA2VN", "Vũ Minh", "Số 1 Trần Phú"),
        stop("12a", "RA3VN", "Lê Ngọc Hà", "Tổ 4"),
    ]

    def found(asked: str) -> list[str]:
        return [one["label"] for one in logic("found", stops, asked)]

    assert found("12") == ["12"]
    assert found("12a") == ["12a"]
    assert found("ra1vn") == ["1"]
    assert found("ngoc") == ["1", "12a"]
    assert found("do phuong") == ["1"]
    assert found("nobody") == []
    assert len(found(" ")) == 3


def test_hands_change_the_order_but_not_what_hangs_together(logic: Logic) -> None:
    def stop(key: str, **more: Any) -> dict[str, Any]:
        part, _, order = key.partition(":")
        return {"key": key, "part": part, "order": order, "label": "1", "windows": [], **more}

    rest = {"key": "break:2", "part": "", "order": "", "label": "", "windows": []}
    stops = [stop("job:a"), stop("pickup:t"), rest, stop("delivery:t"), stop("job:b")]
    day = {"stops": stops}
    by_hand = ["job:b", "pickup:t", "delivery:t", "job:a"]
    order = logic("inOrder", day, by_hand, {"map": []})
    assert [one["key"] for one in order] == [
        *("job:b", "pickup:t", "break:2", "delivery:t", "job:a")
    ]
    assert logic("hinders", by_hand, stops) is None
    wrong = ["delivery:t", "pickup:t"]
    assert logic("hinders", wrong, stops)["key"] == "delivery:t"
    # What is to be tried again today comes at the end.
    later = logic("inOrder", day, [], {"map": [["job:a", "later"]]})
    assert [one["key"] for one in later][-1] == "job:a"
