"""Self-hosted address services, replayed by a small server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from geo.errors import RefusedError, UnavailableError
from geo.gazetteer import Gazetteer
from geo.geocode import Geocoder
from geo.geocode_geopy import AnswerCache, Service, ServiceGeocoder

BEFORE = date(2023, 6, 1)
ADDRESS = "Số 1468 đường Hùng Vương, P. Gia Cẩm, TP Việt Trì"

# The shapes in which the three services answer, with one house in Gia Cẩm.
HOUSE = (21.3249, 105.3991)


def _nominatim(*places: tuple[float, float, str, str]) -> Any:
    return [
        {
            "place_id": 100 + i,
            "lat": str(lat),
            "lon": str(lon),
            "class": "building",
            "type": "yes",
            "addresstype": kind,
            "importance": 0.1,
            "display_name": name,
            "boundingbox": ["21.3", "21.4", "105.3", "105.4"],
        }
        for i, (lat, lon, kind, name) in enumerate(places)
    ]


def _photon(*places: tuple[float, float, str, str]) -> Any:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"name": name, "type": kind, "osm_key": "building", "country": "VN"},
            }
            for lat, lon, kind, name in places
        ],
    }


def _pelias(*places: tuple[float, float, str, str]) -> Any:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"name": name, "label": name, "layer": kind, "confidence": 0.9},
            }
            for lat, lon, kind, name in places
        ],
    }


SHAPES: dict[Service, Any] = {"nominatim": _nominatim, "photon": _photon, "pelias": _pelias}
KINDS = {"nominatim": "house", "photon": "house", "pelias": "address"}


class Replay:
    """What the server answers and what it was asked."""

    def __init__(self, answers: list[tuple[int, Any]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.url = ""


@contextmanager
def replay(*answers: tuple[int, Any]) -> Iterator[Replay]:
    """Serve the answers one after the other on the loopback; the last one is repeated."""
    script = Replay(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            script.asked.append((parts.path, parse_qs(parts.query)))
            at = min(len(script.asked), len(script.answers)) - 1
            status, body = script.answers[at]
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _geocoder(service: Service, script: Replay, **options: Any) -> ServiceGeocoder:
    settings: dict[str, Any] = {
        "delay_seconds": 0,
        "pause_seconds": 0,
        "gazetteer": Gazetteer(on=BEFORE),
    }
    return ServiceGeocoder(service=service, url=script.url, **(settings | options))


@pytest.mark.parametrize("service", SHAPES)
def test_a_house_near_its_commune_is_found_and_certain(service: Service) -> None:
    body = SHAPES[service]((*HOUSE, KINDS[service], "1468 Hùng Vương, Gia Cẩm"))
    with replay((200, body)) as script:
        geocoder = _geocoder(service, script)
        match = geocoder.locate(ADDRESS)
    assert isinstance(geocoder, Geocoder)
    assert match.level == "address"
    assert match.point is not None
    assert (match.point.lat, match.point.lon) == HOUSE
    assert (match.confident, match.commune_code, match.district_code) == (True, "07900", "227")
    (_, asked) = script.asked[0]
    assert "Phú Thọ" in next(iter(asked.get("q", asked.get("text", []))))


@pytest.mark.parametrize("service", SHAPES)
def test_nothing_found_falls_back_to_the_commune(service: Service) -> None:
    with replay((200, SHAPES[service]())) as script:
        match = _geocoder(service, script).locate(ADDRESS)
    assert (match.level, match.commune_code, match.confident) == ("commune", "07900", True)


def test_a_house_far_from_its_commune_is_a_guess_and_the_commune_stands() -> None:
    # The same street in Phú Thọ town, 19 km away.
    with replay((200, _nominatim((21.4000, 105.2222, "house", "Hùng Vương")))) as script:
        match = _geocoder("nominatim", script).locate(ADDRESS)
    assert (match.level, match.commune_code) == ("commune", "07900")


def test_two_houses_apart_are_ambiguous() -> None:
    body = _nominatim((*HOUSE, "house", "a"), (21.3100, 105.4100, "house", "b"))
    with replay((200, body)) as script:
        match = _geocoder("nominatim", script).locate(ADDRESS)
    assert (match.confident, match.doubt, len(match.candidates)) == (False, "ambiguous", 2)


def test_answers_outside_the_province_are_left_out() -> None:
    with replay((200, _nominatim((21.03, 105.85, "house", "Hà Nội")))) as script:
        match = _geocoder("nominatim", script, gazetteer=None).locate(ADDRESS)
    assert (match.level, match.point) == ("none", None)


def test_an_address_of_another_province_is_not_even_asked_for() -> None:
    with replay((200, [])) as script:
        match = _geocoder("nominatim", script).locate("Cầu Giấy, Hà Nội")
    assert match.level == "outside"
    assert script.asked == []


def test_without_a_gazetteer_nothing_is_certain() -> None:
    with replay((200, _nominatim((*HOUSE, "house", "a")))) as script:
        match = _geocoder("nominatim", script, gazetteer=None).locate(ADDRESS)
    assert (match.found, match.confident, match.doubt) == (True, False, "unchecked")


def test_the_same_address_is_asked_once_and_kept_on_disk(tmp_path: Path) -> None:
    with replay((200, _nominatim((*HOUSE, "house", "a")))) as script:
        first = _geocoder("nominatim", script, cache=AnswerCache(tmp_path))
        assert first.locate(ADDRESS) == first.locate(ADDRESS)
        assert len(script.asked) == 1
        again = _geocoder("nominatim", script, cache=AnswerCache(tmp_path))
        assert again.locate(ADDRESS) == first.locate(ADDRESS)
        assert len(script.asked) == 1
        newer = _geocoder("nominatim", script, cache=AnswerCache(tmp_path), version="2")
        newer.locate(ADDRESS)
        assert len(script.asked) == 2
        for entry in tmp_path.iterdir():
            entry.write_text("{cut")
        assert again.locate(ADDRESS) == first.locate(ADDRESS)
        assert len(script.asked) == 3


def test_a_service_that_comes_back_is_asked_again() -> None:
    body = _nominatim((*HOUSE, "house", "a"))
    with replay((503, {}), (502, {}), (200, body)) as script:
        match = _geocoder("nominatim", script).locate(ADDRESS)
    assert match.level == "address"
    assert len(script.asked) == 3


def test_a_service_that_stays_away_is_named_with_the_attempts() -> None:
    with (
        replay((503, {})) as script,
        pytest.raises(UnavailableError, match="in 2 attempts") as caught,
    ):
        _geocoder("photon", script, attempts=2).locate(ADDRESS)
    assert (caught.value.service, caught.value.attempts, len(script.asked)) == ("photon", 2, 2)


def test_no_service_at_all_is_unavailable_too() -> None:
    with replay((200, [])) as script:
        pass
    with pytest.raises(UnavailableError, match="go on with the offline gazetteer"):
        _geocoder("nominatim", script, attempts=1, timeout_seconds=1).locate(ADDRESS)


def test_a_service_that_refuses_says_so() -> None:
    with replay((403, {})) as script, pytest.raises(RefusedError, match="pelias refused"):
        _geocoder("pelias", script, attempts=1).locate(ADDRESS)


@pytest.mark.parametrize("body", ["soon", [{"lat": "x"}], {"features": [{}]}])
@pytest.mark.parametrize("service", SHAPES)
def test_an_answer_in_no_known_shape_is_a_service_out_of_order(service: Service, body: Any) -> None:
    with replay((200, body)) as script, pytest.raises(UnavailableError):
        _geocoder(service, script, attempts=1).locate(ADDRESS)


def test_many_addresses_keep_their_order() -> None:
    with replay((200, _nominatim((*HOUSE, "house", "a")))) as script:
        found = _geocoder("nominatim", script).locate_many([ADDRESS, "Cầu Giấy, Hà Nội"])
    assert [m.level for m in found] == ["address", "outside"]


@pytest.mark.parametrize(
    ("service", "url"), [("google", "http://x"), ("nominatim", "10.0.0.1:8080"), ("photon", "")]
)
def test_a_service_that_cannot_be_is_refused_at_once(service: Any, url: str) -> None:
    with pytest.raises(ValueError):
        ServiceGeocoder(service=service, url=url)
