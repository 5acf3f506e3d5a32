"""Runs and plans: asked for, watched, compared, changed, accepted, published, taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from api.access import Principal, Right
from api.deps import Needs, Office, Spoken, parts_of, tagged
from api.once import OnceRoute
from api.problems import Problem
from api.routes.days import DayOut
from api.schemas import EditsIn, PublishIn, RunIn, RunOut
from api.sheets import RouteOut
from api.stream import Entry, LastEventId, after_of, streamed
from dispatch.comparing import Comparison
from dispatch.day_map import courier_colours, office_colours
from dispatch.editing import Edit
from dispatch.kpis import LeftOutGroup, OfficeRow
from dispatch.manifest import PlanMark
from dispatch.model import DayCost
from dispatch.office import Wish
from dispatch.office.plans import open_violations, violation_key
from dispatch.office_times import OfficeTimes, office_times
from dispatch.plan_exports import EXPORTS, export_named
from dispatch.records import PlanHead
from dispatch.views import board, violation_sentence
from dispatch.ways import ways
from solver.model import Cost

router = APIRouter(prefix="/api", tags=["plans"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Planner = Annotated[Principal, Depends(Needs(Right.PLAN))]
Publisher = Annotated[Principal, Depends(Needs(Right.PUBLISH))]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


# ---- runs ---------------------------------------------------------------------------------------


@router.post("/days/{day}/runs", status_code=HTTPStatus.ACCEPTED)
def ask(
    day: date,
    given: RunIn,
    request: Request,
    office: Office,
    planner: Planner,
    response: Response,
) -> RunOut:
    """Ask for a plan; /api/runs/{id}/progress tells how it goes."""
    wish = Wish(seconds=given.seconds, seed=given.seed, start=given.start, note=given.note)
    run = office.request_plan(day, by=planner.by, wish=wish)
    parts_of(request).runs.wake()
    response.headers["Location"] = f"/api/runs/{run.id}"
    return RunOut.of(run)


@router.get("/days/{day}/runs")
def runs(day: date, office: Office, _: Reader) -> list[RunOut]:
    """Return a day's runs, the first one first."""
    return [RunOut.of(run) for run in office.runs(day)]


@router.get("/runs/{run}")
def run(run: str, office: Office, _: Reader) -> RunOut:
    """Return a run."""
    return RunOut.of(office.run(run))


@router.post("/runs/{run}/stop")
def stop(run: str, office: Office, planner: Planner) -> RunOut:
    """Ask a run to end with its best plan."""
    return RunOut.of(office.stop_run(run, by=planner.by))


@router.get(
    "/runs/{run}/progress",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
def progress(
    run: str, request: Request, office: Office, _: Reader, last: LastEventId = ""
) -> Response:
    """Tell each better plan as it is found, and at last how the run ended."""
    office.run(run)

    def look(after: int) -> Sequence[Entry]:
        found, news = office.run_progress(run, after=after)
        entries = [
            Entry(
                id=one.seq,
                kind="better",
                data={
                    "seconds": one.seconds,
                    "cost": one.cost,
                    "unassigned": one.unassigned,
                    "vehicles": one.vehicles,
                },
            )
            for one in news
        ]
        if found.state.over:
            end = max([after, *(one.id for one in entries)])
            shown = RunOut.of(found).model_dump(mode="json")
            entries.append(Entry(id=end, kind="end", data=shown, last=True))
        return entries

    return streamed(request, look, after=after_of(last))


# ---- versions -----------------------------------------------------------------------------------


class ViolationOut(BaseModel):
    """A rule that a plan breaks; `key` names it where somebody answers for it."""

    key: str
    code: str
    amount: int
    vehicle: str
    id: str
    sentence: str


class PlanOut(BaseModel):
    """
    A plan version as the dispatch manager looks at it.

    `costs` are the couriers' by component and `truck_costs` the trucks', in thousandths of a đồng;
    `day_cost` is the whole day's with trucks; `hand_overs` tie each office's truck to its couriers;
    `colours` are the routes', by courier, as on all maps.
    """

    head: PlanHead
    offices: Sequence[OfficeRow]
    total: OfficeRow
    idle: Sequence[str]
    left_out: Sequence[LeftOutGroup]
    violations: list[ViolationOut]
    travel_note: str
    costs: Cost
    truck_costs: Cost
    day_cost: DayCost | None
    colours: dict[str, str]
    hand_overs: Sequence[OfficeTimes]


@router.get("/days/{day}/plans")
def plans(day: date, office: Office, _: Reader) -> list[PlanHead]:
    """Return all versions of a day's plan, the first one first."""
    return list(office.plans(day))


@router.get("/days/{day}/plans/{version}")
def plan(day: date, version: Version, request: Request, _: Reader, lang: Spoken) -> PlanOut:
    """Return a version: offices, what is left out and why, what it breaks."""
    readable = parts_of(request).plans.get(day, version, lang)
    made = readable.version.plan
    shown = board(made, lang)
    return PlanOut(
        head=readable.version.head,
        offices=shown.offices,
        total=shown.total,
        idle=shown.idle,
        left_out=shown.left_out,
        violations=[
            ViolationOut(
                key=violation_key(one),
                code=one.code.value,
                amount=one.amount,
                vehicle=one.vehicle,
                id=one.id,
                sentence=violation_sentence(one, lang),
            )
            for one in open_violations(made)
        ],
        travel_note=shown.travel_note,
        costs=made.result.report.cost,
        truck_costs=Cost() if made.linehaul is None else made.linehaul.result.report.cost,
        day_cost=None if made.linehaul is None else made.linehaul.cost,
        colours=courier_colours(shown.sheets, office_colours(made.day.offices)),
        hand_overs=office_times(made),
    )


@router.get("/days/{day}/plans/{version}/routes")
def routes(
    day: date, version: Version, request: Request, _: Reader, lang: Spoken
) -> list[RouteOut]:
    """Return every route of a version with its stops."""
    sheets = parts_of(request).plans.get(day, version, lang).sheets
    return [RouteOut.of(sheet) for sheet in sheets.values()]


@router.get("/days/{day}/plans/{version}/routes/{courier}")
def route(
    day: date, version: Version, courier: str, request: Request, _: Reader, lang: Spoken
) -> RouteOut:
    """Return one route with its stops."""
    found = parts_of(request).plans.get(day, version, lang).sheets.get(courier)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    return RouteOut.of(found)


@router.get("/days/{day}/plans/{version}/ways")
def drawn(
    day: date, version: Version, request: Request, response: Response, _: Reader, lang: Spoken
) -> dict[str, list[tuple[float, float]]]:
    """
    Return the line of each route by courier, for maps: along the roads where there are some, else
    over the bridges. Points are (longitude, latitude), as GeoJSON has them.
    """
    parts = parts_of(request)
    found = ways(parts.plans.get(day, version, lang).sheets.values(), parts.means(day).travel)
    response.headers["cache-control"] = "private, max-age=3600"
    return {
        courier: [(round(point.lon, 5), round(point.lat, 5)) for point in points]
        for courier, points in found.items()
    }


@router.get("/days/{day}/plans/{version}/compare/{other}")
def compare(day: date, version: Version, other: Version, office: Office, _: Reader) -> Comparison:
    """Return what another version changes."""
    return office.compare(day, version, other)


@router.post("/days/{day}/plans/{version}/preview")
def preview(day: date, version: Version, given: EditsIn, office: Office, _: Planner) -> Comparison:
    """Return what changes by hand would make of a version; nothing is stored."""
    return office.preview_edit(day, version, _edits(given)).comparison


@router.post("/days/{day}/plans/{version}/edits", status_code=HTTPStatus.CREATED)
def edit(
    day: date,
    version: Version,
    given: EditsIn,
    office: Office,
    planner: Planner,
    response: Response,
) -> PlanHead:
    """Change a version by hand; the outcome is a new one, a draft."""
    made = office.edit(day, version, _edits(given), by=planner.by, note=given.note)
    response.headers["Location"] = f"/api/days/{day}/plans/{made.head.version}"
    return made.head


@router.post("/days/{day}/plans/{version}/accept")
def accept(
    day: date, version: Version, office: Office, publisher: Publisher, response: Response
) -> DayOut:
    """Say that a version is the one to go on with."""
    stored = office.accept(day, version, by=publisher.by)
    tagged(response, stored.stamp.version)
    return DayOut.of(stored)


@router.post("/days/{day}/plans/{version}/publish")
def publish(
    day: date,
    version: Version,
    given: PublishIn,
    office: Office,
    publisher: Publisher,
    response: Response,
) -> DayOut:
    """Make a version the one that couriers drive; each rule it breaks needs a name behind it."""
    accepted: Mapping[str, str] = given.accepted
    stored = office.publish(
        day, version, by=publisher.by, accepted=accepted, replacing=given.replacing
    )
    tagged(response, stored.stamp.version)
    return DayOut.of(stored)


# ---- taken out ----------------------------------------------------------------------------------

_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in sorted(set(EXPORTS.values()))}}
}


@router.get(
    "/days/{day}/plans/{version}/exports/{name}", response_class=Response, responses=_CONTENT
)
def export(
    day: date,
    version: Version,
    name: str,
    request: Request,
    _: Reader,
    lang: Spoken,
    courier: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """
    Return a version as a file: stops.csv, left_out.csv, summary.json, routes.geojson, map.html,
    problem.json, plan.json; with `courier` also track.gpx and manifest.pdf.
    """
    if name not in EXPORTS:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", detail=", ".join(EXPORTS))
    parts = parts_of(request)
    found = parts.plans.get(day, version, lang).version
    published = parts.office.day(day).published == version
    made = export_named(
        name,
        found.plan,
        lang=lang,
        courier=courier,
        mark=PlanMark(version=str(version), published=published),
        labels=found.numbers,
    )
    if made is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    return Response(
        made,
        media_type=EXPORTS[name],
        headers={"Content-Disposition": f'attachment; filename="{day}-{version}-{name}"'},
    )


def _edits(given: EditsIn) -> list[Edit]:
    return [Edit(order=one.order, to=one.to, position=one.position) for one in given.edits]
