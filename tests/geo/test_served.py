"""Road servers: what recorded answers mean, large tables, failures, and who stands in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from geo.asking import Asker
from geo.errors import OffRoadError, TravelServiceError, UnknownProfileError, UnreachableError
from geo.fallback import FallbackTravel
from geo.great_circle import GreatCircle
from geo.osrm import OsrmTravel
from geo.served import ServedTravel, figures
from geo.types import LatLon
from geo.valhalla import ValhallaTravel, line_of
from tests.geo.road_servers import Recorded, StraightOsrm, straight

ESCALDES = [
    LatLon(lat=42.5063, lon=1.5218),
    LatLon(lat=42.51, lon=1.534),
    LatLon(lat=42.46, lon=1.49),
]
HANOI = LatLon(lat=21.3, lon=105.4)


def osrm(transport: httpx.BaseTransport, **options: Any) -> OsrmTravel:
    urls = dict.fromkeys(("motorbike", "van", "truck"), "http://office:5000")
    return OsrmTravel(urls=urls, transport=transport, sleep=lambda _: None, **options)


def valhalla(transport: httpx.BaseTransport, **options: Any) -> ValhallaTravel:
    return ValhallaTravel(
        url="http://office:8002", transport=transport, sleep=lambda _: None, **options
    )


SERVERS = {"osrm": osrm, "valhalla": valhalla}


@pytest.mark.parametrize(
    ("name", "seconds", "metres", "apart"),
    [
        # durations and distances as in the records; the points lie 2.5, 4.7 and 51.5 m from their
        # roads (OSRM says so itself), and a van's driver walks at 5 km/h.
        (
            "osrm",
            [[0, 84.6, 492], [84.9, 0, 548.7], [476, 556.6, 0]],
            [[0, 1179.9, 6841.7], [1157.6, 0, 7954.1], [6794.2, 7904.2, 0]],
            [2.5033, 4.6814, 51.4516],
        ),
        # Valhalla says where the roads are; the distances are OSRM's but for the third point.
        (
            "valhalla",
            [[0, 74, 419], [70, 0, 472], [420, 485, 0]],
            [[0, 1180, 6845], [1158, 0, 7960], [6839, 7950, 0]],
            [2.5, 4.7, 51.5],
        ),
    ],
)
def test_recorded_tables_are_read_with_the_way_from_door_to_road(
    name: str, seconds: list[list[float]], metres: list[list[float]], apart: list[float]
) -> None:
    record = Recorded(name)
    given = SERVERS[name](record).matrix(ESCALDES, profile="van")
    both = np.add.outer(apart, apart)
    off = ~np.eye(3, dtype=bool)
    assert given.seconds[off] == pytest.approx((np.array(seconds) + both * 3.6 / 5)[off], abs=1.3)
    assert given.metres[off] == pytest.approx((np.array(metres) + both)[off], abs=1.3)
    assert not np.diagonal(given.seconds).any()


@pytest.mark.parametrize("name", SERVERS)
def test_a_recorded_shape_follows_the_streets_and_is_asked_for_once(name: str) -> None:
    record = Recorded(name)
    server = SERVERS[name](record)
    line = server.shape(ESCALDES[0], ESCALDES[1], profile="van")
    assert (line[0], line[-1]) == (ESCALDES[0], ESCALDES[1])
    degrees = np.array([(p.lat, p.lon) for p in line])
    length = float(np.diagonal(straight(degrees[:-1], degrees[1:])).sum())
    # 1,179.9 m of road in the record, and 2.5 and 4.7 m to it.
    assert length == pytest.approx(1_187, abs=3)
    assert server.shape(ESCALDES[0], ESCALDES[1], profile="van") == line
    assert len(record.asked) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "osrm",
            [
                ("start", ""),
                ("right", "Avinguda Prat de la Creu"),
                ("straight", "Carrer Bonaventura Armengol"),
                ("straight", "Avinguda Consell d'Europa"),
                ("roundabout", ""),
                ("arrive", ""),
            ],
        ),
        (
            "valhalla",
            [
                ("start", ""),
                ("straight", "Avinguda Prat de la Creu"),
                ("slight_right", "Avinguda Consell d'Europa"),
                ("roundabout", ""),
                ("arrive", ""),
            ],
        ),
    ],
)
def test_recorded_turns_are_told_in_our_words(name: str, expected: list[tuple[str, str]]) -> None:
    steps = SERVERS[name](Recorded(name)).steps(ESCALDES[0], ESCALDES[1], profile="van")
    assert [(step.turn, step.road) for step in steps] == expected
    assert sum(step.metres for step in steps) == pytest.approx(1_180, abs=3)


@pytest.mark.parametrize("name", SERVERS)
def test_a_point_of_another_country_is_named_and_not_put_on_a_far_road(name: str) -> None:
    # OSRM itself answers "Ok" here: its road is 10,000 km away.
    with pytest.raises(OffRoadError, match="correct the points") as caught:
        SERVERS[name](Recorded(name)).matrix([ESCALDES[0], HANOI], profile="van")
    assert caught.value.rows == (1,)


@pytest.mark.parametrize("name", SERVERS)
def test_latitude_and_longitude_are_not_exchanged(name: str) -> None:
    record = Recorded(name)
    SERVERS[name](record).matrix(ESCALDES, profile="van")
    if name == "osrm":
        assert record.asked[0].startswith("/table/v1/driving/1.521800,42.506300;")
    else:
        assert record.held[0]["question"]["locations"][0] == {"lat": 42.5063, "lon": 1.5218}


def some_points(count: int) -> list[LatLon]:
    rng = np.random.default_rng(3)
    return [
        LatLon(lat=round(float(a), 6), lon=round(float(b), 6))
        for a, b in zip(rng.uniform(21, 21.6, count), rng.uniform(105, 105.5, count), strict=True)
    ]


def test_a_large_table_is_asked_in_blocks_and_put_together() -> None:
    server = StraightOsrm()
    points = some_points(230)
    matrix = osrm(server).matrix(points, profile="motorbike")
    degrees = np.array([(p.lat, p.lon) for p in points])
    assert matrix.metres == pytest.approx(straight(degrees, degrees), abs=1.1)
    # 3 x 3 blocks: 100, 100 and 30 a side; before them, rows of 99, 99 and 32 for the roads.
    assert sorted(server.pairs[3:]) == sorted(
        (a, b) for a in (100, 100, 30) for b in (100, 100, 30)
    )


def test_a_server_with_a_lower_limit_gets_smaller_blocks() -> None:
    server = StraightOsrm(limit=20)
    points = some_points(60)
    assert osrm(server).matrix(points, profile="van").size == 60
    # 100 and 50 are refused, 25 too; 12 a side are 144 pairs of the 400 allowed.
    assert max(a * b for a, b in server.pairs[1:]) == 144


@pytest.mark.parametrize("name", SERVERS)
def test_the_recorded_refusal_of_large_tables_makes_blocks_smaller(name: str) -> None:
    record = Recorded(name)
    refusal = record.answer("TOOBIG")

    def busy(request: httpx.Request) -> httpx.Response:
        tables = "destinations" in str(request.url) or "sources_to" in str(request.url)
        if tables:
            return httpx.Response(refusal["status"], json=refusal["answer"])
        return record.handle_request(request)

    server = SERVERS[name](httpx.MockTransport(busy), block=8)
    with pytest.raises(TravelServiceError):
        server.matrix(ESCALDES, profile="van")
    assert server.block == 1


def test_pairs_without_a_way_are_named_not_large() -> None:
    points = [*some_points(4), LatLon(lat=21.7, lon=105.2)]
    with pytest.raises(UnreachableError, match="give OSRM the new file") as caught:
        osrm(StraightOsrm(cut_off=21.65)).matrix(points, profile="motorbike")
    assert caught.value.count == 8
    assert caught.value.rows == (4,)
    assert set(caught.value.pairs) == {(k, 4) for k in range(4)} | {(4, k) for k in range(4)}


# ---- a server that fails ------------------------------------------------------------------------


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("[Errno 111] Connection refused", request=request)


def silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("timed out", request=request)


def broken(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text="boom")


def wrong_question(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"code": "InvalidUrl", "message": "URL string malformed"})


def truncated(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b'{"code":"Ok","durations":[[0,84')


def other_page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="<html>It works!</html>")


def wrong_shape(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"code": "Ok", "durations": [[0, 1], [2, 0]]})


def a_list(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[1, 2])


FAILING: list[tuple[Callable[[httpx.Request], httpx.Response], str, int, str]] = [
    (refused, "no_connection", 3, "Connection refused"),
    (silent, "no_answer", 3, "no answer in time"),
    (broken, "busy", 3, "HTTP 500 boom"),
    (wrong_question, "refused", 1, "HTTP 400 InvalidUrl: URL string malformed"),
    (truncated, "cut_short", 3, "cut short"),
    (other_page, "cut_short", 3, "no JSON"),
    (wrong_shape, "odd", 1, "no known shape"),
    (a_list, "odd", 1, "no known shape"),
]


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize(("fail", "kind", "attempts", "said"), FAILING)
def test_each_failure_is_told_with_its_reason_after_as_many_attempts_as_help(
    name: str, fail: Callable[..., httpx.Response], kind: str, attempts: int, said: str
) -> None:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return fail(request)

    with pytest.raises(TravelServiceError, match="start it, or correct its address") as caught:
        SERVERS[name](httpx.MockTransport(handle)).matrix(ESCALDES, profile="van")
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert len(asked) == attempts


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("fail", [refused, silent, broken, truncated])
def test_what_passes_is_asked_again_after_growing_pauses(
    name: str, fail: Callable[..., httpx.Response]
) -> None:
    record = Recorded(name)
    pauses: list[float] = []
    failures = 2

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal failures
        if failures:
            failures -= 1
            return fail(request)
        return record.handle_request(request)

    server: ServedTravel = (
        OsrmTravel(
            urls={"van": "http://office:5000"},
            transport=httpx.MockTransport(handle),
            sleep=pauses.append,
        )
        if name == "osrm"
        else ValhallaTravel(
            url="http://office:8002", transport=httpx.MockTransport(handle), sleep=pauses.append
        )
    )
    assert server.matrix(ESCALDES, profile="van").seconds[0, 1] > 60
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("spoiled", [{"durations": [[0]]}, {"durations": [[0, -60], [1, 0]]}, {}])
def test_tables_of_another_shape_or_below_zero_are_refused(spoiled: dict[str, Any]) -> None:
    good = StraightOsrm()

    def handle(request: httpx.Request) -> httpx.Response:
        answer = good.handle_request(request)
        if "distance" not in str(request.url):
            return answer
        held = json.loads(answer.content)
        return httpx.Response(200, json={"code": "Ok", "distances": held["distances"], **spoiled})

    with pytest.raises(TravelServiceError, match="no known shape"):
        osrm(httpx.MockTransport(handle)).matrix(some_points(2), profile="van")


def test_a_little_below_zero_is_zero() -> None:
    # OSRM 26.10 said -0.5 s between two points on one street of Campo Grande.
    assert figures([[0, -0.5], [None, 3]]).tolist()[0] == [0, 0]
    assert np.isnan(figures([[0, -0.5], [None, 3]])[1, 0])


def test_a_password_in_the_address_is_shown_to_nobody() -> None:
    asker = Asker(
        service="OSRM",
        url="http://post:secret@office:5000/vn/",
        transport=httpx.MockTransport(wrong_question),
    )
    with pytest.raises(TravelServiceError) as caught:
        asker.get("table/v1/driving/1,2", {}, too_big="TooBig")
    assert "at http://office:5000/vn gave" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["office:5000", "ftp://office", "http://", "http://office:x"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="write it as http://host:port"):
        ValhallaTravel(url=url)
    with pytest.raises(ValueError, match="write it as http://host:port"):
        OsrmTravel(urls={"van": url})


def test_each_vehicle_may_have_its_own_osrm() -> None:
    hosts = []

    def handle(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return StraightOsrm().handle_request(request)

    server = OsrmTravel(
        urls={"motorbike": "http://a:1", "truck": "http://b:2"},
        transport=httpx.MockTransport(handle),
    )
    server.matrix(some_points(2), profile="truck")
    assert set(hosts) == {"b"}
    with pytest.raises(UnknownProfileError):
        server.matrix(some_points(2), profile="van")
    other = OsrmTravel(urls={"motorbike": "http://a:1", "truck": "http://c:2"})
    assert server.version != other.version


@pytest.mark.parametrize("text", ["_p~iF", "_p~iF~ps|U_", "~"])
def test_half_a_polyline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="middle of a point"):
        line_of(text)


def test_a_polyline_is_read_with_six_decimals() -> None:
    # The example of the format's description, (38.5, -120.2) with five decimals, divided by ten.
    assert line_of("_p~iF~ps|U") == [LatLon(lat=3.85, lon=-12.02)]


# ---- who stands in ------------------------------------------------------------------------------


def test_after_the_first_failure_straight_lines_stand_in_for_all_that_follows() -> None:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return refused(request)

    straight_lines = GreatCircle()
    travel = FallbackTravel(osrm(httpx.MockTransport(handle)), backup=straight_lines)
    points = some_points(5)
    for profile in ("motorbike", "truck"):
        expected = straight_lines.matrix(points, profile=profile)
        assert travel.matrix(points, profile=profile) == expected
    assert travel.shape(points[0], points[1], profile="van") == points[:2]
    assert travel.estimated == ("motorbike", "truck")
    assert travel.failure is not None
    assert travel.failure.kind == "no_connection"
    assert travel.version == straight_lines.version
    assert len(asked) == 3  # once, with its two repetitions


def test_a_server_that_answers_is_not_stood_in_for() -> None:
    travel = FallbackTravel(osrm(StraightOsrm()), backup=GreatCircle())
    points = some_points(3)
    assert travel.matrix(points, profile="van") == osrm(StraightOsrm()).matrix(
        points, profile="van"
    )
    assert travel.failure is None
    assert travel.estimated == ()


def test_a_point_without_a_road_is_a_fact_and_not_estimated() -> None:
    travel = FallbackTravel(osrm(Recorded("osrm")), backup=GreatCircle())
    with pytest.raises(OffRoadError):
        travel.matrix([ESCALDES[0], HANOI], profile="van")
    assert travel.failure is None
