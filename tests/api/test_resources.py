"""Orders, offices, vehicles, days, plans and events over HTTP, as clients use them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from dispatch.errors import StoreError
from dispatch.import_writers import write_fleet, write_offices, write_orders
from dispatch.model import DayPlan
from dispatch.office.desk import day_input
from dispatch.office.plans import head_of
from dispatch.records import OrderFilter, PlanKind, PlanVersion, RunProgress, RunState
from dispatch.service import Search, plan_day
from dispatch.sql.journal import SqlAnswers
from solver.model import TimeWindow
from tests.api import days
from tests.api.test_accounts import A, C, D, K, Office, _office

DAY = date(2026, 11, 24)
ON = f"/api/days/{DAY}"


@pytest.fixture
def office() -> Iterator[Office]:
    """An office with two couriers and ten orders of the day."""
    for office in _office():
        fill(office)
        yield office


@pytest.fixture(scope="module")
def planned() -> Iterator[Office]:
    """An office whose day is planned and published; no test changes the plan."""
    for office in _office():
        fill(office)
        add_plan(office)
        answer = office.ask(D, "POST", f"{ON}/plans/1/publish", json={})
        assert answer.status_code == HTTPStatus.OK, answer.text
        yield office


def fill(office: Office) -> None:
    couriers = [days.courier("vt1"), days.courier("vt2")]
    orders = [
        days.order(
            f"DH{k:02}",
            k,
            customer="Bùi Thị Hoa",
            phone="0912345678",
            cash=1_000,
            # The last one early in the morning, so that a late place in a round breaks a rule.
            windows=(TimeWindow(start=27_000, end=27_600),) if k == 10 else (),
        )
        for k in range(1, 11)
    ]
    for path, text in (
        ("/api/offices/import", write_offices([days.office()])),
        ("/api/vehicles/import", write_fleet(couriers)),
        (f"{ON}/orders/import", write_orders(orders)),
    ):
        answer = office.ask(D, "POST", path, content=text.encode())
        assert answer.status_code == HTTPStatus.OK, answer.text
        assert answer.json()["rejected"] == 0, answer.text


_PLANS: list[DayPlan] = []


def add_plan(office: Office) -> int:
    """Plan the day as a worker would, and store the plan; it is the same for every test."""
    desk = office.parts.office
    if not _PLANS:
        means = desk.means(DAY)
        with desk.store.reading() as uow:
            day, closed = day_input(uow, DAY)
        _PLANS.append(
            plan_day(
                day,
                geocoder=means.geocoder,
                travel=means.travel,
                territory=means.territory,
                clock=time.monotonic,
                search=Search(seconds=1.0, workers=1),
                closed=closed,
            )
        )
    with desk.store.writing(by="worker", at=desk.now) as uow:
        head = head_of(_PLANS[0], uow=uow, kind=PlanKind.RUN, parent=0)
        return uow.plans.add(PlanVersion(head=head, plan=_PLANS[0])).head.version


def order(key: str = "N1", **fields: Any) -> dict[str, Any]:
    return {
        "id": key,
        "day": DAY.isoformat(),
        "kind": "delivery",
        "service": "ems",
        "address": {"text": "12 Hùng Vương", "point": {"lat": 21.32, "lon": 105.4}},
        **fields,
    }


# ---- orders -------------------------------------------------------------------------------------


def test_a_list_comes_in_pages_that_join_up(office: Office) -> None:
    seen, after, pages = [], "", 0
    while True:
        page = office.ask(K, "GET", f"/api/orders?day={DAY}&limit=3&after={after}").json()
        seen += [one["order"]["id"] for one in page["items"]]
        pages += 1
        after = page["after"]
        if not after:
            break
    assert seen == [f"DH{k:02}" for k in range(1, 11)]
    assert pages == 4
    assert office.ask(K, "GET", "/api/orders?text=hoa&limit=2").json()["items"]
    assert office.ask(K, "GET", "/api/orders?text=nobody").json() == {"items": [], "after": ""}
    counted = office.ask(K, "GET", f"/api/orders/count?day={DAY}").json()
    assert sum(counted.values()) == 10


def test_the_same_file_again_changes_nothing_and_a_look_stores_nothing(office: Office) -> None:
    table = office.ask(K, "GET", f"{ON}/orders/export").content
    again = office.ask(D, "POST", f"{ON}/orders/import", content=table).json()
    assert (again["added"], again["changed"], len(again["unchanged"])) == ([], [], 10)
    more = table.replace(b"DH01", b"NEW1")
    look = office.ask(D, "POST", f"{ON}/orders/import?look=true", content=more).json()
    assert (look["stored"], look["added"]) == (False, ["NEW1"])
    assert office.ask(K, "GET", "/api/orders/NEW1").status_code == HTTPStatus.NOT_FOUND


def test_a_wrong_row_is_told_with_its_number_and_the_good_ones_are_taken(office: Office) -> None:
    head, first, *_ = office.ask(K, "GET", f"{ON}/orders/export").text.splitlines()
    wrong = first.replace("DH01", "").replace("200", "much")
    good = first.replace("DH01", "GOOD1")
    told = office.ask(
        D, "POST", f"{ON}/orders/import", content="\n".join([head, wrong, good]).encode()
    ).json()
    assert told["added"] == ["GOOD1"]
    assert told["rejected"] == 1
    assert {finding["row"] for finding in told["findings"]} == {2}
    nothing = office.ask(D, "POST", f"{ON}/orders/import", content=b"\x00\x01\x02 no table")
    assert nothing.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert nothing.json()["errors"]


def test_two_dispatchers_cannot_write_over_each_other(office: Office) -> None:
    office.ask(D, "POST", "/api/orders", json=order())
    read = office.ask(D, "GET", "/api/orders/N1")
    tag = read.headers["etag"]
    changed = {k: v for k, v in order(note="ring twice").items() if k not in ("id", "day")}
    first = office.ask(D, "PUT", "/api/orders/N1", json=changed, headers={"if-match": tag})
    assert first.status_code == HTTPStatus.OK
    assert first.headers["etag"] != tag
    second = office.ask(A, "PUT", "/api/orders/N1", json=changed, headers={"if-match": tag})
    assert second.status_code == HTTPStatus.PRECONDITION_FAILED
    # Who was faster, so that they can talk.
    assert "dispatcher1" in second.json()["detail"]
    without = office.ask(A, "PUT", "/api/orders/N1", json=changed)
    assert without.status_code == HTTPStatus.PRECONDITION_REQUIRED


def test_a_pin_is_remembered_for_its_address(office: Office) -> None:
    office.ask(D, "POST", "/api/orders", json=order())
    pin = {"point": {"lat": 21.3333, "lon": 105.4111}}
    tag = office.ask(D, "GET", "/api/orders/N1").headers["etag"]
    path = "/api/orders/N1/address"
    answer = office.ask(D, "PATCH", path, json=pin, headers={"if-match": tag})
    assert answer.json()["order"]["address"]["point"] == pin["point"]
    refused = office.ask(D, "PATCH", path, json={}, headers={"if-match": tag})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"grams": -1}, "body.grams"),
        ({"grams": 2**70}, "body.grams"),
        ({"id": "a/b"}, "body.id"),
        ({"customer": "a\x00b"}, "body.customer"),
        ({"kind": "transfer"}, "body"),
        ({"windows": [{"start": 9, "end": 5}]}, "body.windows[0]"),
        ({"windows": [{"start": 0, "end": 5}, {"start": 5, "end": 9}]}, "body"),
        ({"address": {"text": "x", "point": {"lat": 105, "lon": 21}}}, "body.address.point.lat"),
        ({"colour": "red"}, "body.colour"),
        ({"note": "half a letter \udcaa"}, "body"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(
    office: Office, change: dict[str, Any], where: str
) -> None:
    content = json.dumps(order(**change))
    headers = {"content-type": "application/json"}
    answer = office.ask(D, "POST", "/api/orders", content=content, headers=headers)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert where in [error["where"] for error in answer.json()["errors"]]


def test_an_id_in_vietnamese_is_an_address_like_any_other(office: Office) -> None:
    answer = office.ask(D, "POST", "/api/orders", json=order("Đơn-ẳ1"))
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    again = office.ask(D, "GET", answer.headers["location"])
    assert again.json()["order"]["id"] == "Đơn-ẳ1"


def test_all_mistakes_of_a_request_are_told_at_once(office: Office) -> None:
    answer = office.ask(D, "POST", "/api/orders", json=order(grams=-1, items=0, cash="x"))
    assert {error["where"] for error in answer.json()["errors"]} == {
        "body.grams",
        "body.items",
        "body.cash",
    }


# ---- once ---------------------------------------------------------------------------------------


def test_a_repeated_request_with_a_key_happens_once(office: Office) -> None:
    key = {"idempotency-key": "k-1"}
    answers = [office.ask(D, "POST", "/api/orders", json=order(), headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replay"] == "true"
    assert answers[1].headers["etag"] == answers[0].headers["etag"]
    other = office.ask(D, "POST", "/api/orders", json=order("N2"), headers=key)
    assert other.json()["type"].endswith("key_reused")
    # The key is its sender's own.
    mine = office.ask(A, "POST", "/api/orders", json=order("N2"), headers=key)
    assert mine.status_code == HTTPStatus.CREATED
    plain = office.ask(D, "POST", "/api/orders", json=order())
    assert plain.status_code == HTTPStatus.CONFLICT


def test_a_refused_request_may_be_asked_again_with_its_key(office: Office) -> None:
    key = {"idempotency-key": "k-2"}
    wrong = office.ask(D, "POST", "/api/orders", json=order(grams=-1), headers=key)
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    right = office.ask(D, "POST", "/api/orders", json=order(), headers=key)
    assert right.status_code == HTTPStatus.CREATED


def test_what_cannot_be_answered_for_has_not_happened(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"idempotency-key": "k-3"}

    def full(*_: object) -> bool:
        raise StoreError("full", where="x", said="x")

    with monkeypatch.context() as broken:
        broken.setattr(SqlAnswers, "put", full)
        lost = office.ask(D, "POST", "/api/orders", json=order("N9"), headers=key)
        assert lost.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    assert office.ask(D, "GET", "/api/orders/N9").status_code == HTTPStatus.NOT_FOUND
    again = office.ask(D, "POST", "/api/orders", json=order("N9"), headers=key)
    assert again.status_code == HTTPStatus.CREATED
    assert "idempotent-replay" not in again.headers


def test_an_id_with_a_slash_is_found_where_it_is_encoded(office: Office) -> None:
    # Tables bring such ids.
    assert office.ask(D, "POST", "/api/orders", json=order()).status_code == HTTPStatus.CREATED
    desk = office.parts.office
    with desk.store.writing(by="lan", at=desk.now) as uow:
        (seen,) = uow.orders.page(OrderFilter()).items[:1]
        other = replace(seen.order, id="HS/2026/001")
        uow.orders.put(replace(seen, order=other, stamp=replace(seen.stamp, version=0)))
    found = office.ask(D, "GET", "/api/orders/HS%2F2026%2f001")
    assert (found.status_code, found.json()["order"]["id"]) == (HTTPStatus.OK, "HS/2026/001")
    assert office.ask(D, "GET", "/api/orders/HS%2F2026%2F001/events").json() == []
    assert office.ask(D, "GET", "/api/orders/HS/2026/001").status_code == HTTPStatus.NOT_FOUND
    assert office.ask(D, "GET", "/api%2Forders").status_code == HTTPStatus.NOT_FOUND


# ---- offices, vehicles, days --------------------------------------------------------------------


def test_tables_go_out_as_they_can_come_in(office: Office) -> None:
    for path in ("/api/offices", "/api/vehicles"):
        table = office.ask(K, "GET", f"{path}/export").content
        again = office.ask(D, "POST", f"{path}/import", content=table).json()
        assert (again["added"], again["changed"], again["retired"]) == ([], [], [])
    (only,) = office.ask(K, "GET", "/api/offices").json()
    assert only["office"]["id"] == "BC227"
    assert office.ask(K, "GET", "/api/offices/BC227").headers["etag"]
    assert office.ask(K, "GET", "/api/offices/none").status_code == HTTPStatus.NOT_FOUND


def test_a_vehicle_is_taken_out_and_back(office: Office) -> None:
    path = "/api/vehicles/vt2"
    tag = office.ask(D, "GET", path).headers["etag"]
    off = office.ask(D, "PATCH", path, json={"active": False}, headers={"if-match": tag})
    assert off.json()["active"] is False
    stale = office.ask(D, "PATCH", path, json={"active": True}, headers={"if-match": tag})
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED


def test_who_is_absent_is_said_once_and_kept(office: Office) -> None:
    tag = office.ask(D, "GET", ON).headers["etag"]
    answer = office.ask(D, "PATCH", ON, json={"absent": ["vt2"]}, headers={"if-match": tag})
    assert answer.json()["absent"] == ["vt2"]
    assert office.ask(K, "GET", "/api/days").json()["items"][0]["date"] == DAY.isoformat()
    stale = office.ask(A, "PATCH", ON, json={"absent": []}, headers={"if-match": tag})
    assert stale.status_code == HTTPStatus.PRECONDITION_FAILED


# ---- plans --------------------------------------------------------------------------------------


def test_a_plan_is_shown_with_its_routes_and_goes_out_as_files(planned: Office) -> None:
    shown = planned.ask(K, "GET", f"{ON}/plans/1").json()
    assert shown["head"]["stops"] == 10
    assert shown["violations"] == []
    found = planned.ask(K, "GET", f"{ON}/plans/1/routes").json()
    stops = [stop for route in found for stop in route["stops"] if stop["number"]]
    assert sorted(stop["order"] for stop in stops) == [f"DH{k:02}" for k in range(1, 11)]
    courier = found[0]["courier"]
    assert planned.ask(K, "GET", f"{ON}/plans/1/routes/{courier}").json() == found[0]
    for name, begins in (
        ("stops.csv", b"\xef\xbb\xbf"),
        ("left_out.csv", b"\xef\xbb\xbf"),
        ("summary.json", b"{"),
        ("routes.geojson", b"{"),
        ("map.html", b"<!"),
        ("problem.json", b"{"),
        ("plan.json", b"{"),
        (f"track.gpx?courier={courier}", b"<?xml"),
        (f"manifest.pdf?courier={courier}", b"%PDF"),
        ("manifests.pdf?office=BC227", b"%PDF"),
    ):
        answer = planned.ask(K, "GET", f"{ON}/plans/1/exports/{name}")
        assert answer.status_code == HTTPStatus.OK, (name, answer.text)
        assert answer.content.startswith(begins), (name, answer.content[:20])
        assert "attachment" in answer.headers["content-disposition"]
    for wrong in ("nothing.csv", "track.gpx", "stops.csv?courier=vt1", "manifests.pdf"):
        answer = planned.ask(K, "GET", f"{ON}/plans/1/exports/{wrong}")
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_change_by_hand_is_priced_before_it_is_made(office: Office) -> None:
    add_plan(office)
    edits = {"edits": [{"order": "DH03", "to": ""}]}
    looked = office.ask(D, "POST", f"{ON}/plans/1/preview", json=edits).json()
    assert (looked["dropped"], looked["taken"], looked["broken"]) == (["DH03"], [], [])
    (round_,) = looked["rounds"]
    # Home earlier or out later, as the round happens to lie: two minutes of service are spared.
    assert round_["duty_seconds"] <= round_["duty_seconds_before"] - 120
    assert [s["place"] for s in round_["stops"] if s["place"] is not None][:2] == [0, 1]
    assert len(office.ask(D, "GET", f"{ON}/plans").json()) == 1
    made = office.ask(D, "POST", f"{ON}/plans/1/edits", json=edits)
    assert made.headers["location"] == f"{ON}/plans/2"
    assert (made.json()["parent"], made.json()["unassigned"]) == (1, 1)
    compared = office.ask(D, "GET", f"{ON}/plans/1/compare/2").json()
    assert compared["cost"]["total"] == looked["cost"]["total"]
    (move,) = [one for one in compared["moves"] if one["after"] is None]
    assert move["worth"] == looked["cost"]["total"]
    unknown = office.ask(
        D, "POST", f"{ON}/plans/1/edits", json={"edits": [{"order": "ghost", "to": "vt1"}]}
    )
    assert unknown.status_code == HTTPStatus.NOT_FOUND


def test_a_plan_published_twice_is_a_conflict_that_names_who_was_first(office: Office) -> None:
    add_plan(office)
    first = office.ask(D, "POST", f"{ON}/plans/1/publish", json={})
    assert (first.json()["published"], first.json()["status"]) == (1, "published")
    second = office.ask(A, "POST", f"{ON}/plans/1/publish", json={"replacing": 1})
    assert second.status_code == HTTPStatus.CONFLICT
    assert "dispatcher1" in second.json()["detail"]
    actions = [entry["action"] for entry in office.ask(A, "GET", "/api/audit").json()]
    assert actions.count("plan.published") == 1


def test_a_broken_rule_needs_a_name_behind_it(office: Office) -> None:
    add_plan(office)
    edits = [{"order": f"DH{k:02}", "to": "vt1", "position": k - 1} for k in range(1, 11)]
    for k in range(1, 11):
        edits.insert(0, {"order": f"DH{k:02}", "to": ""})
    made = office.ask(D, "POST", f"{ON}/plans/1/edits", json={"edits": edits})
    version = made.json()["version"]
    (broken,) = office.ask(D, "GET", f"{ON}/plans/{version}").json()["violations"]
    assert (broken["code"], broken["id"]) == ("window_missed", "DH10")
    refused = office.ask(D, "POST", f"{ON}/plans/{version}/publish", json={})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert refused.json()["reason"] == "violations_open"
    nameless = {"accepted": {broken["key"]: ""}}
    empty = office.ask(D, "POST", f"{ON}/plans/{version}/publish", json=nameless)
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    named = {"accepted": {broken["key"]: "Lan"}}
    done = office.ask(D, "POST", f"{ON}/plans/{version}/publish", json=named)
    assert done.json()["published"] == version
    entries = office.ask(A, "GET", "/api/audit").json()
    (entry,) = [one for one in entries if one["action"] == "violation.accepted"]
    assert entry["facts"]["person"] == "Lan"


def test_a_run_is_asked_for_and_stopped_and_its_stream_tells_the_end(office: Office) -> None:
    asked = office.ask(D, "POST", f"{ON}/runs", json={"seconds": 5})
    assert asked.status_code == HTTPStatus.ACCEPTED
    path = asked.headers["location"]
    assert office.ask(K, "GET", path).json()["state"] == "queued"
    assert office.ask(K, "GET", f"{ON}/runs").json()[0]["id"] == asked.json()["id"]
    # Nobody has taken it up: it is cancelled.
    assert office.ask(D, "POST", f"{path}/stop").json()["state"] == "cancelled"
    told = office.ask(K, "GET", f"{path}/progress")
    assert told.headers["content-type"].startswith("text/event-stream")
    assert "event: end" in told.text
    assert office.ask(D, "POST", f"{path}/stop").status_code == HTTPStatus.CONFLICT
    empty = office.ask(D, "POST", "/api/days/2026-12-01/runs", json={})
    assert empty.status_code == HTTPStatus.CONFLICT


def test_a_stream_goes_on_where_it_broke_off(office: Office) -> None:
    asked = office.ask(D, "POST", f"{ON}/runs", json={"seconds": 5}).json()
    desk = office.parts.office
    with desk.store.writing(by="worker", at=desk.now) as uow:
        run = uow.runs.claim(worker="worker", lease_seconds=60)
        assert run is not None
        assert run.id == asked["id"]
        for cost in (900, 800, 700):
            better = RunProgress(
                run=run.id, seq=0, at=uow.at, seconds=1.0, cost=cost, unassigned=0, vehicles=1
            )
            assert uow.runs.better(run.id, token=run.token, tours={}, progress=better)
        assert uow.runs.end(replace(run, state=RunState.DONE), token=run.token)
    path = f"/api/runs/{run.id}/progress"
    whole = told(office.ask(K, "GET", path).text)
    assert [(one["event"], one["id"]) for one in whole] == [
        ("better", "1"),
        ("better", "2"),
        ("better", "3"),
        ("end", "3"),
    ]
    assert [one["data"]["cost"] for one in whole[:3]] == [900, 800, 700]
    assert whole[-1]["data"]["state"] == "done"
    rest = told(office.ask(K, "GET", path, headers={"last-event-id": "2"}).text)
    assert [(one["event"], one["id"]) for one in rest] == [("better", "3"), ("end", "3")]
    # What is no number of ours is as good as none.
    odd = told(office.ask(K, "GET", path, headers={"last-event-id": "-1; x"}).text)
    assert odd == whole


def told(text: str) -> list[dict[str, Any]]:
    """Read a stream of server-sent events."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


# ---- events and couriers ------------------------------------------------------------------------


def event(key: str = "e1", **fields: Any) -> dict[str, Any]:
    return {
        "id": key,
        "kind": "stop_done",
        "at": "2026-11-24T09:00:00+07:00",
        "order": "DH01",
        "courier": "vt1",
        "body": {"recipient": "Hoa", "cash": 1000},
        **fields,
    }


def test_an_event_told_twice_is_stored_once_and_the_first_telling_stands(office: Office) -> None:
    first = office.ask(D, "POST", f"{ON}/events", json={"events": [event(), event("e2")]})
    assert first.json()["stored"] == ["e1", "e2"]
    again = office.ask(D, "POST", f"{ON}/events", json={"events": [event()]}).json()
    assert (again["stored"], again["repeated"]) == ([], ["e1"])
    other = office.ask(D, "POST", f"{ON}/events", json={"events": [event(order="DH02")]}).json()
    assert other["different"] == ["e1"]
    journal = office.ask(K, "GET", f"{ON}/events?after=0").json()
    assert [one["id"] for one in journal] == ["e1", "e2"]
    assert office.ask(K, "GET", f"{ON}/events?after={journal[0]['seq']}").json() == journal[1:]
    assert len(office.ask(K, "GET", "/api/orders/DH01/events").json()) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "stop_eaten"},
        {"at": "2026-11-24T09:00:00"},
        {"at": "0001-01-01T00:00:00Z"},
        {"order": ""},
        {"kind": "vehicle_down", "courier": ""},
        {"body": {"note": "x" * 30_000}},
        {"body": {"a": {"b": [[[[[[[[[[1]]]]]]]]]]}}},
        {"body": {"n": 10**30}},
        {"body": {"s": "\x00"}},
        {"id": ""},
    ],
)
def test_an_event_that_cannot_be_is_refused(office: Office, change: dict[str, Any]) -> None:
    answer = office.ask(D, "POST", f"{ON}/events", json={"events": [event(**change)]})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, answer.text
    assert office.ask(K, "GET", f"{ON}/events").json() == []


def phone(office: Office, courier: str) -> str:
    """Sign a courier in and return the name of the session."""
    links = office.ask(D, "POST", f"{ON}/links", json={"couriers": [courier]})
    assert links.status_code == HTTPStatus.CREATED, links.text
    (link,) = links.json()
    assert link["url"].endswith(f"/phone#{link['token']}")
    assert link["qr_svg"].startswith("<svg")
    name = f"phone {courier} {uuid4()}"
    answer = office.ask("nobody", "POST", "/api/session/link", json={"token": link["token"]})
    office.admit(name, answer)
    return name


def driven(office: Office) -> dict[str, list[str]]:
    """Return the orders of each courier by the plan."""
    found = office.ask(K, "GET", f"{ON}/plans/1/routes").json()
    return {
        route["courier"]: [stop["order"] for stop in route["stops"] if stop["number"]]
        for route in found
    }


def test_a_courier_sees_own_stops_and_nothing_of_others(planned: Office) -> None:
    for courier, orders in driven(planned).items():
        name = phone(planned, courier)
        answer = planned.ask(name, "GET", "/api/own/route")
        shown = answer.json()
        assert shown["courier"] == courier
        assert [stop["order"] for stop in shown["stops"] if stop["number"]] == orders
        others = {one for key, held in driven(planned).items() if key != courier for one in held}
        assert not [one for one in others if one in answer.text]
        # Asking again costs nothing while nothing has changed.
        tag = {"if-none-match": answer.headers["etag"]}
        again = planned.ask(name, "GET", "/api/own/route", headers=tag)
        assert (again.status_code, again.content) == (HTTPStatus.NOT_MODIFIED, b"")


def test_a_courier_tells_of_own_stops_and_a_moved_stop_is_kept_and_said(planned: Office) -> None:
    plan = driven(planned)
    courier = next(iter(plan))
    name = phone(planned, courier)
    mine = plan[courier][0]
    done = event("c1", order=mine, courier="")
    told = planned.ask(name, "POST", "/api/own/events", json={"events": [done]}).json()
    assert (told["stored"], told["moved"]) == (["c1"], [])
    assert planned.ask(K, "GET", f"/api/orders/{mine}/events").json()[0]["courier"] == courier
    for key, orders in plan.items():
        if key != courier:
            moved = event("c2", order=orders[0], courier=courier)
            told = planned.ask(name, "POST", "/api/own/events", json={"events": [moved]}).json()
            assert (told["stored"], told["moved"]) == (["c2"], ["c2"])


@pytest.mark.parametrize(
    "change", [{"courier": "vt9"}, {"order": "ghost"}, {"kind": "order_cancelled"}]
)
def test_a_courier_cannot_tell_what_is_not_own(planned: Office, change: dict[str, Any]) -> None:
    courier = next(iter(driven(planned)))
    name = phone(planned, courier)
    before = len(planned.ask(K, "GET", f"{ON}/events?limit=1000").json())
    events = [event("n1", order="", kind="settlement", courier=""), event("n2", **change)]
    answer = planned.ask(name, "POST", "/api/own/events", json={"events": events})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.json()["errors"][0]["where"].startswith("body.events[1]")
    assert len(planned.ask(K, "GET", f"{ON}/events?limit=1000").json()) == before


def test_a_courier_without_a_route_is_told_so(planned: Office) -> None:
    answer = planned.ask(C, "GET", "/api/own/route")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.json()["type"].endswith("no_route")


def test_links_are_for_couriers_that_there_are(planned: Office) -> None:
    everybody = planned.ask(D, "POST", f"{ON}/links", json={}).json()
    assert {link["courier"] for link in everybody} == set(driven(planned))
    wrong = planned.ask(D, "POST", f"{ON}/links", json={"couriers": ["vt1", "ghost"]})
    assert [error["what"] for error in wrong.json()["errors"]] == ["ghost"]


def test_the_close_carries_over_what_nobody_did(office: Office) -> None:
    add_plan(office)
    office.ask(D, "POST", f"{ON}/plans/1/publish", json={})
    office.ask(D, "POST", f"{ON}/events", json={"events": [event()]})
    closed = office.ask(D, "POST", f"{ON}/close", json={}).json()
    assert closed["finished"] == ["DH01"]
    assert len(closed["carried"]) == 9
    assert closed["day"]["status"] == "closed"
    again = office.ask(D, "POST", f"{ON}/close", json={})
    assert again.status_code in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
    late = office.ask(D, "POST", "/api/orders", json=order())
    assert late.status_code == HTTPStatus.CONFLICT


def test_no_log_line_holds_a_name_a_phone_or_an_address(planned: Office) -> None:
    planned.ask(D, "GET", "/api/orders?text=B%C3%B9i+Th%E1%BB%8B+Hoa")
    planned.ask(D, "POST", "/api/orders", json=order("L1", customer="Bùi Thị Hoa", grams=-1))
    held = planned.heard.text
    for word in ("Hoa", "0912345678", "Hùng", "DH01", "%E1"):
        assert word not in held, word
    assert all(json.loads(line)["level"] for line in held.splitlines())
