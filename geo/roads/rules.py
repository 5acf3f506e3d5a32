"""
The editable tables of road speeds, and what OpenStreetMap's tags mean for each vehicle.

Four CSV tables: `speeds.csv` (class and profile to km/h; 0 is closed; "tagged" classes are open
only where a tag says so), `surfaces.csv` (factors on the speed), `vehicles.csv` (sizes that meet
height, width and weight limits; km/h from a door to its road), `hours.csv` (how much slower a class
is in a period of the day, everywhere or around a point).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from geo.errors import Finding, TravelDataError
from geo.tables import read_table
from geo.types import LatLon

PROFILES = ("motorbike", "van", "truck")
QUIET = "quiet"
"""The period outside all periods of `hours.csv`."""

TABLES = ("speeds.csv", "surfaces.csv", "vehicles.csv", "hours.csv")

_DENIED = frozenset(
    {"no", "private", "agricultural", "forestry", "emergency", "military", "bus", "psv", "foot"}
)
_GRANTED = frozenset(
    {"yes", "permissive", "designated", "destination", "delivery", "customers", "official"}
)
_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph|ft|'|t|m|kg|km/h)?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadClass:
    """One class of road: km/h by profile (0: closed), and seconds lost before it (a ferry's)."""

    name: str
    tagged: bool
    kmh: tuple[float, ...]
    wait_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSize:
    """What limits on signs are compared with (metres, tonnes), and km/h off the road."""

    name: str
    access_tags: tuple[str, ...]
    height: float
    width: float
    weight: float
    access_kmh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowing:
    """How many times longer a class takes in a period, by profile; around a point if one is set."""

    period: str
    begins: str
    ends: str
    road_class: str
    factor: tuple[float, ...]
    centre: LatLon | None
    metres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All four tables; `text` is what they were read from, for the fingerprint."""

    classes: Mapping[str, RoadClass]
    surfaces: Mapping[tuple[str, str], tuple[float, ...]]
    vehicles: tuple[VehicleSize, ...]
    slowings: tuple[Slowing, ...]
    text: str

    @property
    def periods(self) -> tuple[str, ...]:
        """Names of the periods, the quiet one first."""
        return (QUIET, *dict.fromkeys(s.period for s in self.slowings))


def read_rules(folder: Path | None = None) -> Rules:
    """
    Read the tables; one that the folder lacks is taken as it came with the program.

    Raises
    ------
    TableError
        With everything that is wrong in a table.
    TravelDataError
        The vehicles are not the three profiles.
    """
    texts = {}
    for name in TABLES:
        own = None if folder is None else folder / name
        source = own if own is not None and own.exists() else files("geo.roads") / "tables" / name
        texts[name] = source.read_text(encoding="utf-8")
    classes = read_table(
        texts["speeds.csv"], source="speeds.csv", build=_class, key=lambda row: row["class"]
    )
    surfaces = read_table(
        texts["surfaces.csv"],
        source="surfaces.csv",
        build=lambda row: ((row["key"], row["value"]), _numbers(row, least=0.0)),
        key=lambda row: f"{row['key']}={row['value']}",
    )
    vehicles = read_table(
        texts["vehicles.csv"], source="vehicles.csv", build=_vehicle, key=lambda row: row["profile"]
    )
    slowings = read_table(
        texts["hours.csv"],
        source="hours.csv",
        build=_slowing,
        key=lambda row: ",".join(str(row[k]) for k in ("period", "from", "class", "lat", "lon")),
    )
    if tuple(v.name for v in vehicles) != PROFILES:
        finding = Finding(
            where="vehicles.csv",
            problem=f"the profiles are not {', '.join(PROFILES)}",
            remedy="keep these three lines in this order and change only their figures",
        )
        raise TravelDataError(table="road vehicles", findings=[finding])
    return Rules(
        classes={c.name: c for c in classes},
        surfaces=dict(surfaces),
        vehicles=vehicles,
        slowings=slowings,
        text="\n".join(texts[name] for name in TABLES),
    )


def speeds(
    tags: Mapping[str, str], rules: Rules
) -> tuple[str, tuple[float, ...], tuple[float, ...]] | None:
    """
    Return the class of a way and its km/h by profile, forwards and backwards (0: closed).

    None is no road for anybody.
    """
    name = "ferry" if tags.get("route") == "ferry" else tags.get("highway", "")
    road = rules.classes.get(name)
    if road is None or tags.get("area") == "yes":
        return None
    allowed = [
        _speed(tags, road, vehicle, number, rules) for number, vehicle in enumerate(rules.vehicles)
    ]
    if not any(allowed):
        return None
    onwards, back = list(allowed), list(allowed)
    for number, vehicle in enumerate(rules.vehicles):
        way = _oneway(tags, name, vehicle)
        if way > 0:
            back[number] = 0.0
        elif way < 0:
            onwards[number] = 0.0
    return name, tuple(onwards), tuple(back)


def _speed(
    tags: Mapping[str, str], road: RoadClass, vehicle: VehicleSize, number: int, rules: Rules
) -> float:
    said = _access(tags, vehicle)
    kmh = road.kmh[number]
    if said is False or kmh <= 0 or (road.tagged and said is None):
        return 0.0
    for key, size in (
        ("maxheight", vehicle.height),
        ("maxwidth", vehicle.width),
        ("maxweight", vehicle.weight),
    ):
        limit = _quantity(tags.get(key, ""))
        if limit is not None and limit < size:
            return 0.0
    for key in ("surface", "tracktype", "smoothness"):
        factor = rules.surfaces.get((key, tags.get(key, "")))
        if factor is not None:
            kmh *= factor[number]
    limit = _quantity(tags.get("maxspeed", ""))
    return kmh if limit is None or limit <= 0 else min(kmh, limit)


def _access(tags: Mapping[str, str], vehicle: VehicleSize) -> bool | None:
    """Return what the most particular tag says: open, closed, or nothing."""
    keys = (*vehicle.access_tags, "motor_vehicle", "vehicle", "access")
    for key in keys:
        value = tags.get(key, "").split(";")[0].strip()
        if value in _DENIED:
            return False
        if value in _GRANTED:
            # A general yes on a footpath is for feet; only a motor's own tag opens it.
            return True if key not in ("vehicle", "access") else None
    return None


def _oneway(tags: Mapping[str, str], name: str, vehicle: VehicleSize) -> int:
    said = ""
    for key in (*(f"oneway:{tag}" for tag in vehicle.access_tags), "oneway"):
        said = said or tags.get(key, "")
    if said in ("yes", "true", "1"):
        return 1
    if said in ("-1", "reverse"):
        return -1
    round_about = tags.get("junction") in ("roundabout", "circular")
    return 1 if not said and (round_about or name == "motorway") else 0


def _quantity(text: str) -> float | None:
    """Return a limit in metres, tonnes or km/h; None where there is no number to compare."""
    found = _NUMBER.match(text.split(";")[0])
    if found is None:
        return None
    value = float(found.group(1))
    return value * {"mph": 1.609344, "ft": 0.3048, "'": 0.3048, "kg": 0.001}.get(
        found.group(2) or "", 1.0
    )


def _numbers(row: Mapping[str, str], *, least: float) -> tuple[float, ...]:
    values = tuple(float(row[name]) for name in PROFILES)
    if not all(least <= value < 1_000 for value in values):
        raise ValueError(f"a figure is not between {least:g} and 1000")
    return values


def _class(row: Mapping[str, str]) -> RoadClass:
    if row["open"] not in ("always", "tagged"):
        raise ValueError(f'open is {row["open"]!r}, neither "always" nor "tagged"')
    return RoadClass(
        name=row["class"],
        tagged=row["open"] == "tagged",
        kmh=_numbers(row, least=0.0),
        wait_seconds=int(row.get("wait_seconds") or 0),
    )


def _vehicle(row: Mapping[str, str]) -> VehicleSize:
    made = VehicleSize(
        name=row["profile"],
        access_tags=tuple(row["access_tags"].split()),
        height=float(row["height_m"]),
        width=float(row["width_m"]),
        weight=float(row["weight_t"]),
        access_kmh=float(row["access_kmh"]),
    )
    if not 0 < made.access_kmh <= 100:
        raise ValueError(f"access_kmh is {made.access_kmh:g}, not between 0 and 100")
    return made


def _slowing(row: Mapping[str, str]) -> Slowing:
    if row["period"] == QUIET or not row["period"]:
        raise ValueError(f"a period must have a name other than {QUIET!r}")
    centre = LatLon(lat=float(row["lat"]), lon=float(row["lon"])) if row["lat"] else None
    return Slowing(
        period=row["period"],
        begins=row["from"],
        ends=row["to"],
        road_class=row["class"],
        factor=_numbers(row, least=1.0),
        centre=centre,
        metres=float(row["km"]) * 1000 if centre is not None else 0.0,
    )
