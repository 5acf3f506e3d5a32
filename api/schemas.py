"""
What comes in over HTTP, with its bounds, and what goes out where it is not the stored row itself.

Nothing passes that the store could not keep: texts have no control characters and a length, numbers
fit their columns. Times of day are seconds since midnight, money is whole đồng.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.access import Right
from dispatch.model import Address, Order, OrderKind, OrderState, Service
from dispatch.records import ApiKey, Person, Role, Run, StoredOrder
from geo.types import LatLon
from solver.model import TimeWindow

T = TypeVar("T")

_DAY = 86_400
MOST = 2**31 - 1

Id = Annotated[str, StringConstraints(pattern=r"^[^\s/\\?#%\x00-\x1f\x7f]{1,64}$")]
"""An id of the office: no blanks, no slashes."""

Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text."""

Count = Annotated[int, Field(ge=0, le=MOST)]
Second = Annotated[int, Field(ge=0, le=2 * _DAY)]
Password = Annotated[str, StringConstraints(max_length=256)]


def _can_be_written(value: Any) -> bool:
    """Tell whether a text is one that UTF-8 can hold; JSON's escapes can spell others."""
    if isinstance(value, list):
        return all(_can_be_written(inner) for inner in value)
    if not isinstance(value, str):
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Given(BaseModel):
    """Anything that comes in: a field that is not known is told, not passed over."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _writable(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name, value in given.items():
                if not _can_be_written(name) or not _can_be_written(value):
                    raise ValueError("half of a letter (a lone surrogate) is no text")
        return given


class PointIn(Given):
    """Degrees in WGS 84."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)

    def point(self) -> LatLon:
        """Return the point."""
        return LatLon(lat=self.lat, lon=self.lon)


class WindowIn(Given):
    """When service may begin, both ends included."""

    start: Second
    end: Second

    @model_validator(mode="after")
    def _in_order(self) -> WindowIn:
        if self.start > self.end:
            raise ValueError("start is after end")
        return self


class AddressIn(Given):
    """Where, as written, and its point where it is known."""

    text: Annotated[Line, Field(min_length=1)]
    district: Line = ""
    commune: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,10}$")] = ""
    point: PointIn | None = None

    def address(self) -> Address:
        """Return the address."""
        known = self.point is not None or self.commune
        return Address(
            text=self.text,
            district=self.district,
            commune=self.commune,
            point=None if self.point is None else self.point.point(),
            quality=1.0 if known else 0.0,
        )


class OrderFields(Given):
    """What a customer asks for, without the order's id."""

    kind: OrderKind
    service: Service
    address: AddressIn
    to_address: AddressIn | None = None
    content: Line = ""
    customer: Line = ""
    phone: Line = ""
    grams: Count = 0
    cubic_cm: Count = 0
    items: Annotated[int, Field(ge=1, le=MOST)] = 1
    windows: Annotated[list[WindowIn], Field(max_length=20)] = []
    due: date | None = None
    cash: Count = 0
    note: Line = ""
    office: Annotated[str, StringConstraints(pattern=r"^[^\s/\x00-\x1f\x7f]{0,64}$")] = ""
    required: bool = False
    state: OrderState | None = None
    accepted: date | None = None

    @model_validator(mode="after")
    def _sensible(self) -> OrderFields:
        if (self.kind is OrderKind.TRANSFER) != (self.to_address is not None):
            raise ValueError("to_address belongs to a transfer, and only to one")
        spans = [(window.start, window.end) for window in self.windows]
        if any(one[1] >= two[0] for one, two in pairwise(spans)):
            raise ValueError("windows must be sorted and must not overlap")
        return self

    def order(self, key: str, before: Order | None = None) -> Order:
        """Return the order; what is not told here stays as it was."""
        given: dict[str, Any] = {
            name: getattr(self, name)
            for name in OrderFields.model_fields
            if name not in ("address", "to_address", "windows", "state", "accepted")
        }
        return Order(
            id=key,
            address=self.address.address(),
            to_address=None if self.to_address is None else self.to_address.address(),
            windows=tuple(TimeWindow(start=w.start, end=w.end) for w in self.windows),
            state=self.state or (None if before is None else before.state),
            accepted=self.accepted or (None if before is None else before.accepted),
            attempts=0 if before is None else before.attempts,
            **given,
        )


class OrderIn(OrderFields):
    """A new order of a day."""

    id: Id
    day: date


class AddressCorrection(Given):
    """
    Where an order really goes: a pin, a commune, or the address written better.

    A pin is remembered for its address, unless `always` is false.
    """

    point: PointIn | None = None
    written: Line = ""
    commune: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,10}$")] = ""
    district: Line = ""
    destination: bool = False
    always: bool = True

    @model_validator(mode="after")
    def _says_something(self) -> AddressCorrection:
        if self.point is None and not (self.written or self.commune or self.district):
            raise ValueError("give a point, a commune, or the address as it should be written")
        return self


class DayChange(Given):
    """Who is absent and which offices are closed; what is left out stays."""

    absent: Annotated[list[Id], Field(max_length=2_000)] | None = None
    closed_offices: Annotated[list[Id], Field(max_length=2_000)] | None = None


class RunIn(Given):
    """How a plan is searched; `start` is the version to begin with, 0 for none."""

    seconds: float = Field(default=30.0, gt=0, le=3_600, allow_inf_nan=False)
    seed: Count = 1
    start: Count = 0
    note: Line = ""


class PublishIn(Given):
    """Who answers for each broken rule, and which version was published when one looked."""

    accepted: Annotated[
        dict[Line, Annotated[Line, Field(min_length=1)]], Field(max_length=5_000)
    ] = {}
    replacing: Count = 0


class CloseIn(Given):
    """What becomes of the rest of a day."""

    next_day: date | None = None
    unreported: Literal["open", "done"] = "open"


StopKinds = Literal["stop_started", "stop_done", "stop_failed", "stop_skipped"]
Kinds = Literal[
    "stop_started",
    "stop_done",
    "stop_failed",
    "stop_skipped",
    "order_added",
    "order_cancelled",
    "order_changed",
    "vehicle_down",
    "vehicle_up",
    "courier_late",
    "courier_absent",
    "route_accepted",
    "route_reordered",
    "settlement",
    "road_closed",
]
OF_COURIERS = frozenset(
    {
        *("stop_started", "stop_done", "stop_failed", "stop_skipped"),
        *("vehicle_down", "vehicle_up", "courier_late", "settlement"),
        *("route_accepted", "route_reordered"),
    }
)
"""What a courier may tell, of himself."""

MOST_BODY = 20_000
"""Letters of all that an event says beside its fields."""


class EventIn(Given):
    """Something that happened, with an id that the teller gave it."""

    id: Id
    kind: Kinds
    at: AwareDatetime
    order: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    courier: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    body: dict[str, Any] = {}

    @model_validator(mode="after")
    def _complete(self) -> EventIn:
        if not 2000 <= self.at.year <= 2200:
            raise ValueError("at lies in another age")
        if self.kind.startswith(("stop_", "order_")) and not self.order:
            raise ValueError(f"{self.kind} concerns an order: name it")
        letters = _measure(self.body)
        if letters > MOST_BODY:
            raise ValueError(f"body has {letters} letters, at most {MOST_BODY} are kept")
        return self


def _measure(value: Any, depth: int = 0) -> int:
    """Return how large a value of JSON is, refusing what the store cannot keep."""
    if depth > 10:
        raise ValueError("body is nested too deep")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError("body has a letter that is none")
        return len(value)
    if isinstance(value, dict):
        return sum(_measure(k, depth + 1) + _measure(v, depth + 1) for k, v in value.items())
    if isinstance(value, list):
        return sum(_measure(inner, depth + 1) for inner in value) + len(value)
    if isinstance(value, float) and not -1e300 < value < 1e300:
        raise ValueError("body has a number that is none")
    if isinstance(value, int) and abs(value) > 2**53:
        raise ValueError("body has a number that is too large")
    return 8


class EventsIn(Given):
    """What a phone has to tell, the oldest first or in any order."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=500)]


class EventsTold(BaseModel):
    """
    What became of the events.

    `repeated` were told before, `different` too but with other words: the first telling stands;
    `moved` are stored, though their stop is on another courier's route by now.
    """

    stored: list[str]
    repeated: list[str]
    different: list[str]
    moved: list[str] = []
    last: int = 0


# ---- accounts -----------------------------------------------------------------------------------


class SignInIn(Given):
    """Who signs in."""

    login: Annotated[Line, Field(min_length=1, max_length=64)]
    password: Password


class SetUpIn(SignInIn):
    """The first administrator, made with the token that the service showed when it started."""

    token: Annotated[str, StringConstraints(max_length=200)]
    name: Line = ""


class LinkIn(Given):
    """The token of a courier's link."""

    token: Annotated[str, StringConstraints(max_length=2_000)]
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""


class PasswordIn(Given):
    """A new password in place of the old one."""

    old: Password
    new: Password


class SessionOut(BaseModel):
    """Who is signed in; `csrf` goes with every change as X-CSRF-Token; `now` by the office."""

    id: str
    login: str
    role: Role | None
    rights: list[Right]
    courier: str = ""
    day: date | None = None
    csrf: str = ""
    now: datetime | None = None


class PersonIn(Given):
    """A new account."""

    login: Annotated[Line, Field(min_length=1, max_length=64)]
    name: Line = ""
    role: Role
    password: Password
    courier: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class PersonChange(Given):
    """What changes of an account; what is left out stays."""

    name: Line | None = None
    role: Role | None = None
    active: bool | None = None
    password: Password | None = None
    courier: (
        Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] | None
    ) = None


class PersonOut(BaseModel):
    """An account, without its password."""

    id: str
    login: str
    name: str
    role: Role
    courier: str
    active: bool
    version: int

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """Return what may be shown of an account."""
        return cls(
            id=person.id,
            login=person.login,
            name=person.name,
            role=person.role,
            courier=person.courier,
            active=person.active,
            version=person.stamp.version,
        )


class KeyIn(Given):
    """A new key for a machine."""

    name: Annotated[Line, Field(min_length=1, max_length=64)]
    scopes: Annotated[list[Right], Field(min_length=1, max_length=20)]
    expires_at: AwareDatetime | None = None


class KeyOut(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """Return what may be shown of a key."""
        return cls(
            id=key.id,
            name=key.name,
            scopes=list(key.scopes),
            by=key.by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used=key.last_used,
        )


class NewKeyOut(KeyOut):
    """A new key with its secret, which is shown this once."""

    secret: str


class LinksIn(Given):
    """For whom links are made; empty = everybody on the published plan."""

    couriers: Annotated[list[Id], Field(max_length=2_000)] = []


class LinkOut(BaseModel):
    """A courier's link, shown this once; the QR says the same as the address."""

    courier: str
    url: str
    token: str
    expires_at: datetime
    qr_svg: str


# ---- lists --------------------------------------------------------------------------------------


class PageOut(BaseModel, Generic[T]):
    """Some of a list; `after` asks for the next ones and is empty at the end."""

    items: Sequence[T]
    after: str = ""


class RunOut(BaseModel):
    """A search that was asked for; cost in thousandths of a đồng, `result` a plan version."""

    id: str
    day: date
    state: str
    seconds: float
    seed: int
    start: int
    note: str
    by: str
    asked_at: datetime
    stop_asked: bool
    best_cost: int | None
    result: int
    error: str
    ended_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> RunOut:
        """Return what may be shown of a run."""
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class OrderOut(BaseModel):
    """An order with its version."""

    order: Order
    day: date | None
    version: int
    changed_by: str
    changed_at: datetime

    @classmethod
    def of(cls, stored: StoredOrder) -> OrderOut:
        """Return a stored order."""
        return cls(
            order=stored.order,
            day=stored.day,
            version=stored.stamp.version,
            changed_by=stored.stamp.by,
            changed_at=stored.stamp.at,
        )
