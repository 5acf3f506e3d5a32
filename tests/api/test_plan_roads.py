"""`buuta plan` over roads: a graph, a server, and a server that does not answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.api.command_line import CommandLine, plan_arguments, write_day
from tests.api.days import VIET_TRI, courier, office, order
from tests.geo.road_servers import StraightOsrm
from tests.geo.roads_by_hand import osm_file


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return write_day(tmp_path / "day", [order("x"), order("y", 2)], [courier()], [office()])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def server() -> Iterator[str]:
    """Serve straight roads on a free port of this machine."""
    roads = StraightOsrm()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = roads.handle_request(httpx.Request("GET", f"http://x{self.path}"))
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def everywhere(out: Path) -> dict[str, str]:
    """Return what each output says of travel."""
    return {
        "summary": json.loads((out / "summary.json").read_text(encoding="utf-8"))["travel"],
        "geojson": json.loads((out / "routes.geojson").read_text(encoding="utf-8"))["travel"],
        "map": (out / "map.html").read_text(encoding="utf-8"),
        "gpx": next((out / "gpx").iterdir()).read_text(encoding="utf-8"),
        "directions": next((out / "directions").iterdir()).read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("option", ["--osrm", "--valhalla"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_server_that_is_off_is_stood_in_for_and_every_output_says_so(
    buuta: CommandLine, day: Path, out: Path, option: str, lang: str
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ended = buuta(*plan_arguments(day, out, option, url, "--lang", lang))
    assert ended.code == 0, ended.err
    words = {"vi": "chỉ ước tính theo đường chim bay", "en": "are only estimated"}[lang]
    said = everywhere(out)
    assert {name for name, text in said.items() if words not in text} == set()
    assert url in said["summary"]
    assert words in " ".join(ended.out.split())
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["total"]["planned"] == 2


def test_a_server_that_answers_measures_the_day(
    buuta: CommandLine, day: Path, out: Path, server: str
) -> None:
    ended = buuta(*plan_arguments(day, out, "--osrm", server))
    assert ended.code == 0, ended.err
    said = everywhere(out)
    # One server for three kinds of vehicle: that is told as well.
    assert "máy chủ đường OSRM" in said["summary"]
    assert "như loại xe của máy chủ" in said["summary"]
    # 36 km/h and no detour, from the office over x to y, 0.002 degrees north, and back.
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["total"]["metres"] == pytest.approx(445, abs=5)


def test_the_graph_of_a_folder_measures_the_day_and_gives_turns(
    buuta: CommandLine, day: Path, out: Path, tmp_path: Path
) -> None:
    points = {0: VIET_TRI, **{k: order("x", k).address.point for k in (1, 2)}}
    assert all(point is not None for point in points.values())
    source = osm_file(
        tmp_path / "x.osm",
        {k: point for k, point in points.items() if point is not None},
        [([0, 1, 2], {"highway": "secondary", "name": "Đường Hùng Vương"})],
    )
    roads = tmp_path / "roads"
    assert buuta("roads", "build", source, "--out", roads).code == 0
    assert buuta(*plan_arguments(day, out, "--roads", roads)).code == 0
    said = everywhere(out)
    assert "bản đồ đường OpenStreetMap" in said["summary"]
    assert "Xuất phát vào Đường Hùng Vương" in said["directions"]
    # The second plan finds its matrices in the graph's folder.
    assert list((roads / "cache").glob("*.npz"))
    again = buuta(*plan_arguments(day, out, "--roads", roads, "--traffic", "rush"))
    assert "khung giờ rush" in everywhere(out)["summary"]
    assert again.code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--osrm", "office:5000"], "http://host:port"),
        (["--osrm", "bike=http://a:1"], "use one of motorbike, van, truck"),
        (["--osrm", "van=http://a:1"], "no server is named for motorbike, truck"),
        (["--valhalla", "x"], "http://host:port"),
        (["--valhalla", "http://a", "--osrm", "http://b"], "not several"),
        (["--roads", "nowhere"], "buuta roads build"),
    ],
)
def test_a_wrong_choice_is_told_before_any_work(
    buuta: CommandLine, day: Path, out: Path, words: list[str], said: str
) -> None:
    ended = buuta(*plan_arguments(day, out, *words))
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert not out.exists()
