"""
For every violation code a good plan is damaged to show exactly it, by an amount told by hand.

The good plan: the vehicle leaves place 0 at 60, is at place 1 (10 s away) at 70, where "a" opens at
70 and takes 5 s, is at place 2 (10 s further) at 85 for "b", 5 s, and is back (20 s) at 110. It
carries 3 units out. A shipment "s" waits at place 3 (30 s from the start) for place 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from solver.checker import check
from solver.model import Break, Plan, Problem, Report, Route, Stop, StopKind, Vehicle, Violation
from solver.model import ViolationCode as Code
from solver.schedule import schedule
from tests.solver import builders as b

SPOTS = [0, 10, 20, 30, 40]
JOB, BREAK, RELOAD = StopKind.JOB, StopKind.BREAK, StopKind.RELOAD
PICKUP, DELIVERY = StopKind.PICKUP, StopKind.DELIVERY


@dataclass(frozen=True)
class Spoiled:
    """A damaged plan with the one violation that it shows."""

    problem: Problem
    plan: Plan
    violation: Violation


SPOILERS: dict[Code, Callable[[], Spoiled]] = {}


def spoils(code: Code) -> Callable[[Callable[[], Spoiled]], Callable[[], Spoiled]]:
    """Register a function that damages the plan so that exactly this code appears."""

    def register(spoiler: Callable[[], Spoiled]) -> Callable[[], Spoiled]:
        SPOILERS[code] = spoiler
        return spoiler

    return register


def good(**vehicle: object) -> tuple[Problem, Plan]:
    """Return the problem of the module's text without the shipment, and its plan."""
    problem = b.problem(
        SPOTS,
        jobs=[
            b.job("a", 1, service_seconds=5, windows=[(70, 100)], delivery=(2,)),
            b.job("b", 2, service_seconds=5, delivery=(1,)),
        ],
        vehicles=b.vehicle(**vehicle),  # type: ignore[arg-type]
    )
    plan = schedule(problem, [b.tour("v", "a", "b")])
    return problem, plan


def shipping(*names: str) -> tuple[Problem, Plan]:
    """Return a problem of one shipment and one job, two vehicles, and the plan of a tour of v."""
    problem = b.problem(
        SPOTS,
        jobs=[b.job("a", 1)],
        shipments=[b.shipment("s", 3, 4, amount=(1,))],
        vehicles=[b.vehicle("v", reloads=(b.reload("r", 0),)), b.vehicle("w")],
    )
    return problem, schedule(problem, [b.tour("v", *names)])


def vehicle_of(problem: Problem, **changes: object) -> Problem:
    """Return the problem with its first vehicle changed."""
    first, *others = problem.vehicles
    return replace(problem, vehicles=(replace(first, **changes), *others))  # type: ignore[arg-type]


def restop(plan: Plan, number: int, **changes: object) -> Plan:
    """Return the plan with one stop of its first route changed."""
    stops = list(plan.routes[0].stops)
    stops[number] = replace(stops[number], **changes)  # type: ignore[arg-type]
    return reroute(plan, stops=tuple(stops))


def reroute(plan: Plan, **changes: object) -> Plan:
    """Return the plan with its first route changed."""
    first, *others = plan.routes
    return replace(plan, routes=(replace(first, **changes), *others))  # type: ignore[arg-type]


def lunch(start: int, end: int, seconds: int = 10, name: str = "lunch") -> Break:
    """Return an unpaid break."""
    return b.pause(name, seconds, (start, end))


# ---- who does what ----------------------------------------------------------------------------


@spoils(Code.UNKNOWN_VEHICLE)
def _() -> Spoiled:
    problem, plan = good()
    ghost = Route(vehicle="ghost", departure=0, stops=(), finish=0)
    plan = replace(plan, routes=(*plan.routes, ghost))
    return Spoiled(problem, plan, Violation(code=Code.UNKNOWN_VEHICLE, amount=1, vehicle="ghost"))


@spoils(Code.VEHICLE_USED_TWICE)
def _() -> Spoiled:
    # Each job alone is a right route of the same vehicle: one route too many.
    problem, _ = good()
    once = schedule(problem, [b.tour("v", "a")]).routes
    again = schedule(problem, [b.tour("v", "b")]).routes
    plan = Plan(routes=(*once, *again))
    return Spoiled(problem, plan, Violation(code=Code.VEHICLE_USED_TWICE, amount=1, vehicle="v"))


@spoils(Code.UNKNOWN_STOP)
def _() -> Spoiled:
    problem, plan = good()
    stops = plan.routes[0].stops
    strange = Stop(kind=JOB, id="nobody", arrival=75, begin=75, departure=75, load=stops[0].load)
    plan = reroute(plan, stops=(stops[0], strange, stops[1]))
    violation = Violation(code=Code.UNKNOWN_STOP, amount=1, vehicle="v", id="nobody")
    return Spoiled(problem, plan, violation)


@spoils(Code.JOB_REPEATED)
def _() -> Spoiled:
    # Done once and listed as left out once: one time too many.
    problem, plan = good()
    plan = replace(plan, unassigned=("b",))
    return Spoiled(problem, plan, Violation(code=Code.JOB_REPEATED, amount=1, id="b"))


@spoils(Code.JOB_MISSING)
def _() -> Spoiled:
    problem, _ = good()
    plan = replace(schedule(problem, [b.tour("v", "a")]), unassigned=())
    return Spoiled(problem, plan, Violation(code=Code.JOB_MISSING, amount=1, id="b"))


@spoils(Code.REQUIRED_UNASSIGNED)
def _() -> Spoiled:
    problem, _ = good()
    plan = schedule(problem, [b.tour("v", "a")])
    return Spoiled(problem, plan, Violation(code=Code.REQUIRED_UNASSIGNED, amount=1, id="b"))


@spoils(Code.SHIPMENT_INCOMPLETE)
def _() -> Spoiled:
    problem, plan = shipping("a", "+s")
    return Spoiled(problem, plan, Violation(code=Code.SHIPMENT_INCOMPLETE, amount=1, id="s"))


@spoils(Code.SHIPMENT_ORDER)
def _() -> Spoiled:
    problem, plan = shipping("a", "-s", "+s")
    violation = Violation(code=Code.SHIPMENT_ORDER, amount=1, vehicle="v", id="s")
    return Spoiled(problem, plan, violation)


@spoils(Code.SHIPMENT_SPLIT)
def _() -> Spoiled:
    problem, plan = shipping("+s", "@r", "a", "-s")
    return Spoiled(problem, plan, Violation(code=Code.SHIPMENT_SPLIT, amount=1, id="s"))


@spoils(Code.SKILL_MISSING)
def _() -> Spoiled:
    # Two of three skills are lacking.
    problem, plan = good(skills=frozenset({"fridge"}))
    needs = frozenset({"fridge", "ladder", "key"})
    problem = replace(problem, jobs=(replace(problem.jobs[0], skills=needs), problem.jobs[1]))
    violation = Violation(code=Code.SKILL_MISSING, amount=2, vehicle="v", id="a")
    return Spoiled(problem, plan, violation)


@spoils(Code.VEHICLE_NOT_ALLOWED)
def _() -> Spoiled:
    problem, plan = good()
    job = replace(problem.jobs[1], vehicles=frozenset({"w"}))
    problem = replace(problem, jobs=(problem.jobs[0], job))
    violation = Violation(code=Code.VEHICLE_NOT_ALLOWED, amount=1, vehicle="v", id="b")
    return Spoiled(problem, plan, violation)


@spoils(Code.LOCKED_ORDER_BROKEN)
def _() -> Spoiled:
    # "b" must come first and "a" second; both are out of place.
    problem, plan = good()
    problem = vehicle_of(problem, locked=("b", "a"))
    violation = Violation(code=Code.LOCKED_ORDER_BROKEN, amount=2, vehicle="v")
    return Spoiled(problem, plan, violation)


@spoils(Code.CAPACITY_EXCEEDED)
def _() -> Spoiled:
    # 2 + 1 = 3 units leave the start in a vehicle for 1.
    problem, plan = good()
    problem = vehicle_of(problem, capacity=(1,))
    violation = Violation(code=Code.CAPACITY_EXCEEDED, amount=2, vehicle="v", dimension="a")
    return Spoiled(problem, plan, violation)


# ---- time -------------------------------------------------------------------------------------


@spoils(Code.WINDOW_MISSED)
def _() -> Spoiled:
    # "a" begins at 70; its window now closed at 63.
    problem, plan = good()
    job = replace(problem.jobs[0], windows=b.windows((0, 63)))
    problem = replace(problem, jobs=(job, problem.jobs[1]))
    violation = Violation(code=Code.WINDOW_MISSED, amount=7, vehicle="v", id="a")
    return Spoiled(problem, plan, violation)


@spoils(Code.SHIFT_TOO_EARLY)
def _() -> Spoiled:
    # It leaves at 60, the shift begins at 64.
    problem, plan = good()
    problem = vehicle_of(problem, shift=b.windows((64, 1000))[0])
    return Spoiled(problem, plan, Violation(code=Code.SHIFT_TOO_EARLY, amount=4, vehicle="v"))


@spoils(Code.SHIFT_TOO_LATE)
def _() -> Spoiled:
    # It is back at 110, the shift ends at 101.
    problem, plan = good()
    problem = vehicle_of(problem, shift=b.windows((0, 101))[0])
    return Spoiled(problem, plan, Violation(code=Code.SHIFT_TOO_LATE, amount=9, vehicle="v"))


@spoils(Code.RELEASE_NOT_KEPT)
def _() -> Spoiled:
    # It leaves at 60 with goods that are there at 72.
    problem, plan = good()
    problem = replace(problem, jobs=(problem.jobs[0], replace(problem.jobs[1], release=72)))
    return Spoiled(problem, plan, Violation(code=Code.RELEASE_NOT_KEPT, amount=12, vehicle="v"))


@spoils(Code.BREAK_MISSING)
def _() -> Spoiled:
    # On the road from 60 to 110; lunch begins between 70 and 90, takes 10 s, and is not taken.
    problem, plan = good()
    problem = vehicle_of(problem, breaks=(lunch(70, 90),))
    violation = Violation(code=Code.BREAK_MISSING, amount=10, vehicle="v", id="lunch")
    return Spoiled(problem, plan, violation)


@spoils(Code.BREAK_WINDOW_MISSED)
def _() -> Spoiled:
    # Taken as soon as "a" is done, at 75; it should have begun by 72.
    problem, _ = good(breaks=(lunch(75, 90),))
    plan = schedule(problem, [b.tour("v", "a", "b")])
    rest = next(stop for stop in plan.routes[0].stops if stop.kind is BREAK)
    assert rest.begin == 75
    problem = vehicle_of(problem, breaks=(lunch(61, 72),))
    violation = Violation(code=Code.BREAK_WINDOW_MISSED, amount=3, vehicle="v", id="lunch")
    return Spoiled(problem, plan, violation)


@spoils(Code.BREAK_REPEATED)
def _() -> Spoiled:
    # Lunch twice in a row after "b": 90 to 100 and 100 to 110, home at 130.
    problem, plan = good(breaks=(lunch(90, 100),))
    stops = [stop for stop in plan.routes[0].stops if stop.kind is not BREAK]
    stops[1] = b.stop(JOB, "b", 85, 85, 90, load=(0,))
    rests = [
        b.stop(BREAK, "lunch", 90, 90, 100, load=(0,)),
        b.stop(BREAK, "lunch", 100, 100, 110, load=(0,)),
    ]
    plan = reroute(plan, departure=60, stops=(*stops, *rests), finish=130)
    violation = Violation(code=Code.BREAK_REPEATED, amount=1, vehicle="v", id="lunch")
    return Spoiled(problem, plan, violation)


@spoils(Code.BREAK_ORDER)
def _() -> Spoiled:
    # Tea belongs after lunch, and is taken at 90, before it.
    problem, plan = good()
    problem = vehicle_of(problem, breaks=(lunch(60, 100), lunch(60, 100, name="tea")))
    rests = [
        b.stop(BREAK, "tea", 90, 90, 100, load=(0,)),
        b.stop(BREAK, "lunch", 100, 100, 110, load=(0,)),
    ]
    plan = reroute(plan, stops=(*plan.routes[0].stops, *rests), finish=130)
    violation = Violation(code=Code.BREAK_ORDER, amount=1, vehicle="v", id="lunch")
    return Spoiled(problem, plan, violation)


# ---- reloads ----------------------------------------------------------------------------------


def reloading(**fields: object) -> tuple[Problem, Plan]:
    """Return the good problem with a reload at the start, and the plan that uses it once."""
    problem, _ = good(reloads=(b.reload("noon", 0, **fields),))
    return problem, schedule(problem, [b.tour("v", "a", "@noon", "b")])


@spoils(Code.RELOAD_WINDOW_MISSED)
def _() -> Spoiled:
    # "a" is done at 75, back at the start at 85; the desk closed at 80.
    problem, plan = reloading()
    assert plan.routes[0].stops[1].begin == 85
    problem = vehicle_of(problem, reloads=(b.reload("noon", 0, windows=[(0, 80)]),))
    violation = Violation(code=Code.RELOAD_WINDOW_MISSED, amount=5, vehicle="v", id="noon")
    return Spoiled(problem, plan, violation)


@spoils(Code.RELOAD_TOO_OFTEN)
def _() -> Spoiled:
    problem, plan = reloading()
    problem = vehicle_of(problem, reloads=(b.reload("noon", 0, most=0),))
    violation = Violation(code=Code.RELOAD_TOO_OFTEN, amount=1, vehicle="v", id="noon")
    return Spoiled(problem, plan, violation)


@spoils(Code.RELOAD_MISSING)
def _() -> Spoiled:
    # Out from 60 to 110, settlement due by 100.
    problem, plan = good()
    settlement = b.reload("noon", 0, windows=[(80, 100)], required=True)
    problem = vehicle_of(problem, reloads=(settlement,))
    violation = Violation(code=Code.RELOAD_MISSING, amount=1, vehicle="v", id="noon")
    return Spoiled(problem, plan, violation)


# ---- limits -----------------------------------------------------------------------------------


@spoils(Code.METRES_EXCEEDED)
def _() -> Spoiled:
    # 100 + 100 + 200 metres; 390 are allowed.
    problem, plan = good()
    problem = vehicle_of(problem, max_metres=390)
    return Spoiled(problem, plan, Violation(code=Code.METRES_EXCEEDED, amount=10, vehicle="v"))


@spoils(Code.DRIVING_EXCEEDED)
def _() -> Spoiled:
    # 10 + 10 + 20 seconds of driving; 37 are allowed.
    problem, plan = good()
    problem = vehicle_of(problem, max_driving_seconds=37)
    return Spoiled(problem, plan, Violation(code=Code.DRIVING_EXCEEDED, amount=3, vehicle="v"))


@spoils(Code.DUTY_EXCEEDED)
def _() -> Spoiled:
    # From 60 to 110 are 50 seconds; 45 are allowed.
    problem, plan = good()
    problem = vehicle_of(problem, max_duty_seconds=45)
    return Spoiled(problem, plan, Violation(code=Code.DUTY_EXCEEDED, amount=5, vehicle="v"))


@spoils(Code.STOPS_EXCEEDED)
def _() -> Spoiled:
    problem, plan = good()
    problem = vehicle_of(problem, max_stops=1)
    return Spoiled(problem, plan, Violation(code=Code.STOPS_EXCEEDED, amount=1, vehicle="v"))


# ---- what is stated ---------------------------------------------------------------------------


@spoils(Code.TIME_MISSTATED)
def _() -> Spoiled:
    # "b" takes until 90, the plan says 96 and yet that the vehicle is home at 110.
    problem, plan = good()
    plan = restop(plan, 1, departure=96)
    violation = Violation(code=Code.TIME_MISSTATED, amount=6, vehicle="v", id="b")
    return Spoiled(problem, plan, violation)


@spoils(Code.LOAD_MISSTATED)
def _() -> Spoiled:
    # After "a" one unit is left, the plan says 4.
    problem, plan = good()
    plan = restop(plan, 0, load=(4,))
    violation = Violation(code=Code.LOAD_MISSTATED, amount=3, vehicle="v", id="a")
    return Spoiled(problem, plan, violation)


# ---- the claims -------------------------------------------------------------------------------


def test_the_plan_that_is_damaged_is_good() -> None:
    problem, plan = good()
    route = plan.routes[0]
    assert (route.departure, route.finish, route.load) == (60, 110, (3,))
    assert [(s.arrival, s.begin, s.departure, s.load) for s in route.stops] == [
        (70, 70, 75, (1,)),
        (85, 85, 90, (0,)),
    ]
    assert check(problem, plan).feasible


@pytest.mark.parametrize("code", list(Code))
def test_each_violation_is_shown_exactly_with_its_amount(code: Code) -> None:
    spoiled = SPOILERS[code]()
    assert check(spoiled.problem, spoiled.plan).violations == (spoiled.violation,)
    assert spoiled.violation.code is code


@pytest.mark.parametrize("code", list(Code))
def test_a_spoiled_plan_still_gets_a_whole_report(code: Code) -> None:
    spoiled = SPOILERS[code]()
    report = check(spoiled.problem, spoiled.plan)
    assert isinstance(report, Report)
    assert not report.feasible
    known = {vehicle.id for vehicle in spoiled.problem.vehicles}
    assert len(report.routes) == sum(route.vehicle in known for route in spoiled.plan.routes)


def test_a_locked_vehicle_that_stays_at_home_breaks_its_whole_order() -> None:
    problem, plan = good()
    stand_by = Vehicle(id="w", shift=b.windows((0, 9))[0], locked=("a", "b"))
    problem = replace(problem, vehicles=(*problem.vehicles, stand_by))
    assert check(problem, plan).violations == (
        Violation(code=Code.LOCKED_ORDER_BROKEN, amount=2, vehicle="w"),
    )


def test_a_shipment_on_two_vehicles_is_split_and_nothing_else() -> None:
    problem, _ = shipping()
    tours = [b.tour("v", "a", "+s"), b.tour("w", "-s")]
    report = check(problem, schedule(problem, tours))
    assert report.violations == (Violation(code=Code.SHIPMENT_SPLIT, amount=1, id="s"),)


def test_a_job_done_twice_and_listed_too_is_two_times_too_many() -> None:
    problem, _ = good()
    plan = replace(schedule(problem, [b.tour("v", "a", "b", "b")]), unassigned=("b",))
    assert check(problem, plan).violations == (Violation(code=Code.JOB_REPEATED, amount=2, id="b"),)


def test_a_break_of_another_vehicle_is_an_unknown_stop() -> None:
    problem, plan = good()
    nap = b.stop(BREAK, "nap", 75, 75, 75, load=(1,))
    stops = plan.routes[0].stops
    plan = reroute(plan, stops=(stops[0], nap, stops[1]))
    assert check(problem, plan).violations == (
        Violation(code=Code.UNKNOWN_STOP, amount=1, vehicle="v", id="nap"),
    )


def test_kinds_must_fit_their_ids() -> None:
    problem, plan = good()
    for kind in (PICKUP, DELIVERY, RELOAD):
        codes = [v.code for v in check(problem, restop(plan, 0, kind=kind)).violations]
        assert Code.UNKNOWN_STOP in codes
        assert Code.JOB_MISSING in codes
