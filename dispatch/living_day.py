"""What a day is really like, what came of it, and what was on board along a driven route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dispatch.model import Order
from solver.model import Plan, Problem, Report, Route, StopKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """
    What the day is really like; the planner does not know it.

    Parameters
    ----------
    place_factors
        How much longer the ways to and from a place take than planned, by the place's id; a way's
        factor is the geometric mean of its two ends', times `day_factor`.
    seconds_at
        True seconds of service by order, for those that differ from the plan.
    in_vain
        Orders whose customer is not there today.
    down
        When a vehicle breaks down, by its id.
    called
        Orders that are called in during the day, and when.
    """

    day_factor: float = 1.0
    place_factors: Mapping[str, float] = field(default_factory=dict)
    seconds_at: Mapping[str, int] = field(default_factory=dict)
    in_vain: frozenset[str] = frozenset()
    down: Mapping[str, int] = field(default_factory=dict)
    called: tuple[tuple[int, Order], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """
    A day that is over.

    Parameters
    ----------
    problem, plan, report
        What was driven, and the judge's verdict.
    done, failed
        Orders that were brought or fetched, and those tried in vain; all others were not tried.
    replans
        How often the plan was changed.
    broken
        Vehicles that broke down on the road.
    """

    problem: Problem
    plan: Plan
    report: Report
    done: frozenset[str]
    failed: frozenset[str]
    replans: int
    broken: frozenset[str]


def loaded(route: Route, problem: Problem) -> Route:
    """Return the route with the loads that follow from its stops."""
    jobs = {job.id: job for job in problem.jobs}
    shipments = {each.id: each for each in problem.shipments}
    size = len(problem.dimensions)
    trips = [[0] * size]
    for stop in route.stops:
        if stop.kind is StopKind.RELOAD:
            trips.append([0] * size)
        elif stop.kind is StopKind.JOB:
            for k, units in enumerate(jobs[stop.id].delivery):
                trips[-1][k] += units
    load = list(trips[0])
    stops, trip = [], 0
    for stop in route.stops:
        if stop.kind is StopKind.RELOAD:
            trip += 1
            load = list(trips[trip])
        elif stop.kind is StopKind.JOB:
            for k, units in enumerate(jobs[stop.id].delivery):
                load[k] -= units
            for k, units in enumerate(jobs[stop.id].pickup):
                load[k] += units
        elif stop.kind in (StopKind.PICKUP, StopKind.DELIVERY):
            sign = 1 if stop.kind is StopKind.PICKUP else -1
            for k, units in enumerate(shipments[stop.id].amount):
                load[k] += sign * units
        stops.append(replace(stop, load=tuple(load)))
    return replace(route, load=tuple(trips[0]), stops=tuple(stops))
