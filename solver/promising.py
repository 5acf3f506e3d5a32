"""
Which of very many routes can be part of a better plan: a linear program, priced route by route.

Set partitioning over a hundred thousand routes is too much for any solver in a second, but its
linear relaxation is not: it begins with a few routes, and its duals say what every other route
would gain. Only those that gain enter. In the end a route whose reduced cost exceeds the gap
between the plan at hand and the relaxation cannot be in a better plan, and few others remain.

References
----------
Column generation over a given pool, and fixing by reduced cost: G. Desaulniers, J. Desrosiers and
M. M. Solomon (eds.), "Column Generation", Springer 2005.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp

_BATCH = 1_500
_ROUNDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """
    Routes as flat arrays.

    Parameters
    ----------
    kinds, costs
        Kind of vehicle and money of each route, shape (routes,).
    first
        Where each route's tasks begin in `tasks`, shape (routes + 1,).
    tasks
        Task numbers, route after route.
    """

    kinds: NDArray[np.int64]
    costs: NDArray[np.int64]
    first: NDArray[np.int64]
    tasks: NDArray[np.int64]


def promising(
    routes: Routes,
    *,
    skip_costs: NDArray[np.int64],
    kind_sizes: NDArray[np.int64],
    incumbent: NDArray[np.int64],
    most: int,
    over: Callable[[], bool],
) -> NDArray[np.int64]:
    """
    Return the numbers of the routes that a better plan may use, the likeliest first.

    Parameters
    ----------
    skip_costs
        Money for leaving each task out, shape (tasks,).
    kind_sizes
        Vehicles of each kind.
    incumbent
        Numbers of the routes of the plan to beat; the relaxation begins with them.
    most
        At most so many routes are returned.
    over
        Asked between the rounds; True ends the pricing with what is known by then.

    Raises
    ------
    ValueError
        `incumbent` is empty.
    """
    if incumbent.size == 0:
        raise ValueError("promising() needs the routes of a plan to begin with")
    unit = max(float(routes.costs[incumbent].mean()), 1.0)
    costs = routes.costs / unit
    skips = np.minimum(skip_costs / unit, 1e6)
    program = pywraplp.Solver.CreateSolver("GLOP")
    cover = [program.Constraint(1.0, 1.0) for _ in skips]
    limit = [program.Constraint(-program.infinity(), float(size)) for size in kind_sizes]
    objective = program.Objective()
    objective.SetMinimization()
    for task, skip in enumerate(skips):
        variable = program.NumVar(0.0, 1.0, "")
        cover[task].SetCoefficient(variable, 1.0)
        objective.SetCoefficient(variable, float(skip))
    inside = np.zeros(costs.size, bool)

    def enter(some: NDArray[np.int64]) -> None:
        for route in some.tolist():
            variable = program.NumVar(0.0, program.infinity(), "")
            objective.SetCoefficient(variable, float(costs[route]))
            limit[routes.kinds[route]].SetCoefficient(variable, 1.0)
            for task in routes.tasks[routes.first[route] : routes.first[route + 1]].tolist():
                cover[task].SetCoefficient(variable, 1.0)
        inside[some] = True

    enter(incumbent)
    served = np.zeros(skips.size, bool)
    for route in incumbent.tolist():
        served[routes.tasks[routes.first[route] : routes.first[route + 1]]] = True
    upper = float(costs[incumbent].sum() + skips[~served].sum())
    reduced = np.zeros(costs.size)
    lower = 0.0
    for _ in range(_ROUNDS):
        if over() or program.Solve() != pywraplp.Solver.OPTIMAL:
            break
        duals = np.array([row.dual_value() for row in cover])
        prices = np.array([row.dual_value() for row in limit])
        lower = objective.Value()
        reduced = costs - np.add.reduceat(duals[routes.tasks], routes.first[:-1])
        reduced -= prices[routes.kinds]
        gaining = np.flatnonzero((reduced < -1e-7) & ~inside)
        if gaining.size == 0:
            break
        best = gaining[np.argsort(reduced[gaining], kind="stable")[:_BATCH]]
        enter(best)
    order = np.argsort(reduced, kind="stable")
    kept = order[reduced[order] <= max(upper - lower, 0.0) + 1e-6]
    return np.asarray(kept[:most], np.int64)
