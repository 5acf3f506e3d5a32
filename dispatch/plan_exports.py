"""A plan as files, one by one and by name: what `buuta plan` writes to a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dispatch.day_map import GeoJson, day_map
from dispatch.exports import Shape, gpx, left_out_csv, routes_geojson, stops_csv, summary_json
from dispatch.manifest import DRAFT, PlanMark, courier_manifest, office_manifest
from dispatch.messages import Language
from dispatch.model import DayPlan
from dispatch.views import UNLABELLED, Labels, courier_sheet
from solver.formats import write_plan, write_problem

EXPORTS: Mapping[str, str] = MappingProxyType(
    {
        "stops.csv": "text/csv; charset=utf-8",
        "left_out.csv": "text/csv; charset=utf-8",
        "summary.json": "application/json",
        "routes.geojson": "application/geo+json",
        "map.html": "text/html; charset=utf-8",
        "problem.json": "application/json",
        "plan.json": "application/json",
        "track.gpx": "application/gpx+xml",
        "manifest.pdf": "application/pdf",
        "manifests.pdf": "application/pdf",
    }
)
"""The media type of each file; the last two are one courier's."""

OF_ONE = frozenset({"track.gpx", "manifest.pdf"})
OF_OFFICE = frozenset({"manifests.pdf"})


def export_named(
    name: str,
    plan: DayPlan,
    *,
    lang: Language,
    courier: str = "",
    office: str = "",
    shape: Shape | None = None,
    zones: GeoJson | None = None,
    rivers: GeoJson | None = None,
    mark: PlanMark = DRAFT,
    labels: Labels = UNLABELLED,
) -> bytes | None:
    """
    Return one file of a plan, None where there is none of that name, or the courier or office is
    not said.

    Parameters
    ----------
    shape, zones, rivers, mark
        As in `dispatch.outputs.write_outputs`.
    labels
        What is written on the parcels by now (`PlanVersion.numbers`).

    Raises
    ------
    UnknownCourierError
        The day has no courier of that id.
    """
    makers: dict[str, Callable[[], str | bytes]] = {
        "stops.csv": lambda: stops_csv(plan, lang),
        "left_out.csv": lambda: left_out_csv(plan, lang),
        "summary.json": lambda: summary_json(plan, lang),
        "routes.geojson": lambda: routes_geojson(plan, lang, shape=shape),
        "map.html": lambda: day_map(plan, lang, zones=zones, rivers=rivers, shape=shape, mark=mark),
        "problem.json": lambda: write_problem(plan.problem),
        "plan.json": lambda: write_plan(plan.result.plan, plan.result.report),
        "track.gpx": lambda: gpx(
            courier_sheet(plan, courier, lang), lang, shape=shape, note=plan.travel_note
        ),
        "manifest.pdf": lambda: courier_manifest(plan, courier, lang, mark=mark, labels=labels),
    }
    makers["manifests.pdf"] = lambda: office_manifest(plan, office, lang, mark=mark)
    if name not in makers or (name in OF_ONE) != bool(courier):
        return None
    if (name in OF_OFFICE) != bool(office):
        return None
    made = makers[name]()
    return made if isinstance(made, bytes) else made.encode("utf-8")
