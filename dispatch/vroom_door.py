"""
VROOM's questions answered: from the JSON that its clients send to the JSON that they expect.

What its request leaves to a road server, the travel between coordinates, is measured here by the
office's own provider. How hard to search is taken from the request's options as VROOM has them:
`x` (exploration level, 0 to 5), `l` (seconds at most), `c` (plan mode: the vehicles' steps are the
routes), `g` (geometry and distances).

References
----------
https://github.com/VROOM-Project/vroom/blob/master/docs/API.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from dispatch.errors import DispatchError
from dispatch.executors_process import Task
from dispatch.search_pool import SearchPool
from geo.travel import TravelProvider
from geo.types import LatLon
from solver.checker import check
from solver.errors import Finding, FormatError
from solver.formats import vroom, vroom_answer
from solver.formats.instance import Instance
from solver.model import Result
from solver.schedule import schedule
from solver.validation import require_valid

PROFILES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("car", "van", "driving", "driving-car", "auto"), "van"),
        **dict.fromkeys(("truck", "hgv", "driving-hgv"), "truck"),
        **dict.fromkeys(("motorbike", "motorcycle", "motor_scooter", "scooter"), "motorbike"),
        **dict.fromkeys(("bike", "bicycle", "cycling-regular", "cycling-electric"), "motorbike"),
    }
)
"""Which of our vehicles stands for the profile that a client names."""

_TITLE = "the VROOM request cannot be read:"


class TooLargeError(DispatchError):
    """A request has more of something than is answered (`.what`, `.count`, `.most`)."""

    def __init__(self, *, what: str, count: int, most: int) -> None:
        self.what, self.count, self.most = what, count, most
        super().__init__(f"the request has {count} {what}, at most {most} are answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class VroomRules:
    """
    How much is answered and how long is searched.

    Parameters
    ----------
    seconds
        For a problem of `full_size` tasks, by exploration level 0 to 5; smaller ones take their
        share of it, but `least_seconds` at least.
    most_seconds
        The longest search, whatever a request asks for.
    most_locations, most_vehicles
        A larger request is refused.
    threads
        Threads of one search.
    """

    seconds: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
    full_size: int = 500
    least_seconds: float = 0.3
    most_seconds: float = 60.0
    most_locations: int = 1_000
    most_vehicles: int = 300
    threads: int = 1
    profiles: Mapping[str, str] = field(default_factory=lambda: dict(PROFILES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a request's `options` ask for."""

    geometry: bool = False
    plan_mode: bool = False
    level: int = 5
    limit: float | None = None


def _never() -> bool:
    return False


class VroomDoor:
    """
    Answers requests in VROOM's words.

    Parameters
    ----------
    travel
        Measures between coordinates.
    pool
        Where the searches run.
    clock
        Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        *,
        travel: TravelProvider,
        pool: SearchPool,
        clock: Callable[[], float],
        rules: VroomRules = VroomRules(),
    ) -> None:
        self._travel = travel
        self._pool = pool
        self._clock = clock
        self._rules = rules

    def answer(self, text: str, *, stop: Callable[[], bool] = _never) -> Answer:
        """
        Answer one request.

        Raises
        ------
        FormatError
            Everything that is wrong with it, each with its JSON path.
        TooLargeError
            It has more places or vehicles than are answered.
        GeoError
            The travel between its coordinates cannot be measured.
        ProblemError, PlanError
            It contradicts itself, or its steps cannot be read.
        PoolBusyError, SearchLostError
            There is no process free for it, or its process died.
        """
        began = self._clock()
        held = _without_nulls(vroom.parsed(text))
        if not isinstance(held, dict):
            raise _refusal([Finding(where="$", what="is no object", remedy="give jobs, vehicles")])
        _require_parts(held)
        options = _options(held.get("options", {}))
        self._limit(held)
        measured = self._measure(held, options)
        instance = vroom.read_held(held, plan_mode=options.plan_mode)
        require_valid(instance.problem)
        loaded = self._clock()
        result = self._result(instance, options, stop)
        solved = self._clock()
        answer = vroom_answer.answer(result, instance, given=held, plan_mode=options.plan_mode)
        if options.geometry:
            self._draw(answer, held)
        if measured.own_rows:
            _forget_rows(answer)
        answer["summary"]["computing_times"] = {
            "loading": round((loaded - began) * 1000),
            "solving": round((solved - loaded) * 1000),
            "routing": round((self._clock() - solved) * 1000),
        }
        return Answer(held=answer, measured=measured.profiles, seconds=self._clock() - began)

    def _limit(self, held: Mapping[str, Any]) -> None:
        rules = self._rules
        vehicles = held.get("vehicles", [])
        count = len(vehicles) if isinstance(vehicles, list) else 0
        if count > rules.most_vehicles:
            raise TooLargeError(what="vehicles", count=count, most=rules.most_vehicles)
        spots = sum(1 for _ in _spots(held))
        if spots > 4 * rules.most_locations:
            raise TooLargeError(what="places", count=spots, most=4 * rules.most_locations)

    # ---- travel -------------------------------------------------------------------------------

    def _measure(self, held: dict[str, Any], options: Options) -> _Measured:
        """Add the matrices that the request leaves to a road server."""
        matrices = held.get("matrices")
        if matrices is None and "matrix" in held:
            matrices = {
                name: {"durations": held["matrix"]} for name in _profiles_of(held) or ("car",)
            }
            held["matrices"] = matrices
            held.pop("matrix")
        if matrices is None:
            return self._measure_all(held)
        if not isinstance(matrices, dict):
            return _Measured()
        lacking = [
            name
            for name in sorted(_profiles_of(held))
            if name not in matrices
            or (
                isinstance(matrices[name], dict)
                and "distances" not in matrices[name]
                and (options.geometry or _wants_distances(held, name))
            )
        ]
        points = _points_by_row(held) if lacking else None
        if points is None:
            return _Measured()
        for name in lacking:
            travel = self._travel.matrix(points, profile=self._profile(name, held))
            own = matrices.setdefault(name, {"durations": travel.seconds})
            if len(own["durations"]) != len(points):
                raise _refusal(
                    [
                        Finding(
                            where=f"$.matrices.{name}",
                            what="has no distances, and not every row has coordinates",
                            remedy="add the distances",
                        )
                    ]
                )
            own["distances"] = travel.metres
        return _Measured(profiles=tuple(lacking))

    def _measure_all(self, held: dict[str, Any]) -> _Measured:
        rows: dict[tuple[float, float], int] = {}
        points: list[LatLon] = []
        found: list[Finding] = []
        for path, given, key, index in _spots(held):
            if key not in given:
                if key == "location":
                    remedy = "give [longitude, latitude], or matrices and location_index"
                    found.append(Finding(where=f"{path}.{key}", what="is missing", remedy=remedy))
                continue
            point = _point(given[key])
            if point is None:
                what = "is no point"
                remedy = "give [longitude, latitude] in degrees, in this order"
                found.append(Finding(where=f"{path}.{key}", what=what, remedy=remedy))
                continue
            spot = (point.lon, point.lat)
            if spot not in rows:
                rows[spot] = len(points)
                points.append(point)
            given[index] = rows[spot]
        if found:
            raise _refusal(found)
        if len(points) > self._rules.most_locations:
            raise TooLargeError(what="places", count=len(points), most=self._rules.most_locations)
        names = sorted(_profiles_of(held))
        matrices: dict[str, Any] = {}
        for name in names:
            travel = self._travel.matrix(points, profile=self._profile(name, held))
            matrices[name] = {"durations": travel.seconds, "distances": travel.metres}
        # Without vehicles nothing is driven, but the tasks still need rows.
        nothing = [[0] * len(points) for _ in points]
        held["matrices"] = matrices or {"car": {"durations": nothing}}
        return _Measured(profiles=tuple(names), own_rows=True)

    def _profile(self, name: str, held: Mapping[str, Any]) -> str:
        known = self._rules.profiles
        if name in known:
            return known[name]
        where = next(
            f"$.vehicles[{k}].profile"
            for k, vehicle in enumerate(held["vehicles"])
            if isinstance(vehicle, dict) and vehicle.get("profile", "car") == name
        )
        remedy = f"give its matrices, or use one of {', '.join(sorted(known))}"
        raise _refusal([Finding(where=where, what=f"{name!r} is not known", remedy=remedy)])

    # ---- search and drawing -------------------------------------------------------------------

    def _result(self, instance: Instance, options: Options, stop: Callable[[], bool]) -> Result:
        problem = instance.problem
        tasks = len(problem.jobs) + len(problem.shipments)
        if options.plan_mode or not tasks or not problem.vehicles:
            plan = schedule(problem, instance.start)
            return Result(
                plan=plan,
                report=check(problem, plan),
                engine="schedule",
                seed=1,
                iterations=0,
                seconds=0.0,
            )
        rules = self._rules
        seconds = rules.seconds[min(options.level, len(rules.seconds) - 1)]
        seconds = max(seconds * min(tasks / rules.full_size, 1.0), rules.least_seconds)
        for limit in (options.limit, rules.most_seconds):
            seconds = seconds if limit is None else min(seconds, limit)
        task = Task(
            problem=problem,
            seconds=seconds,
            iterations=None,
            seed=1,
            engine="auto",
            start=instance.start or None,
            threads=rules.threads,
        )
        return self._pool.solve(task, stop=stop)

    def _draw(self, answer: dict[str, Any], held: Mapping[str, Any]) -> None:
        """Add each route's line, where every one of its steps has coordinates."""
        profiles = {v["id"]: v.get("profile", "car") for v in held["vehicles"]}
        for route in answer["routes"]:
            steps = [step for step in route["steps"] if step["type"] != "break"]
            points = [_point(step.get("location")) for step in steps]
            inside = [point for point in points if point is not None]
            if len(inside) < len(points) or not inside:
                continue
            profile = self._rules.profiles.get(profiles[route["vehicle"]], "van")
            line = inside[:1]
            for here, there in pairwise(inside):
                if here != there:
                    line += self._travel.shape(here, there, profile=profile)[1:]
            route["geometry"] = encoded(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What goes back to the client.

    Parameters
    ----------
    held
        VROOM's answer.
    measured
        The profiles whose travel was measured here, none where the request had all of it.
    seconds
        From the question to the answer.
    """

    held: Mapping[str, Any]
    measured: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    profiles: tuple[str, ...] = ()
    own_rows: bool = False


def encoded(line: Sequence[LatLon]) -> str:
    """
    Return a line as text, five decimals of a degree to each point.

    References
    ----------
    Google, "Encoded Polyline Algorithm Format".
    """
    text = []
    before = (0, 0)
    for point in line:
        here = (round(point.lat * 1e5), round(point.lon * 1e5))
        for value, last in zip(here, before, strict=True):
            step = value - last
            rest = ~(step << 1) if step < 0 else step << 1
            while rest >= 0x20:
                text.append(chr((0x20 | (rest & 0x1F)) + 63))
                rest >>= 5
            text.append(chr(rest + 63))
        before = here
    return "".join(text)


def _refusal(found: Sequence[Finding]) -> FormatError:
    return FormatError(_TITLE, found)


def _require_parts(held: Mapping[str, Any]) -> None:
    found = []
    if not held.get("vehicles"):
        found.append(Finding(where="$.vehicles", what="is missing", remedy="give one at least"))
    if "jobs" not in held and "shipments" not in held:
        found.append(Finding(where="$.jobs", what="is missing", remedy="give jobs or shipments"))
    if found:
        raise _refusal(found)


def _options(given: Any) -> Options:
    found = []
    if not isinstance(given, dict):
        raise _refusal([Finding(where="$.options", what="is no object", remedy="give an object")])
    level, limit = given.get("x", 5), given.get("l")
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 5:
        found.append(Finding(where="$.options.x", what="is no level", remedy="give 0 to 5"))
    if limit is not None and (
        isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0
    ):
        found.append(Finding(where="$.options.l", what="is no time", remedy="give seconds"))
    found += [
        Finding(where=f"$.options.{key}", what="is no switch", remedy="give true or false")
        for key in ("g", "c")
        if not isinstance(given.get(key, False), bool)
    ]
    if found:
        raise _refusal(found)
    return Options(
        geometry=given.get("g", False), plan_mode=given.get("c", False), level=level, limit=limit
    )


def _without_nulls(value: Any) -> Any:
    """Drop keys whose value is null: some clients send every field that they know."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_without_nulls(inner) for inner in value]
    return value


def _spots(held: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Return (path, object, key of its point, key of its row) of everything with a place."""

    def objects(parent: Mapping[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
        listed = parent.get(key, [])
        for number, given in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(given, dict):
                yield number, given

    for number, job in objects(held, "jobs"):
        yield f"$.jobs[{number}]", job, "location", "location_index"
    for number, shipment in objects(held, "shipments"):
        for end in ("pickup", "delivery"):
            if isinstance(shipment.get(end), dict):
                path = f"$.shipments[{number}].{end}"
                yield path, shipment[end], "location", "location_index"
    for number, vehicle in objects(held, "vehicles"):
        for end in ("start", "end"):
            yield f"$.vehicles[{number}]", vehicle, end, f"{end}_index"


def _profiles_of(held: Mapping[str, Any]) -> set[str]:
    vehicles = held.get("vehicles", [])
    if not isinstance(vehicles, list):
        return set()
    names = (v.get("profile", "car") for v in vehicles if isinstance(v, dict))
    return {name for name in names if isinstance(name, str)}


def _wants_distances(held: Mapping[str, Any], profile: str) -> bool:
    for vehicle in held["vehicles"]:
        if isinstance(vehicle, dict) and vehicle.get("profile", "car") == profile:
            costs = vehicle.get("costs")
            if "max_distance" in vehicle or (isinstance(costs, dict) and costs.get("per_km")):
                return True
    return False


def _points_by_row(held: Mapping[str, Any]) -> list[LatLon] | None:
    """Return the coordinates of the rows 0, 1, … that places have, None where one is unknown."""
    points: dict[int, LatLon] = {}
    for _, given, key, index in _spots(held):
        point = _point(given.get(key))
        if point is not None and isinstance(given.get(index), int):
            points[given[index]] = point
    known = [points[row] for row in range(len(points)) if row in points]
    return known if known and len(known) == len(points) else None


def _point(given: Any) -> LatLon | None:
    if not isinstance(given, list | tuple) or len(given) != 2:
        return None
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in given):
        return None
    try:
        return LatLon(lat=float(given[1]), lon=float(given[0]))
    except (ValueError, OverflowError):
        return None


def _forget_rows(answer: Mapping[str, Any]) -> None:
    for part in answer["unassigned"]:
        part.pop("location_index", None)
    for route in answer["routes"]:
        for step in route["steps"]:
            step.pop("location_index", None)
