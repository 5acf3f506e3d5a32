"""Judging again only what changed finds what judging everything finds."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from dispatch.rejudging import rejudged
from solver.checker import check
from solver.model import Problem, Step, StopKind, Tour
from solver.schedule import schedule
from tests.dispatch.day_plans import tiny_day_plan
from tests.solver.builders import job, problem, tour, vehicle


def shaken(tours: list[Tour], problem: Problem, random: Random) -> list[Tour]:
    """Move some steps to other places, drop some, and bring some that were left out."""
    orders = {one.id: list[Step]() for one in problem.vehicles}
    orders |= {one.vehicle: list(one.steps) for one in tours}
    for _ in range(random.randint(0, 3)):
        free = [
            (name, number)
            for name, steps in orders.items()
            for number, step in enumerate(steps)
            if step.kind is not StopKind.RELOAD
        ]
        name, number = random.choice(free)
        step = orders[name].pop(number)
        if random.random() < 0.7:
            to = orders[random.choice(list(orders))]
            to.insert(random.randint(0, len(to)), step)
    inside = {step.id for steps in orders.values() for step in steps}
    for one in problem.jobs:
        if one.id not in inside and random.random() < 0.3:
            orders[random.choice(list(orders))].append(Step(kind=StopKind.JOB, id=one.id))
    names = list(orders)
    random.shuffle(names)
    return [Tour(vehicle=name, steps=tuple(orders[name])) for name in names]


def test_the_verdict_is_that_of_the_whole() -> None:
    day = tiny_day_plan()
    whole = day.problem
    # A required task that may be left out, so that this is found too.
    whole = replace(whole, jobs=(replace(whole.jobs[0], skip_cost=None), *whole.jobs[1:]))
    tours = [route.tour for route in day.result.plan.routes]
    plan = schedule(whole, tours)
    report = check(whole, plan)
    random = Random(7)
    seen = set()
    for _ in range(300):
        again = shaken(tours, whole, random)
        made, verdict = rejudged(whole, plan, report, again)
        expected = schedule(whole, again)
        assert made == expected
        judged = check(whole, expected)
        assert sorted(map(str, verdict.violations)) == sorted(map(str, judged.violations))
        assert replace(verdict, violations=()) == replace(judged, violations=())
        seen |= {violation.code for violation in judged.violations}
        tours, plan, report = again, made, verdict
    # Rules of routes, of what is left, and of what belongs together were all broken on the way.
    assert len(seen) >= 4


def test_what_is_done_twice_is_found() -> None:
    jobs = [job("a", 1, skip_cost=5), job("b", 2, skip_cost=5)]
    given = problem([0, 1, 2], jobs=jobs, vehicles=[vehicle("v"), vehicle("w")])
    plan = schedule(given, [tour("v", "a"), tour("w", "b")])
    twice = [tour("v", "a"), tour("w", "b", "a")]
    made, verdict = rejudged(given, plan, check(given, plan), twice)
    assert verdict == check(given, made)
    assert [str(one.code) for one in verdict.violations] == ["job_repeated"]
