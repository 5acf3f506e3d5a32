"""Couriers' phones over HTTP: the day, what they bring, links of one phone, proofs, settlement."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pypdf
import pytest

from tests.api.test_accounts import A, D, K, Office, _office
from tests.api.test_resources import DAY, ON, add_plan, driven, fill

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)


@dataclass
class Phone:
    """One phone that a courier came in with."""

    office: Office
    courier: str
    name: str
    token: str

    def ask(self, method: str, path: str, **more: Any) -> Any:
        return self.office.ask(self.name, method, f"/api/own/{path}", **more)

    def tell(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.ask("POST", "outbox", json={"events": list(events)})
        assert answer.status_code == HTTPStatus.OK, answer.text
        answers: list[dict[str, Any]] = answer.json()["answers"]
        return answers

    def day(self) -> Any:
        answer = self.ask("GET", "day")
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    def stops(self) -> list[Any]:
        return [one for one in self.day()["stops"] if one["label"]]

    def open(self, count: int) -> list[str]:
        """Return the last stops of which nothing was told."""
        left = [one["order"] for one in self.stops() if one["state"] == "open"]
        assert len(left) >= count
        return left[-count:]

    def proof(self, data: bytes = PNG, media: str = "image/png", key: str = "") -> Any:
        key = key or hashlib.sha256(data).hexdigest()
        headers = {"content-type": media}
        return self.ask("PUT", f"proofs/{key}", content=data, headers=headers)


@pytest.fixture
def fresh() -> Iterator[Office]:
    """An office with a published day that no other test has written to."""
    yield from published()


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """The same for many tests: each takes stops of its own, and its events have its own ids."""
    yield from published()


def published() -> Iterator[Office]:
    for office in _office():
        fill(office)
        add_plan(office)
        assert office.ask(D, "POST", f"{ON}/plans/1/publish", json={}).status_code == 200
        yield office


def come(office: Office, token: str, device: str) -> Any:
    given = {"token": token, "device": device}
    return office.ask("nobody", "POST", "/api/session/link", json=given)


def phone(office: Office, courier: str = "", device: str = "one") -> Phone:
    courier = courier or next(iter(driven(office)))
    (link,) = office.ask(D, "POST", f"{ON}/links", json={"couriers": [courier]}).json()
    office.admit(f"{courier} {device}", come(office, link["token"], device))
    return Phone(office, courier, f"{courier} {device}", link["token"])


def event(key: str, kind: str = "stop_done", at: str = "09:00", **more: Any) -> dict[str, Any]:
    return {"id": key, "kind": kind, "at": f"2026-11-24T{at}:00+07:00", **more}


# ---- the day ------------------------------------------------------------------------------------


def test_the_day_is_whole_has_rules_and_a_tag_and_nothing_of_others(office: Office) -> None:
    for courier, orders in driven(office).items():
        mine = phone(office, courier)
        answer = mine.ask("GET", "day")
        shown = answer.json()
        assert [one["order"] for one in mine.stops()] == orders
        assert [one["label"] for one in mine.stops()] == [str(n + 1) for n in range(len(orders))]
        assert shown["rules"]["deliver.registered"]["signature"] == "required"
        assert {one["rule"] for one in mine.stops()} == {"deliver.registered"}
        others = {k for name, held in driven(office).items() if name != courier for k in held}
        assert not [k for k in others if k in answer.text]
        same = mine.ask("GET", "day", headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (HTTPStatus.NOT_MODIFIED, b"")
        same = mine.ask("GET", f"day?known={shown['tag']}")
        assert (same.status_code, same.content) == (HTTPStatus.NO_CONTENT, b"")


def test_what_was_done_stands_in_the_day_and_changes_its_tag(office: Office) -> None:
    mine = phone(office)
    before = mine.day()
    first, second = mine.open(2)
    mine.tell(
        event("a1", order=first, body={"cash": 1_000, "hint": "cổng xanh sau chợ"}),
        event("b1", "stop_failed", order=second, body={"reason": "absent"}),
    )
    after = mine.day()
    assert after["tag"] != before["tag"]
    states = {one["order"]: one["state"] for one in mine.stops()}
    assert (states[first], states[second]) == ("done", "failed")
    # The hint is there for who comes to the address next.
    hints = {one["order"]: one["hint"] for one in mine.stops()}
    assert hints[first] == "cổng xanh sau chợ"


def test_a_plan_that_is_changed_keeps_what_was_done_and_the_numbers(fresh: Office) -> None:
    mine = phone(fresh)
    stops = mine.stops()
    fresh.clock.advance(4 * 3600)
    done, gone = stops[0]["order"], stops[2]["order"]
    mine.tell(event("a", at="08:50", order=done))
    cancel = {
        "id": "c",
        "kind": "order_cancelled",
        "at": "2026-11-24T08:55:00+07:00",
        "order": gone,
    }
    fresh.ask(D, "POST", f"{ON}/events", json={"events": [cancel]})
    made = fresh.ask(D, "POST", f"{ON}/replan", json={"action": "insert"}).json()
    version = made["version"]
    named = fresh.ask(K, "GET", f"{ON}/plans/{version}").json()["violations"]
    accepted = {one["key"]: "Lan" for one in named}
    given = {"accepted": accepted, "replacing": 1}
    answer = fresh.ask(D, "POST", f"{ON}/plans/{version}/publish", json=given)
    assert answer.status_code == HTTPStatus.OK, answer.text
    after = {one["order"]: one for one in mine.stops()}
    assert mine.day()["version"] == version
    assert after[done]["state"] == "done"
    assert gone not in after
    # Every parcel that is left has the number that was written on it in the morning.
    written = {one["order"]: one["label"] for one in stops}
    assert {k: one["label"] for k, one in after.items()} == {
        k: label for k, label in written.items() if k != gone
    }
    # The paper of the new plan carries the same numbers.
    name = f"{ON}/plans/{version}/exports/manifest.pdf?courier={mine.courier}"
    paper = pypdf.PdfReader(io.BytesIO(fresh.ask(K, "GET", name).content))
    words = "\n".join(page.extract_text() for page in paper.pages).split()
    left = [one["label"] for one in after.values() if one["order"] != done]
    assert left
    assert all(label in words for label in left)
    assert after[done]["label"] not in [w for w in words if w == "1"]


# ---- what phones bring --------------------------------------------------------------------------


def test_each_event_gets_its_answer_and_a_bad_one_stops_no_other(office: Office) -> None:
    mine = phone(office)
    one, two = mine.open(2)
    given = [
        event("a", order=one, body={"cash": 1_000}),
        event("b", order="ghost"),
        event("c", "order_cancelled", order=one),
        event("d", order=two, courier="vt9"),
        event("e", "stop_failed", order=two, body={"reason": "rain"}),
        {"id": "f", "nonsense": "\u0000"},
        event("g", order=two),
    ]
    told = mine.tell(*given)
    fates = ["accepted", *["refused"] * 5, "accepted"]
    assert [answer["fate"] for answer in told] == fates
    assert [answer["id"] for answer in told] == list("abcdefg")
    assert all(answer["reasons"] for answer in told[1:6])
    # Told again: nothing new in the journal, and nothing twice among the refused.
    again = mine.tell(*given)
    assert [answer["fate"] for answer in again] == ["repeated", *["refused"] * 5, "repeated"]
    journal = [one["id"] for one in office.ask(K, "GET", f"{ON}/events").json()]
    assert [key for key in journal if key in set("abcdefg")] == ["a", "g"]
    kept = [one for one in office.ask(K, "GET", f"{ON}/refusals").json() if len(one["id"]) == 1]
    assert [one["id"] for one in kept] == ["b", "c", "d", "e", "f"]
    assert kept[0]["event"] == given[1]
    # The dispatcher settles one, and the phone shows it.
    path = f"{ON}/refusals/{kept[0]['number']}"
    settled = office.ask(D, "POST", path, json={"note": "Mang về bưu cục"}).json()
    assert settled["handled_by"] == "dispatcher1"
    shown = {one["id"]: one for one in mine.day()["refused"]}
    assert (shown["b"]["handled"], shown["b"]["note"]) == (True, "Mang về bưu cục")
    assert shown["c"]["handled"] is False


def test_an_event_that_was_refused_is_taken_when_its_order_has_come(office: Office) -> None:
    mine = phone(office)
    assert mine.tell(event("new", order="NEW1"))[0]["fate"] == "refused"
    added = event("new0", "order_added", order="NEW1")
    added["body"] = {"does": "delivery", "point": {"lat": 21.33, "lon": 105.4}, "office": "BC227"}
    assert office.ask(D, "POST", f"{ON}/events", json={"events": [added]}).status_code == 200
    (answer,) = mine.tell(event("new", order="NEW1"))
    assert (answer["fate"], answer["moved"]) == ("accepted", True)
    assert [one["handled"] for one in mine.day()["refused"] if one["id"] == "new"] == [True]


def test_an_id_that_says_something_else_is_kept_for_the_dispatcher(office: Office) -> None:
    mine = phone(office)
    one, two = mine.open(2)
    assert mine.tell(event("same", order=one))[0]["fate"] == "accepted"
    assert mine.tell(event("same", order=two))[0]["fate"] == "refused"
    kept = office.ask(K, "GET", f"{ON}/refusals").json()
    assert [item["event"]["order"] for item in kept if item["id"] == "same"] == [two]


def test_a_stop_done_on_two_phones_is_told_to_the_second(office: Office) -> None:
    first, second = phone(office), phone(office, "vt2")
    (order,) = first.open(1)
    assert first.tell(event("two1", at="08:40", order=order))[0]["other"] == ""
    (answer,) = second.tell(event("two2", at="08:50", order=order))
    assert (answer["fate"], answer["other"]) == ("accepted", first.courier)
    assert answer["other_at"].startswith("2026-11-24T08:40")
    assert len(office.ask(K, "GET", f"/api/orders/{order}/events").json()) == 2


def test_events_of_yesterday_are_taken_today_and_older_ones_are_not(office: Office) -> None:
    mine = phone(office)
    given = {"events": [event("late", order=mine.stops()[0]["order"])]}
    for day, status in (("2026-11-23", 200), ("2026-11-16", 403), ("2026-11-25", 403)):
        answer = mine.ask("POST", f"outbox?day={day}", json=given)
        assert answer.status_code == status, day
    (found,) = office.ask(K, "GET", "/api/days/2026-11-23/events").json()
    assert found["id"] == "late"
    assert mine.ask("GET", "day?day=2026-11-23").status_code == HTTPStatus.FORBIDDEN


# ---- proofs -------------------------------------------------------------------------------------


def test_a_proof_is_kept_once_and_only_what_it_says_it_is(office: Office) -> None:
    mine = phone(office)
    key = hashlib.sha256(PNG).hexdigest()
    (order,) = mine.open(1)
    done = event("proof", order=order, body={"signature": key, "recipient": "Hoa"})
    assert mine.tell(done)[0]["lacking"] == [key]
    assert mine.proof().status_code == HTTPStatus.CREATED
    again = mine.proof()
    assert (again.status_code, again.json()["new"]) == (HTTPStatus.OK, False)
    assert mine.tell(done)[0]["lacking"] == []
    seen = office.ask(K, "GET", f"{ON}/proofs/{mine.courier}/{key}")
    assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")
    assert office.ask(K, "GET", f"{ON}/proofs/vt9/{key}").status_code == HTTPStatus.NOT_FOUND
    cases = [
        (mine.proof(JPEG, "image/png"), "proof_media"),
        (mine.proof(b"<svg/>", "image/svg+xml"), "proof_media"),
        (mine.proof(JPEG, "image/jpeg", key), "proof_hash"),
    ]
    for answer, reason in cases:
        assert answer.status_code == HTTPStatus.CONFLICT
        assert answer.json()["reason"] == reason
    large = mine.proof(JPEG + bytes(1_500_000), "image/jpeg")
    assert large.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert mine.proof(PNG, "image/png", "../x").status_code >= 400


# ---- links --------------------------------------------------------------------------------------


def test_a_link_is_good_for_one_phone_again_and_again(office: Office) -> None:
    mine = phone(office, device="mine")
    assert come(office, mine.token, "mine").status_code == HTTPStatus.CREATED


def test_a_forwarded_link_is_refused_plainly_until_the_dispatcher_lets_it_in(
    office: Office,
) -> None:
    mine = phone(office, device="mine")
    answer = come(office, mine.token, "other")
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.json()["type"].endswith("link_elsewhere")
    assert "05:00" in answer.json()["detail"]
    assert mine.ask("GET", "day").status_code == HTTPStatus.OK
    states = office.ask(D, "GET", f"{ON}/links").json()
    assert [one["courier"] for one in states if one["waiting_at"]] == [mine.courier]
    admit = f"{ON}/links/{mine.courier}/admit"
    assert office.ask(D, "POST", admit).status_code == HTTPStatus.OK
    # The first phone is out, the other one in, and nobody waits any more.
    assert mine.ask("GET", "day").status_code == HTTPStatus.UNAUTHORIZED
    assert come(office, mine.token, "other").status_code == HTTPStatus.CREATED
    assert come(office, mine.token, "mine").json()["type"].endswith("link_elsewhere")
    assert office.ask(D, "POST", admit).status_code == HTTPStatus.OK
    refused = office.ask(D, "POST", admit)
    assert (refused.status_code, refused.json()["reason"]) == (409, "no_waiting")


def test_a_link_that_is_over_or_revoked_says_so(office: Office) -> None:
    mine = phone(office)
    office.ask(D, "DELETE", f"{ON}/links/{mine.courier}")
    assert come(office, mine.token, "one").json()["type"].endswith("link_over")


def test_the_papers_carry_a_link_for_each_courier(office: Office) -> None:
    couriers = list(driven(office))
    answer = office.ask(D, "POST", f"{ON}/manifests", json={})
    assert answer.status_code == HTTPStatus.OK, answer.text
    paper = pypdf.PdfReader(io.BytesIO(answer.content))
    words = "\n".join(page.extract_text() for page in paper.pages)
    assert all(courier in words for courier in couriers)
    made = office.ask(D, "GET", f"{ON}/links").json()
    assert {one["courier"] for one in made if one["used_at"] is None} == set(couriers)
    ghost = office.ask(D, "POST", f"{ON}/manifests", json={"couriers": ["ghost"]})
    assert ghost.json()["errors"][0]["what"] == "ghost"


# ---- rules and settlement -----------------------------------------------------------------------


def test_the_office_sets_what_is_asked_for_and_phones_hear_of_it(office: Office) -> None:
    mine = phone(office)
    path = "/api/phone-rules/BC227"
    before = office.ask(D, "GET", path)
    assert (before.headers["etag"], before.json()["version"]) == ('"0"', 0)
    given = {"rules": {"deliver.registered": {"photo": "required", "signature": "off"}}}
    match = {"if-match": '"0"'}
    assert office.ask(D, "PUT", path, json=given, headers=match).status_code == 200
    rules = mine.day()["rules"]["deliver.registered"]
    assert (rules["photo"], rules["signature"], rules["cash"]) == ("required", "off", "required")
    # From a version that is no more, for an office that is none, of a kind that is none.
    assert office.ask(D, "PUT", path, json=given, headers=match).status_code >= 409
    ghost = office.ask(D, "PUT", "/api/phone-rules/GHOST", json=given, headers=match)
    assert ghost.status_code == HTTPStatus.NOT_FOUND
    wrong = {"rules": {"deliver.gold": {"photo": "required"}}}
    assert office.ask(D, "PUT", path, json=wrong, headers=match).status_code == 422


def test_settlements_are_expected_against_handed_in(fresh: Office) -> None:
    mine = phone(fresh)
    stops = mine.stops()
    assert len(stops) >= 4
    a, b, c = (stop["order"] for stop in stops[:3])
    mine.tell(
        event("a", at="08:10", order=a, body={"cash": 1_000}),
        event("b", at="08:20", order=b, body={"cash": 1_000}),
        event("c", "stop_failed", at="08:30", order=c, body={"reason": "absent"}),
    )
    noon = {"delivered": 2, "collected": 0, "returned": 1, "cash": 2_000}
    assert mine.day()["expected"]["noon"] == noon
    # By hand: what was not tried is still on board, and comes back in the evening.
    evening = {**noon, "returned": 1 + len(stops) - 3}
    assert mine.day()["expected"]["evening"] == evening
    handed = {"cash": 1_500, "period": "noon", "collected": 0, "returned": 1, "clerk": "Kế toán"}
    mine.tell(event("s", "settlement", at="11:30", body=handed))
    (settled,) = fresh.ask(K, "GET", f"{ON}/settlements").json()["settled"]
    assert settled["expected"] == noon
    assert (settled["cash_missing"], settled["items_missing"]) == (500, 0)
    after = mine.day()["expected"]
    assert after["noon"] == {"delivered": 0, "collected": 0, "returned": 0, "cash": 0}
    assert after["evening"]["returned"] == len(stops) - 3
    assert mine.day()["settled"][0]["cash"] == 1_500


def test_retention_removes_proofs_and_blanks_names(fresh: Office) -> None:
    mine = phone(fresh)
    key = mine.proof().json()["hash"]
    mine.tell(event("b", order="ghost", body={"recipient": "Bùi Thị Hoa"}))
    fresh.clock.advance(10 * 86_400)
    fresh.parts.office.retain(days=5, by="lan")
    admin = fresh.parts.office
    assert not [one for one in admin.refusals(DAY) if "Hoa" in str(one.event)]
    with pytest.raises(Exception, match="photo or signature"):
        admin.proof(DAY, mine.courier, key)
    assert A in fresh.headers
