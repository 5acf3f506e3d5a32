"""
Bưu Tá's API for Python programs: typed values in and out, and errors that say what was wrong.

    with Client("http://127.0.0.1:8450", key="buuta_…") as office:
        office.import_orders(day, path.read_bytes(), file=path.name)
        run = office.plan(day, seconds=60)

    ClientError
    ├── ProblemError      the service refused (`.status`, `.kind`, `.errors`)
    └── NoAnswerError     nothing came back: try again
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel, TypeAdapter

from api.phone_schemas import OutboxTold, PhoneDay
from api.routes.days import ClosedOut, DayOut
from api.routes.edits import ChoiceOut, MergeOut, PreviewOut
from api.routes.live import LiveOut, RestOut
from api.routes.master import OfficeOut, VehicleOut
from api.routes.orders import PlacesOut
from api.routes.plans import PlanOut
from api.routes.replans import ReplanOut
from api.schemas import (
    EventsTold,
    KeyOut,
    LinkOut,
    NewKeyOut,
    OrderOut,
    PageOut,
    PersonOut,
    RunOut,
    SessionOut,
)
from api.sheets import RouteOut
from api.tables_in import TableOut
from dispatch.comparing import Comparison
from dispatch.records import AuditEntry, PlanHead, StoredEvent

T = TypeVar("T")

_CSRF = "X-CSRF-Token"
_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.3


class ClientError(Exception):
    """Anything that goes wrong between the program and the service."""


class NoAnswerError(ClientError):
    """The service could not be reached, or broke off; nothing is known of what it did."""


class ProblemError(ClientError):
    """
    The service refused.

    Parameters
    ----------
    kind
        The last part of the problem's type, such as "conflict".
    errors
        Every finding: where, what, remedy.
    """

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        self.status = status
        self.kind = str(told.get("type", "")).rpartition(":")[2]
        self.title = str(told.get("title", ""))
        self.detail = str(told.get("detail", ""))
        self.errors: Sequence[Mapping[str, str]] = tuple(told.get("errors", ()))
        listed = [f"  {one['where']}: {one['what']}" for one in self.errors]
        said = f"{status} {self.title}: {self.detail}".rstrip(": ")
        super().__init__("\n".join([said, *listed]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event of a stream: its number, kind and what it says."""

    id: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Client:
    """
    One caller of the service: a person by `sign_in`, a courier by `come_by_link`, a machine by key.

    A change that may have been lost on the way is sent again with the same Idempotency-Key, so that
    it happens once; so is what the service was too busy for.
    """

    def __init__(
        self,
        address: str,
        *,
        key: str = "",
        lang: str = "vi",
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept-Language": lang}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=timeout, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # ---- who ----------------------------------------------------------------------------------

    def set_up(self, *, token: str, login: str, name: str, password: str) -> SessionOut:
        """Make the first administrator and sign in."""
        given = {"token": token, "login": login, "name": name, "password": password}
        return self._signed_in("/api/setup", given)

    def sign_in(self, login: str, password: str) -> SessionOut:
        """Sign in with name and password."""
        return self._signed_in("/api/session", {"login": login, "password": password})

    def come_by_link(self, token: str, *, device: str = "") -> SessionOut:
        """Sign in as the courier of a link; again only as the device that did it first."""
        return self._signed_in("/api/session/link", {"token": token, "device": device})

    def who(self) -> SessionOut:
        """Return who is signed in."""
        return self._get(SessionOut, "/api/session")

    def sign_out(self) -> None:
        """End the session."""
        self._send("DELETE", "/api/session")
        self._http.headers.pop(_CSRF, None)

    def add_person(
        self, *, login: str, role: str, password: str, name: str = "", courier: str = ""
    ) -> PersonOut:
        """Make an account."""
        given = {"login": login, "role": role, "password": password, "name": name}
        return self._post(PersonOut, "/api/people", {**given, "courier": courier})

    def people(self) -> list[PersonOut]:
        """Return all accounts."""
        return self._get(list[PersonOut], "/api/people")

    def add_key(self, name: str, scopes: Sequence[str]) -> NewKeyOut:
        """Make a key; its secret is in the answer and nowhere else."""
        return self._post(NewKeyOut, "/api/keys", {"name": name, "scopes": list(scopes)})

    def keys(self) -> list[KeyOut]:
        """Return all keys."""
        return self._get(list[KeyOut], "/api/keys")

    def revoke_key(self, key: str) -> None:
        """Revoke a key."""
        self._send("DELETE", f"/api/keys/{key}")

    # ---- tables -------------------------------------------------------------------------------

    def import_orders(
        self, day: date, data: bytes, *, file: str = "orders.csv", look: bool = False
    ) -> TableOut:
        """Read a file of orders onto a day; `look` only tells what would be done."""
        path = f"/api/days/{day}/orders/import"
        return self._table(path, data, file=file, look=look)

    def import_offices(self, data: bytes, *, file: str = "offices.csv") -> TableOut:
        """Read a file of offices."""
        return self._table("/api/offices/import", data, file=file)

    def import_vehicles(
        self, data: bytes, *, file: str = "fleet.csv", trucks: bool = False
    ) -> TableOut:
        """Read a file of couriers, or of trucks."""
        return self._table("/api/vehicles/import", data, file=file, trucks=trucks)

    # ---- what there is ------------------------------------------------------------------------

    def orders(self, **which: Any) -> Iterator[OrderOut]:
        """Return orders one after another, page by page; `day`, `state`, `office`, `text`."""
        after = ""
        while True:
            page = self._get(PageOut[OrderOut], "/api/orders", **which, after=after)
            yield from page.items
            after = page.after
            if not after:
                return

    def order(self, key: str) -> OrderOut:
        """Return an order."""
        return self._get(OrderOut, f"/api/orders/{_part(key)}")

    def add_order(self, given: Mapping[str, Any]) -> OrderOut:
        """Put a new order onto a day."""
        return self._post(OrderOut, "/api/orders", given)

    def correct_address(self, key: str, *, read: int, **given: Any) -> OrderOut:
        """Say where an order really goes; `read` is the version that was looked at."""
        answer = self._send(
            "PATCH", f"/api/orders/{_part(key)}/address", given, headers={"If-Match": f'"{read}"'}
        )
        return self._read(OrderOut, answer)

    def addresses(self, day: date) -> PlacesOut:
        """Find the places of a day's orders."""
        return self._get(PlacesOut, f"/api/days/{day}/addresses")

    def offices(self) -> list[OfficeOut]:
        """Return all offices."""
        return self._get(list[OfficeOut], "/api/offices")

    def vehicles(self) -> list[VehicleOut]:
        """Return all vehicles."""
        return self._get(list[VehicleOut], "/api/vehicles")

    def day(self, day: date) -> DayOut:
        """Return a day."""
        return self._get(DayOut, f"/api/days/{day}")

    def set_day(self, day: date, *, read: int, **given: Any) -> DayOut:
        """Say who is absent and which offices are closed."""
        answer = self._send("PATCH", f"/api/days/{day}", given, headers={"If-Match": f'"{read}"'})
        return self._read(DayOut, answer)

    def audit(self, **which: Any) -> list[AuditEntry]:
        """Return who did what, the newest first."""
        return self._get(list[AuditEntry], "/api/audit", **which)

    # ---- plans --------------------------------------------------------------------------------

    def ask_plan(self, day: date, **wish: Any) -> RunOut:
        """Ask for a plan; `seconds`, `seed`, `start`, `note`."""
        return self._post(RunOut, f"/api/days/{day}/runs", wish)

    def run(self, key: str) -> RunOut:
        """Return a run."""
        return self._get(RunOut, f"/api/runs/{key}")

    def stop_run(self, key: str) -> RunOut:
        """Ask a run to end with its best plan."""
        return self._post(RunOut, f"/api/runs/{key}/stop", None)

    def progress(self, key: str, *, after: int = 0) -> Iterator[Entry]:
        """Tell each better plan of a run, and its end; a broken connection is taken up again."""
        while True:
            for entry in self._stream(f"/api/runs/{key}/progress", after):
                after = max(after, entry.id)
                yield entry
                if entry.kind == "end":
                    return
            time.sleep(_PAUSE_SECONDS)

    def plan(self, day: date, **wish: Any) -> RunOut:
        """Ask for a plan and wait until its run has ended."""
        run = self.ask_plan(day, **wish)
        for _ in self.progress(run.id):
            pass
        return self.run(run.id)

    def runs(self, day: date) -> list[RunOut]:
        """Return a day's runs, the first one first."""
        return self._get(list[RunOut], f"/api/days/{day}/runs")

    def plans(self, day: date) -> list[PlanHead]:
        """Return all versions of a day's plan."""
        return self._get(list[PlanHead], f"/api/days/{day}/plans")

    def plan_version(self, day: date, version: int) -> PlanOut:
        """Return a version."""
        return self._get(PlanOut, f"/api/days/{day}/plans/{version}")

    def routes(self, day: date, version: int) -> list[RouteOut]:
        """Return every route of a version."""
        return self._get(list[RouteOut], f"/api/days/{day}/plans/{version}/routes")

    def compare(self, day: date, version: int, other: int) -> Comparison:
        """Return what another version changes."""
        return self._get(Comparison, f"/api/days/{day}/plans/{version}/compare/{other}")

    def preview(self, day: date, version: int, edits: Sequence[Mapping[str, Any]]) -> PreviewOut:
        """Return what changes would make of a version."""
        path = f"/api/days/{day}/plans/{version}/preview"
        return self._post(PreviewOut, path, {"edits": list(edits)})

    def edit(
        self,
        day: date,
        version: int,
        edits: Sequence[Mapping[str, Any]],
        *,
        note: str = "",
        current: bool = False,
    ) -> PlanHead:
        """Change a version by hand; the outcome is a new one, with `current` the day's draft."""
        path = f"/api/days/{day}/plans/{version}/edits"
        return self._post(PlanHead, path, {"edits": list(edits), "note": note, "current": current})

    def choices(self, day: date, version: int, order: str) -> list[ChoiceOut]:
        """Return who could take an order of a version, the best first."""
        path = f"/api/days/{day}/plans/{version}/choices"
        return self._get(list[ChoiceOut], path, order=order)

    def merge(
        self, day: date, version: int, edits: Sequence[Mapping[str, Any]], *, onto: int
    ) -> MergeOut:
        """Return what of changes made on a version can be made on another."""
        path = f"/api/days/{day}/plans/{version}/merge"
        return self._post(MergeOut, path, {"edits": list(edits), "onto": onto})

    def go_to(self, day: date, version: int, *, instead_of: int = 0) -> DayOut:
        """Make another version the day's draft."""
        given = {"version": version, "instead_of": instead_of}
        return self._post(DayOut, f"/api/days/{day}/draft", given)

    def search_around(self, day: date, version: int, **wish: Any) -> RunOut:
        """Ask for a search of a version around its locks; `seconds`, `seed`, `note`."""
        return self._post(RunOut, f"/api/days/{day}/plans/{version}/around", wish)

    def live(self, day: date) -> LiveOut:
        """Return how a day goes, planned against actual."""
        return self._get(LiveOut, f"/api/days/{day}/live")

    def rest_changes(self, day: date, version: int) -> RestOut:
        """Return what a re-planned rest changes."""
        return self._get(RestOut, f"/api/days/{day}/plans/{version}/changes")

    def publish(
        self, day: date, version: int, *, accepted: Mapping[str, str] = {}, replacing: int = 0
    ) -> DayOut:
        """Make a version the one that couriers drive."""
        given = {"accepted": dict(accepted), "replacing": replacing}
        return self._post(DayOut, f"/api/days/{day}/plans/{version}/publish", given)

    def replan(self, day: date, **wish: Any) -> ReplanOut:
        """Plan the rest of a running day anew; `action`, `seconds`, `note`."""
        return self._post(ReplanOut, f"/api/days/{day}/replan", wish)

    def export(self, day: date, version: int, name: str, *, courier: str = "") -> bytes:
        """Return a version as a file, such as stops.csv; with `courier` manifest.pdf."""
        more = {"courier": courier} if courier else {}
        return self._send(
            "GET", f"/api/days/{day}/plans/{version}/exports/{name}", params=more
        ).content

    def close_day(self, day: date, **given: Any) -> ClosedOut:
        """End a day."""
        return self._post(ClosedOut, f"/api/days/{day}/close", given)

    # ---- the running day ----------------------------------------------------------------------

    def links(self, day: date, couriers: Sequence[str] = ()) -> list[LinkOut]:
        """Make couriers' links; nobody named means everybody on the published plan."""
        return self._post(list[LinkOut], f"/api/days/{day}/links", {"couriers": list(couriers)})

    def revoke_links(self, day: date, courier: str) -> None:
        """Revoke a courier's links of a day."""
        self._send("DELETE", f"/api/days/{day}/links/{_part(courier)}")

    def tell(self, day: date, events: Sequence[Mapping[str, Any]]) -> EventsTold:
        """Write down what happened, of anybody."""
        return self._post(EventsTold, f"/api/days/{day}/events", {"events": list(events)})

    def events(self, day: date, *, after: int = 0, limit: int = 1_000) -> list[StoredEvent]:
        """Return a day's journal after an entry."""
        path = f"/api/days/{day}/events"
        return self._get(list[StoredEvent], path, after=after, limit=limit)

    def own_route(self) -> RouteOut:
        """Return the courier's own stops."""
        return self._get(RouteOut, "/api/own/route")

    def own_day(self) -> PhoneDay:
        """Return the courier's whole day, as phones have it."""
        return self._get(PhoneDay, "/api/own/day")

    def bring(self, events: Sequence[Mapping[str, Any]]) -> OutboxTold:
        """Bring what a phone has to tell, in order; each event gets its answer."""
        return self._read(
            OutboxTold,
            self._send("POST", "/api/own/outbox", {"events": list(events)}, once=False),
        )

    def tell_own(self, events: Sequence[Mapping[str, Any]]) -> EventsTold:
        """Tell what happened on the courier's own round."""
        return self._post(EventsTold, "/api/own/events", {"events": list(events)})

    # ---- underneath ---------------------------------------------------------------------------

    def _signed_in(self, path: str, given: Mapping[str, Any]) -> SessionOut:
        answer = self._read(SessionOut, self._send("POST", path, given, once=False))
        self._http.headers[_CSRF] = answer.csrf
        return answer

    def _get(self, kind: type[T], path: str, **params: Any) -> T:
        return self._read(kind, self._send("GET", path, params=params))

    def _post(self, kind: type[T], path: str, given: Any) -> T:
        return self._read(kind, self._send("POST", path, given))

    def _table(self, path: str, data: bytes, **params: Any) -> TableOut:
        answer = self._send(
            "POST",
            path,
            content=data,
            params=params,
            headers={"Content-Type": "application/octet-stream"},
        )
        return self._read(TableOut, answer)

    def _read(self, kind: type[T], answer: httpx.Response) -> T:
        return TypeAdapter(kind).validate_json(answer.content)

    def _send(
        self,
        method: str,
        path: str,
        given: Any = None,
        *,
        once: bool = True,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        own = dict(headers or {})
        if method == "POST" and once:
            own["Idempotency-Key"] = uuid4().hex
        if isinstance(given, BaseModel):
            given = given.model_dump(mode="json")
        if given is not None:
            content = json.dumps(given, default=str).encode()
            own["Content-Type"] = "application/json"
        shown = {k: v for k, v in (params or {}).items() if v is not None and v != ""}
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS or (method == "POST" and not once)
            try:
                answer = self._http.request(
                    method, path, content=content, params=shown, headers=own
                )
            except httpx.TransportError as error:
                if last:
                    raise NoAnswerError(f"{method} {path}: {type(error).__name__}") from error
                time.sleep(_PAUSE_SECONDS * 2**attempt)
                continue
            if answer.status_code in _AGAIN and not last:
                time.sleep(min(float(answer.headers.get("Retry-After", 1)), 5.0))
                continue
            if answer.is_error:
                raise _refused(answer)
            return answer
        raise AssertionError(path)

    def _stream(self, path: str, after: int) -> Iterator[Entry]:
        headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
        try:
            with self._http.stream("GET", path, headers=headers) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer)
                found: dict[str, str] = {}
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if name in ("id", "event", "data"):
                        found[name] = value
                    elif not line and "data" in found:
                        yield Entry(
                            id=int(found.get("id", 0)),
                            kind=found.get("event", "message"),
                            data=json.loads(found["data"]),
                        )
                        found = {}
        except httpx.TransportError:
            return


def _refused(answer: httpx.Response) -> ProblemError:
    try:
        told = answer.json()
    except ValueError:
        told = {"title": answer.reason_phrase}
    return ProblemError(answer.status_code, told if isinstance(told, dict) else {})


def _part(key: str) -> str:
    """Return an id as one part of a path, whatever it holds."""
    return quote(key, safe="")
