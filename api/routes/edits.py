"""Plans changed by hand: looked at before letting go, made, taken back, merged, searched around."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from api.access import Principal, Right
from api.deps import Needs, Office, Spoken, parts_of, tagged
from api.edit_schemas import AroundIn, ChangeIn, DraftIn, EditsIn, MergeIn
from api.once import OnceRoute
from api.problems import Problem
from api.routes.days import DayOut
from api.routes.plans import ViolationOut, violation_out
from api.schemas import RunOut
from dispatch.comparing import Comparison
from dispatch.editing import Edit, Preview, Reverse, SetLock, Touched
from dispatch.locking import Lock, LockKind
from dispatch.merging import Lost
from dispatch.messages import Language, text
from dispatch.records import PlanHead
from solver.model import Cost, Route, RouteReport, StopKind

router = APIRouter(prefix="/api", tags=["edits"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Planner = Annotated[Principal, Depends(Needs(Right.PLAN))]
Publisher = Annotated[Principal, Depends(Needs(Right.PUBLISH))]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
OrderId = Annotated[str, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TimedStop(BaseModel):
    """
    A stop as it would be; seconds since midnight.

    `was` is when it began before, null where it was in another round; `place` is its place among
    the round's visits and returns, as `position` counts them; null for a break.
    """

    kind: StopKind
    order: str
    place: int | None
    arrival: int
    begin: int
    departure: int
    was: int | None


class RoundOut(BaseModel):
    """
    A round that changes; figures before and after, cost in thousandths of a đồng.

    All are 0 where there is no round; `stops` are those after.
    """

    courier: str
    departure: int
    finish: int
    finish_before: int
    metres: int
    metres_before: int
    duty_seconds: int
    duty_seconds_before: int
    cost: int
    cost_before: int
    stops: list[TimedStop]


class LockOut(BaseModel):
    """Something that stays; `order` is empty for a whole round."""

    kind: LockKind
    courier: str
    order: str


class PreviewOut(BaseModel):
    """
    What changes would make of a version.

    Cost in thousandths of a đồng, by component, of all couriers: before, and what is added.
    """

    rounds: list[RoundOut]
    cost_before: dict[str, int]
    cost: dict[str, int]
    broken: list[ViolationOut]
    mended: list[ViolationOut]
    dropped: Sequence[str]
    taken: Sequence[str]
    locks: list[LockOut]


class LostOut(BaseModel):
    """
    A change that holds no longer, in words; `kept` = it is made all the same, but for its place.

    `number` says which of the changes that were sent, from 0.
    """

    number: int
    order: str
    why: str
    kept: bool


class MergeOut(BaseModel):
    """
    What of changes holds on another version.

    `changes` are to be sent there; `theirs` is what that version changed meanwhile.
    """

    onto: int
    changes: list[ChangeIn]
    lost: list[LostOut]
    preview: PreviewOut
    theirs: Comparison


class ChoiceOut(BaseModel):
    """
    A courier who could take an order, and what that costs (thousandths of a đồng).

    `position` may be sent in a change; `seconds` is how much later the round ends.
    """

    courier: str
    position: int
    cost: int
    seconds: int
    begin: int
    violations: list[ViolationOut]


@router.post("/days/{day}/plans/{version}/preview")
def preview(
    day: date, version: Version, given: EditsIn, office: Office, _: Planner, lang: Spoken
) -> PreviewOut:
    """Return what changes by hand would make of a version; nothing is stored."""
    return _preview(office.preview_edit(day, version, _changes(given.edits)), lang)


@router.post("/days/{day}/plans/{version}/edits", status_code=HTTPStatus.CREATED)
def edit(
    day: date,
    version: Version,
    given: EditsIn,
    office: Office,
    planner: Planner,
    response: Response,
) -> PlanHead:
    """
    Change a version by hand; the outcome is a new one, a draft.

    With `current` the version must be the day's draft (409 where another one is by now: see
    `current` there, and merge), and the new one becomes it.
    """
    if given.current and Right.PUBLISH not in planner.rights:
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden")
    made = office.edit(
        day,
        version,
        _changes(given.edits),
        by=planner.by,
        note=given.note,
        current=given.current,
    )
    response.headers["Location"] = f"/api/days/{day}/plans/{made.head.version}"
    return made.head


@router.post("/days/{day}/plans/{version}/merge")
def merge(
    day: date, version: Version, given: MergeIn, office: Office, _: Planner, lang: Spoken
) -> MergeOut:
    """Return what of changes made on a version can be made on another; nothing is stored."""
    made = office.merge(day, version, _changes(given.edits), onto=given.onto)
    return MergeOut(
        onto=given.onto,
        changes=[_change_out(change) for change in made.merged.changes],
        lost=[_lost(one, lang) for one in made.merged.lost],
        preview=_preview(made.preview, lang),
        theirs=made.theirs,
    )


@router.post("/days/{day}/draft")
def draft(
    day: date, given: DraftIn, office: Office, publisher: Publisher, response: Response
) -> DayOut:
    """Make another version the day's draft: a step back or forth, or what a run has found."""
    stored = office.go_to(day, given.version, by=publisher.by, instead_of=given.instead_of)
    tagged(response, stored.stamp.version)
    return DayOut.of(stored)


@router.get("/days/{day}/plans/{version}/locks")
def locks(day: date, version: Version, office: Office, _: Reader) -> list[LockOut]:
    """Return what of a version must stay."""
    return [_lock_out(one) for one in office.locks(day, version)]


@router.get("/days/{day}/plans/{version}/choices")
def choices(
    day: date, version: Version, order: OrderId, office: Office, _: Planner, lang: Spoken
) -> list[ChoiceOut]:
    """Return who could take an order, where in the round and at what price, the best first."""
    return [
        ChoiceOut(
            courier=one.courier,
            position=one.position,
            cost=one.cost,
            seconds=one.seconds,
            begin=one.begin,
            violations=[violation_out(broken, lang) for broken in one.violations],
        )
        for one in office.choices(day, version, order)
    ]


@router.post("/days/{day}/plans/{version}/around", status_code=HTTPStatus.ACCEPTED)
def around(
    day: date,
    version: Version,
    given: AroundIn,
    request: Request,
    office: Office,
    planner: Planner,
    response: Response,
) -> RunOut:
    """Search a version anew around what is locked in it; its trucks stay as they are."""
    run = office.search_around(
        day, version, by=planner.by, seconds=given.seconds, seed=given.seed, note=given.note
    )
    parts_of(request).runs.wake()
    response.headers["Location"] = f"/api/runs/{run.id}"
    return RunOut.of(run)


# ---- in and out ---------------------------------------------------------------------------------


def _changes(given: Sequence[ChangeIn]) -> list[Edit | Reverse | SetLock]:
    return [_change(one) for one in given]


def _change(one: ChangeIn) -> Edit | Reverse | SetLock:
    if one.do == "reverse":
        return Reverse(courier=one.courier, first=one.first, last=one.last)
    if one.do == "move":
        return Edit(order=one.order, more=one.more, to=one.to, position=one.position)
    lock = Lock(kind=LockKind(one.lock), courier=one.courier, order=one.order)
    return SetLock(lock=lock, on=one.do == "lock")


def _change_out(change: Edit | Reverse | SetLock) -> ChangeIn:
    if isinstance(change, Reverse):
        return ChangeIn(do="reverse", courier=change.courier, first=change.first, last=change.last)
    if isinstance(change, Edit):
        return ChangeIn(
            do="move",
            order=change.order,
            more=change.more,
            to=change.to,
            position=change.position,
        )
    do: Literal["lock", "unlock"] = "lock" if change.on else "unlock"
    lock = change.lock
    return ChangeIn(do=do, lock=lock.kind.value, courier=lock.courier, order=lock.order)


def _lost(one: Lost, lang: Language) -> LostOut:
    if one.error is not None:
        why = one.error.said(lang)
    else:
        key = "moved_out" if one.key == "moved" and not one.now else one.key
        why = text(f"merge.{key}", lang, order=one.order, now=one.now)
    return LostOut(number=one.number, order=one.order, why=why, kept=one.kept)


def _lock_out(one: Lock) -> LockOut:
    return LockOut(kind=one.kind, courier=one.courier, order=one.order)


def _preview(made: Preview, lang: Language) -> PreviewOut:
    before = _components(made.before)
    after = _components(made.after)
    return PreviewOut(
        rounds=[_round(one) for one in made.routes],
        cost_before=before,
        cost={name: after[name] - before[name] for name in before},
        broken=[violation_out(one, lang) for one in made.broken],
        mended=[violation_out(one, lang) for one in made.mended],
        dropped=made.dropped,
        taken=made.taken,
        locks=[_lock_out(one) for one in made.locks],
    )


def _components(cost: Cost) -> dict[str, int]:
    return {
        "total": cost.total,
        **{name: getattr(cost, name) for name in Cost.__dataclass_fields__},
    }


def _round(one: Touched) -> RoundOut:
    before: RouteReport | None = one.report_before
    after: RouteReport | None = one.report
    return RoundOut(
        courier=one.courier,
        departure=0 if one.after is None else one.after.departure,
        finish=0 if one.after is None else one.after.finish,
        finish_before=0 if one.before is None else one.before.finish,
        metres=0 if after is None else after.metres,
        metres_before=0 if before is None else before.metres,
        duty_seconds=0 if after is None else after.duty_seconds,
        duty_seconds_before=0 if before is None else before.duty_seconds,
        cost=0 if after is None else after.cost.total,
        cost_before=0 if before is None else before.cost.total,
        stops=_timed(one.before, one.after),
    )


def _timed(before: Route | None, after: Route | None) -> list[TimedStop]:
    was = {(s.kind, s.id): s.begin for s in (before.stops if before is not None else ())}
    place = 0
    found = []
    for stop in after.stops if after is not None else ():
        rest = stop.kind is StopKind.BREAK
        found.append(
            TimedStop(
                kind=stop.kind,
                order="" if stop.kind in (StopKind.BREAK, StopKind.RELOAD) else stop.id,
                place=None if rest else place,
                arrival=stop.arrival,
                begin=stop.begin,
                departure=stop.departure,
                was=was.get((stop.kind, stop.id)),
            )
        )
        place += not rest
    return found
