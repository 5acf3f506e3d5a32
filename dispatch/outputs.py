"""Everything that a planned day leaves in a folder, for the office, the couriers and programs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from dispatch.day_map import GeoJson, day_map
from dispatch.directions import Directions, turn_sheet
from dispatch.exports import Shape, gpx, left_out_csv, routes_geojson, stops_csv, summary_json
from dispatch.manifest import DRAFT, PlanMark, manifests
from dispatch.messages import Language
from dispatch.model import DayPlan
from dispatch.settings import PROFILES
from dispatch.views import courier_sheets

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how much of it is done, and how much there is."""


def write_outputs(
    day_plan: DayPlan,
    directory: Path,
    *,
    lang: Language = "vi",
    progress: Progress | None = None,
    shape: Shape | None = None,
    directions: Directions | None = None,
    zones: GeoJson | None = None,
    rivers: GeoJson | None = None,
    mark: PlanMark = DRAFT,
    processes: int = 1,
) -> list[Path]:
    """
    Write stops.csv, left_out.csv, summary.json, routes.geojson, map.html, gpx/ and manifests/.

    Sheets and tracks of couriers who no longer have a route are removed from those two folders, so
    that a plan made anew never leaves yesterday's paper among today's.

    Parameters
    ----------
    directory
        Made if it is missing.
    progress
        Steps are `files`, `gpx` and `manifests`.
    directions
        Gives the turns between stops; a sheet of them for each courier goes to directions/.
    shape, zones, rivers, mark
        As in `day_map` and `manifests`.
    processes
        How many manifests to set at a time.

    Returns
    -------
    list of Path
        What was written, in that order.
    """
    tell = progress if progress is not None else _silent
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    makers: tuple[tuple[str, Callable[[], str]], ...] = (
        ("stops.csv", lambda: stops_csv(day_plan, lang)),
        ("left_out.csv", lambda: left_out_csv(day_plan, lang)),
        ("summary.json", lambda: summary_json(day_plan, lang)),
        ("routes.geojson", lambda: routes_geojson(day_plan, lang, shape=shape)),
        (
            "map.html",
            lambda: day_map(day_plan, lang, zones=zones, rivers=rivers, shape=shape, mark=mark),
        ),
    )
    for done, (name, make) in enumerate(makers, start=1):
        path = directory / name
        path.write_bytes(make().encode("utf-8"))
        written.append(path)
        tell("files", done, len(makers))
    sheets = courier_sheets(day_plan, lang)
    names = file_names(sheet.courier for sheet in sheets)
    tracks = _emptied(directory / "gpx", "*.gpx")
    for done, sheet in enumerate(sheets, start=1):
        path = tracks / f"{names[sheet.courier]}.gpx"
        track = gpx(sheet, lang, shape=shape, note=day_plan.travel_note)
        path.write_bytes(track.encode("utf-8"))
        written.append(path)
        tell("gpx", done, len(sheets))
    if directions is not None:
        turns = _emptied(directory / "directions", "*.txt")
        for sheet in sheets:
            path = turns / f"{names[sheet.courier]}.txt"
            said = turn_sheet(sheet, directions, PROFILES[sheet.vehicle], lang)
            path.write_bytes(f"{said}\n{day_plan.travel_note}\n".encode())
            written.append(path)
    elif (directory / "directions").is_dir():
        _emptied(directory / "directions", "*.txt")
    papers = _emptied(directory / "manifests", "*.pdf")
    for courier, paper in manifests(
        day_plan,
        lang,
        mark=mark,
        processes=processes,
        progress=lambda done, total: tell("manifests", done, total),
    ):
        path = papers / f"{names[courier]}.pdf"
        path.write_bytes(paper)
        written.append(path)
    return written


def _silent(step: str, done: int, total: int) -> None:
    """Say nothing."""


def _emptied(folder: Path, pattern: str) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.glob(pattern):
        old.unlink()
    return folder


_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def file_name(given: str) -> str:
    """
    Return a name that every file system takes: Latin letters, digits, dot, dash, underscore.

    An id that had to be changed gets six signs of its hash, so that two ids never share a file.
    """
    plain = given.replace("đ", "d").replace("Đ", "D")
    plain = "".join(
        sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign)
    )
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._")[:60]
    if plain and plain == given and not _RESERVED.match(plain):
        return plain
    digest = hashlib.sha256(given.encode()).hexdigest()[:6]
    return f"{plain}-{digest}" if plain and not _RESERVED.match(plain) else f"courier-{digest}"


def file_names(ids: Iterable[str]) -> dict[str, str]:
    """Return a file name for each id; ids that differ only in case are told apart as well."""
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for given in ids:
        wanted = name = file_name(given)
        again = 2
        while name.lower() in taken:
            name, again = f"{wanted}-{again}", again + 1
        taken.add(name.lower())
        chosen[given] = name
    return chosen
