"""Who may come in, and what each may do: every route for every role, and what attackers try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.testclient import TestClient

from api.access import Right
from api.deps import Parts
from dispatch.clock import HANOI, FixedClock
from tests.api.serving import Heard, in_process

DAY = date(2026, 11, 24)
MORNING = datetime(2026, 11, 24, 5, 0, tzinfo=HANOI)
PASSWORD = "correct horse battery"

D, P, C, A, K = "dispatcher", "planner", "courier", "admin", "key"
ALL = frozenset({D, P, C, A, K})
READERS = frozenset({D, P, A, K})
OFFICE = frozenset({D, A, K})
PLANNERS = frozenset({D, P, A, K})
ANYBODY = frozenset({"nobody", *ALL})

# What each route is for, said a second time by hand: who is not named here is refused.
WHO: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/health/live"): ANYBODY,
    ("GET", "/health"): ANYBODY,
    ("GET", "/health/ready"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,
    **{
        ("POST", path): ANYBODY
        for path in ("/", "/vroom", "/vroom/", "/vroom/optimization", "/optimization")
    },
    ("GET", "/vroom/health"): ANYBODY,
    ("POST", "/api/setup"): ANYBODY,
    ("POST", "/api/session"): ANYBODY,
    ("POST", "/api/session/link"): ANYBODY,
    ("GET", "/api/session"): ALL,
    ("DELETE", "/api/session"): ALL,
    ("POST", "/api/session/password"): ALL,
    ("GET", "/api/people"): frozenset({A}),
    ("POST", "/api/people"): frozenset({A}),
    ("PATCH", "/api/people/{person}"): frozenset({A}),
    ("GET", "/api/keys"): frozenset({A}),
    ("POST", "/api/keys"): frozenset({A}),
    ("DELETE", "/api/keys/{key}"): frozenset({A}),
    ("GET", "/api/orders"): READERS,
    ("GET", "/api/orders/count"): READERS,
    ("POST", "/api/orders"): OFFICE,
    ("GET", "/api/orders/{order}"): READERS,
    ("PUT", "/api/orders/{order}"): OFFICE,
    ("PATCH", "/api/orders/{order}/address"): OFFICE,
    ("GET", "/api/orders/{order}/events"): READERS,
    ("POST", "/api/days/{day}/orders/import"): OFFICE,
    ("GET", "/api/days/{day}/orders/export"): READERS,
    ("GET", "/api/days/{day}/addresses"): READERS,
    ("GET", "/api/tables/orders/columns"): READERS,
    ("GET", "/api/days/{day}/demand"): READERS,
    ("GET", "/api/console"): READERS,
    ("GET", "/api/map"): READERS,
    ("GET", "/api/offices"): READERS,
    ("GET", "/api/offices/export"): READERS,
    ("GET", "/api/offices/{key}"): READERS,
    ("POST", "/api/offices/import"): OFFICE,
    ("GET", "/api/vehicles"): READERS,
    ("GET", "/api/vehicles/export"): READERS,
    ("GET", "/api/vehicles/{key}"): READERS,
    ("PATCH", "/api/vehicles/{key}"): OFFICE,
    ("POST", "/api/vehicles/import"): OFFICE,
    ("GET", "/api/days"): READERS,
    ("GET", "/api/days/{day}"): READERS,
    ("PATCH", "/api/days/{day}"): OFFICE,
    ("POST", "/api/days/{day}/close"): OFFICE,
    ("GET", "/api/audit"): OFFICE,
    ("POST", "/api/days/{day}/runs"): PLANNERS,
    ("GET", "/api/days/{day}/runs"): READERS,
    ("GET", "/api/runs/{run}"): READERS,
    ("POST", "/api/runs/{run}/stop"): PLANNERS,
    ("GET", "/api/runs/{run}/progress"): READERS,
    ("GET", "/api/days/{day}/plans"): READERS,
    ("GET", "/api/days/{day}/plans/{version}"): READERS,
    ("GET", "/api/days/{day}/plans/{version}/routes"): READERS,
    ("GET", "/api/days/{day}/plans/{version}/routes/{courier}"): READERS,
    ("GET", "/api/days/{day}/plans/{version}/ways"): READERS,
    ("GET", "/api/days/{day}/plans/{version}/compare/{other}"): READERS,
    ("GET", "/api/days/{day}/plans/{version}/exports/{name}"): READERS,
    ("POST", "/api/days/{day}/plans/{version}/preview"): PLANNERS,
    ("POST", "/api/days/{day}/plans/{version}/edits"): PLANNERS,
    ("POST", "/api/days/{day}/plans/{version}/accept"): OFFICE,
    ("POST", "/api/days/{day}/plans/{version}/publish"): OFFICE,
    ("POST", "/api/days/{day}/replan"): PLANNERS,
    ("POST", "/api/days/{day}/events"): OFFICE,
    ("GET", "/api/days/{day}/events"): READERS,
    ("GET", "/api/days/{day}/events/stream"): READERS,
    ("POST", "/api/days/{day}/links"): OFFICE,
    ("DELETE", "/api/days/{day}/links/{courier}"): OFFICE,
    ("GET", "/api/days/{day}/links"): OFFICE,
    ("POST", "/api/days/{day}/links/{courier}/admit"): OFFICE,
    ("POST", "/api/days/{day}/manifests"): OFFICE,
    ("GET", "/api/days/{day}/refusals"): READERS,
    ("POST", "/api/days/{day}/refusals/{number}"): OFFICE,
    ("GET", "/api/days/{day}/proofs/{courier}/{key}"): READERS,
    ("GET", "/api/days/{day}/settlements"): READERS,
    ("GET", "/api/phone-rules/{office_id}"): READERS,
    ("PUT", "/api/phone-rules/{office_id}"): OFFICE,
    ("GET", "/api/own/day"): frozenset({C}),
    ("POST", "/api/own/outbox"): frozenset({C}),
    ("PUT", "/api/own/proofs/{key}"): frozenset({C}),
    ("GET", "/api/own/route"): frozenset({C}),
    ("POST", "/api/own/events"): frozenset({C}),
}

# Those that take their time or never end for who may ask; the others are really asked.
STREAMS = {"/api/days/{day}/events/stream"}


@dataclass
class Office:
    """A service with one account of each role."""

    client: TestClient
    clock: FixedClock
    heard: Heard
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        app: Any = self.client.app
        parts: Parts = app.state.parts
        return parts

    def ask(self, who: str, method: str, path: str, **more: Any) -> Any:
        self.client.cookies.clear()
        headers = {**self.headers.get(who, {}), **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def admit(self, who: str, answer: Any) -> None:
        """Remember a session under a name."""
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.headers[who] = {"cookie": cookie, "x-csrf-token": answer.json()["csrf"]}


@pytest.fixture
def office() -> Iterator[Office]:
    yield from _office()


@pytest.fixture(scope="module")
def shared() -> Iterator[Office]:
    """An office that no test changes."""
    yield from _office()


def _office() -> Iterator[Office]:
    heard, clock = Heard(), FixedClock(MORNING)
    with in_process(heard, clock=clock, sign_ins_a_minute=1_000) as client:
        office = Office(client, clock, heard)
        token = office.parts.accounts.setup_token()
        given = {"token": token, "login": "lan", "name": "Lan", "password": PASSWORD}
        office.admit(A, office.ask("nobody", "POST", "/api/setup", json=given))
        for role in (D, P):
            person = {"login": f"{role}1", "name": role, "role": role, "password": PASSWORD}
            assert office.ask(A, "POST", "/api/people", json=person).status_code == 201
            signed = {"login": f"{role}1", "password": PASSWORD}
            office.admit(role, office.ask("nobody", "POST", "/api/session", json=signed))
        (link,) = office.parts.accounts.link(["BT1"], day=DAY, by="lan")
        office.admit(
            C, office.ask("nobody", "POST", "/api/session/link", json={"token": link.token})
        )
        scopes = ["read", "write", "plan", "publish", "events", "links", "audit", "vroom"]
        key = office.ask(A, "POST", "/api/keys", json={"name": "erp", "scopes": scopes}).json()
        office.headers[K] = {"authorization": f"Bearer {key['secret']}"}
        yield office


def routes(office: Office) -> Iterator[tuple[str, str]]:
    app: Any = office.client.app

    def walk(found: Any) -> Iterator[tuple[str, str]]:
        for route in found:
            if isinstance(route, APIRoute):
                for method in route.methods or ():
                    yield method, route.path
            elif hasattr(route, "routes"):
                yield from walk(route.routes)
            elif hasattr(route, "original_router"):
                yield from walk(route.original_router.routes)

    yield from walk(app.router.routes)


def test_every_route_says_who_it_is_for(shared: Office) -> None:
    assert set(routes(shared)) == set(WHO)
    assert len(WHO) > 60


@pytest.mark.parametrize(("method", "path"), sorted(WHO), ids=lambda part: str(part))
def test_every_role_gets_what_is_its_own_and_nothing_else(
    shared: Office, method: str, path: str
) -> None:
    shown = path.format(
        day=DAY,
        order="X1",
        key="X1",
        person="X1",
        run="X1",
        version=1,
        other=2,
        courier="X1",
        name="stops.csv",
        number=1,
        office_id="all",
    )
    for who in ("nobody", *sorted(ALL)):
        may = who in WHO[method, path]
        if may and (path in STREAMS or (method, path) == ("DELETE", "/api/session")):
            continue
        answer = shared.ask(who, method, shown)
        if may:
            public = WHO[method, path] == ANYBODY
            own_fault = path == "/api/session/password"
            assert answer.status_code != HTTPStatus.FORBIDDEN, (who, answer.text)
            assert public or own_fault or answer.status_code != HTTPStatus.UNAUTHORIZED, who
        else:
            wanted = HTTPStatus.UNAUTHORIZED if who == "nobody" else HTTPStatus.FORBIDDEN
            assert answer.status_code == wanted, (who, answer.status_code, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


# ---- first run and passwords --------------------------------------------------------------------


def test_there_is_no_default_password_and_set_up_works_once() -> None:
    with in_process(sign_ins_a_minute=1_000) as client:
        app: Any = client.app
        accounts = app.state.parts.accounts
        for login in ("admin", "root", "buuta", ""):
            given = {"login": login, "password": login}
            assert client.post("/api/session", json=given).status_code in (401, 422)
        token = accounts.setup_token()
        given = {"token": "guess", "login": "lan", "password": PASSWORD}
        assert client.post("/api/setup", json=given).status_code == HTTPStatus.UNAUTHORIZED
        given["token"] = token
        weak = client.post("/api/setup", json={**given, "password": "short"})
        assert weak.json()["type"].endswith("weak_password")
        assert client.post("/api/setup", json=given).status_code == HTTPStatus.CREATED
        assert accounts.setup_token() is None
        again = client.post("/api/setup", json={**given, "login": "eve"})
        assert again.json()["type"].endswith("set_up")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    given = {"login": "lan", "password": PASSWORD}
    answer = office.ask("nobody", "POST", "/api/session", json=given)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    with in_process(public_url="https://buuta.example") as client:
        app: Any = client.app
        token = app.state.parts.accounts.setup_token()
        answer = client.post("/api/setup", json={**given, "token": token})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-buuta=")
        assert "secure" in cookie.lower()


def test_a_wrong_password_and_an_unknown_name_look_the_same(office: Office) -> None:
    answers = [
        office.ask("nobody", "POST", "/api/session", json={"login": login, "password": "x" * 20})
        for login in ("lan", "nobody-of-that-name")
    ]
    told = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert told[0] == told[1]
    assert [answer.status_code for answer in answers] == [401, 401]


def test_guessing_is_slowed_down_by_name_and_by_address() -> None:
    with in_process(sign_ins_a_minute=3) as client:
        answers = [
            client.post("/api/session", json={"login": f"lan{k}", "password": "x"})
            for k in range(4)
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_change_by_cookie_needs_the_sessions_token(office: Office) -> None:
    mine = office.headers[A]
    person = {"login": "x", "role": "planner", "password": PASSWORD}
    for headers in (
        {"cookie": mine["cookie"]},
        {"cookie": mine["cookie"], "x-csrf-token": "guess"},
        {"cookie": mine["cookie"], "x-csrf-token": office.headers[D]["x-csrf-token"]},
    ):
        answer = office.client.post("/api/people", json=person, headers=headers)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert answer.json()["type"].endswith("csrf")
    assert office.ask(A, "GET", "/api/session").json()["csrf"] == mine["x-csrf-token"]


def test_a_session_ends_by_itself_and_with_the_password(office: Office) -> None:
    given = {"old": PASSWORD, "new": "another long password"}
    before = dict(office.headers[D])
    answer = office.ask(D, "POST", "/api/session/password", json=given)
    assert answer.status_code == HTTPStatus.OK
    office.headers["old"] = before
    assert office.ask("old", "GET", "/api/session").status_code == HTTPStatus.UNAUTHORIZED
    assert office.ask(P, "GET", "/api/session").status_code == HTTPStatus.OK
    office.clock.advance(timedelta(hours=13).total_seconds())
    assert office.ask(P, "GET", "/api/session").status_code == HTTPStatus.UNAUTHORIZED


def test_a_session_lives_on_while_it_is_used(office: Office) -> None:
    for _ in range(5):
        office.clock.advance(timedelta(hours=8).total_seconds())
        assert office.ask(P, "GET", "/api/session").status_code == HTTPStatus.OK


def test_a_person_who_has_left_is_out_at_once(office: Office) -> None:
    people = {one["login"]: one for one in office.ask(A, "GET", "/api/people").json()}
    gone = people["dispatcher1"]
    path = f"/api/people/{gone['id']}"
    match = {"if-match": f'"{gone["version"]}"'}
    answer = office.ask(A, "PATCH", path, json={"active": False}, headers=match)
    assert answer.status_code == HTTPStatus.OK
    assert office.ask(D, "GET", "/api/orders").status_code == HTTPStatus.UNAUTHORIZED
    # From the version that is no more:
    answer = office.ask(A, "PATCH", path, json={"active": True}, headers=match)
    assert answer.status_code == HTTPStatus.PRECONDITION_FAILED
    answer = office.ask(A, "PATCH", path, json={"active": True})
    assert answer.status_code == HTTPStatus.PRECONDITION_REQUIRED


def test_the_last_administrator_stays(office: Office) -> None:
    (admin,) = [p for p in office.ask(A, "GET", "/api/people").json() if p["role"] == "admin"]
    for change in ({"active": False}, {"role": "planner"}):
        answer = office.ask(
            A,
            "PATCH",
            f"/api/people/{admin['id']}",
            json=change,
            headers={"if-match": f'"{admin["version"]}"'},
        )
        assert answer.json()["type"].endswith("last_admin")
    assert office.ask(A, "GET", "/api/people").status_code == HTTPStatus.OK


# ---- keys ---------------------------------------------------------------------------------------


def test_a_key_does_what_its_scopes_say_until_it_is_revoked(office: Office) -> None:
    made = office.ask(A, "POST", "/api/keys", json={"name": "board", "scopes": ["read"]}).json()
    office.headers["board"] = {"authorization": f"Bearer {made['secret']}"}
    assert office.ask("board", "GET", "/api/orders").status_code == HTTPStatus.OK
    assert office.ask("board", "POST", "/api/orders").status_code == HTTPStatus.FORBIDDEN
    listed = office.ask(A, "GET", "/api/keys").text
    assert made["secret"] not in listed
    assert office.ask(A, "DELETE", f"/api/keys/{made['id']}").status_code == HTTPStatus.NO_CONTENT
    assert office.ask("board", "GET", "/api/orders").status_code == HTTPStatus.UNAUTHORIZED


def test_a_key_ends_when_it_was_said_to_and_cannot_make_accounts(office: Office) -> None:
    until = (MORNING + timedelta(hours=1)).isoformat()
    given = {"name": "short", "scopes": ["read"], "expires_at": until}
    made = office.ask(A, "POST", "/api/keys", json=given).json()
    office.headers["short"] = {"authorization": f"Bearer {made['secret']}"}
    assert office.ask("short", "GET", "/api/orders").status_code == HTTPStatus.OK
    office.clock.advance(3_601)
    assert office.ask("short", "GET", "/api/orders").status_code == HTTPStatus.UNAUTHORIZED
    given = {"name": "over", "scopes": ["read", "accounts"]}
    answer = office.ask(A, "POST", "/api/keys", json=given)
    assert answer.status_code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.UNAUTHORIZED)


def test_secrets_lie_in_the_store_as_hashes_only(office: Office) -> None:
    made = office.ask(A, "POST", "/api/keys", json={"name": "k", "scopes": ["read"]}).json()
    cookie = office.headers[A]["cookie"].partition("=")[2]
    database = office.parts.settings.database.removeprefix("sqlite:///")
    held = b"".join(part.read_bytes() for part in Path(database).parent.glob("*.sqlite*"))
    for secret in (made["secret"], cookie, PASSWORD):
        assert secret.encode() not in held
    assert b"$argon2" in held
    for secret in (made["secret"], cookie, PASSWORD):
        assert secret not in office.heard.text


# ---- couriers' links ----------------------------------------------------------------------------


def come(office: Office, token: str) -> Any:
    return office.ask("nobody", "POST", "/api/session/link", json={"token": token})


def test_a_link_works_once(office: Office) -> None:
    (link,) = office.parts.accounts.link(["BT2"], day=DAY, by="lan")
    first = come(office, link.token)
    assert first.json()["courier"] == "BT2"
    assert first.json()["day"] == DAY.isoformat()
    assert first.json()["rights"] == ["own"]
    assert come(office, link.token).status_code == HTTPStatus.UNAUTHORIZED


def test_a_forged_link_lets_nobody_in(office: Office) -> None:
    (link,) = office.parts.accounts.link(["BT2"], day=DAY, by="lan")
    head, body, sign = link.token.split(".")
    other = OctKey.import_key(b"x" * 32)
    claims = {"sub": "BT3", "day": DAY.isoformat(), "jti": link.link.id, "exp": 4_000_000_000}
    forged = jwt.encode({"alg": "HS256"}, claims, other)
    unsigned = ".".join([forged.split(".")[0], forged.split(".")[1], ""])
    for token in (
        forged,
        unsigned,
        f"{head}.{forged.split('.')[1]}.{sign}",
        body,
        "",
        "é",
        "a.b.c",
    ):
        assert come(office, token).status_code == HTTPStatus.UNAUTHORIZED, token
    assert come(office, link.token).status_code == HTTPStatus.CREATED


def test_a_link_is_over_with_its_day_and_so_is_the_session(office: Office) -> None:
    first, second = (office.parts.accounts.link(["BT2"], day=DAY, by="lan")[0] for _ in range(2))
    office.admit("phone", come(office, first.token))
    office.clock.advance(timedelta(hours=24).total_seconds())
    assert office.ask("phone", "GET", "/api/session").status_code == HTTPStatus.OK
    office.clock.advance(timedelta(hours=2).total_seconds())
    assert office.ask("phone", "GET", "/api/session").status_code == HTTPStatus.UNAUTHORIZED
    assert come(office, second.token).status_code == HTTPStatus.UNAUTHORIZED


def test_a_revoked_link_is_out_with_the_phones_that_came_by_it(office: Office) -> None:
    first, second = (office.parts.accounts.link(["BT2"], day=DAY, by="lan")[0] for _ in range(2))
    office.admit("phone", come(office, first.token))
    answer = office.ask(D, "DELETE", f"/api/days/{DAY}/links/BT2")
    assert answer.status_code == HTTPStatus.NO_CONTENT
    assert office.ask("phone", "GET", "/api/session").status_code == HTTPStatus.UNAUTHORIZED
    assert come(office, second.token).status_code == HTTPStatus.UNAUTHORIZED


def test_a_courier_sees_the_day_of_the_link_only(office: Office) -> None:
    for day in ("2026-11-23", "2026-11-25"):
        answer = office.ask(C, "GET", f"/api/own/route?day={day}")
        assert answer.status_code == HTTPStatus.FORBIDDEN


# ---- the VROOM door -----------------------------------------------------------------------------


def test_the_vroom_door_asks_for_a_key_where_the_settings_say_so() -> None:
    # Without anything to search it is answered without a process.
    problem = {"vehicles": [{"id": 1, "start": [105.4, 21.3]}], "jobs": []}
    with in_process(vroom_key_needed=True) as client:
        app: Any = client.app
        accounts = app.state.parts.accounts
        assert client.post("/vroom", json=problem).status_code == HTTPStatus.UNAUTHORIZED
        for scope, wanted in ((Right.VROOM, HTTPStatus.OK), (Right.READ, HTTPStatus.FORBIDDEN)):
            made = accounts.add_key(name="x", scopes=[scope], expires_at=None, by="lan")
            # As a bearer, and as openrouteservice's clients send it.
            for sent in (f"Bearer {made.secret}", made.secret):
                answer = client.post("/vroom", json=problem, headers={"authorization": sent})
                assert answer.status_code == wanted, answer.text
        guess = client.post("/vroom", json=problem, headers={"authorization": "guess"})
        assert guess.status_code == HTTPStatus.UNAUTHORIZED
