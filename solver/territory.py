"""
Which depot serves an area today: min-cost flow over the depots' capacity.

A depot that is closed or overfull hands areas to others; where nothing forces a change, each area
stays where it belongs. Amounts are whole units of demand; an area may be shared between depots.

References
----------
R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", Prentice Hall 1993, chapter 9; solved
with OR-Tools' SimpleMinCostFlow (cost scaling).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortools.graph.python import min_cost_flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """
    A piece of territory.

    Parameters
    ----------
    demand
        Whole units of work.
    home
        Id of the depot that serves it on ordinary days.
    costs
        By depot that may serve it, what each unit costs from there; whole numbers.
    """

    id: str
    demand: int
    home: str
    costs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many units of an area are served by a depot; an empty depot means by nobody."""

    area: str
    depot: str
    units: int


def assign(
    areas: Sequence[Area], capacity: Mapping[str, int], *, change_cost: int, skip_cost: int
) -> tuple[Share, ...]:
    """
    Share the areas out at the least cost.

    Parameters
    ----------
    capacity
        Units by depot; one that is not named is closed.
    change_cost
        Added to each unit that another depot than its home serves.
    skip_cost
        For each unit that nobody serves.

    Returns
    -------
    tuple of Share
        In the order of the areas, then of the capacities; what nobody serves comes last.
    """
    flow = min_cost_flow.SimpleMinCostFlow()
    depots = list(capacity)
    first, sink = len(areas), len(areas) + len(depots)
    nobody = sink + 1
    arcs: list[tuple[int, str, str]] = []
    total = 0
    for row, area in enumerate(areas):
        flow.set_node_supply(row, area.demand)
        total += area.demand
        for number, depot in enumerate(depots):
            if depot not in area.costs:
                continue
            cost = area.costs[depot] + (0 if depot == area.home else change_cost)
            arc = flow.add_arc_with_capacity_and_unit_cost(row, first + number, area.demand, cost)
            arcs.append((arc, area.id, depot))
        arc = flow.add_arc_with_capacity_and_unit_cost(row, nobody, area.demand, skip_cost)
        arcs.append((arc, area.id, ""))
    for number, depot in enumerate(depots):
        flow.add_arc_with_capacity_and_unit_cost(first + number, sink, max(capacity[depot], 0), 0)
    flow.add_arc_with_capacity_and_unit_cost(nobody, sink, total, 0)
    flow.set_node_supply(sink, -total)
    status = flow.solve()
    assert status == flow.OPTIMAL, status
    return tuple(
        Share(area=area, depot=depot, units=int(flow.flow(arc)))
        for arc, area, depot in arcs
        if flow.flow(arc)
    )
