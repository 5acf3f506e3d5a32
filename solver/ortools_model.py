"""
A problem as OR-Tools' routing library sees it.

The library moves visits between routes and knows what prunes quickly: windows, travel, loads,
limits, who may do what, what a route must begin with. What it would time differently from
`schedule()` (breaks, releases, the latest departure, setup at a shared place, loads that go both
ways) is told to it only as far as it is certain; the rest comes from `solver.ortools_judge`, which
times and judges each complete order as the final plan will be. So the objective of an order is
exactly what the checker says it costs.

References
----------
"OR-Tools Routing Library", Google, https://developers.google.com/optimization/routing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ParamSpec, TypeVar
from weakref import WeakMethod

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2, routing_parameters_pb2
from ortools.util import optional_boolean_pb2

from geo.types import IntArray
from solver.evaluation import Evaluator, Verdict
from solver.insertion import Insertion, Order, Orders, tours_of
from solver.model import Job, Problem, Step, StopKind, Tour, Vehicle, ViolationCode
from solver.ortools_judge import Gate, Judge, Path, Weight
from solver.ortools_nodes import Clocks, Node, able, ends_of, units_of, visits_of

_P = ParamSpec("_P")
_T = TypeVar("_T")

_MOST_CELLS = 60_000_000
"""Of arc costs: with more, areas are left to the judge so that vehicles share a matrix."""

_MOST_KEPT = 500_000
"""Routes whose weight is remembered."""

_FOREVER = 10 * 24 * 3600
"""Seconds; a limit that only keeps the library from warning that there is none."""

_MENDABLE = frozenset({ViolationCode.RELOAD_MISSING})
"""What a search may pass through, at a price, because one more move mends it."""


def _late_locks(problem: Problem, evaluator: Evaluator) -> frozenset[int]:
    """Return the vehicles whose locked beginning alone already breaks a rule."""
    locked = tours_of(Insertion(problem, evaluator).locked())
    late = {tour.vehicle for tour in locked if evaluator.verdict(tour).violations}
    return frozenset(k for k, vehicle in enumerate(problem.vehicles) if vehicle.id in late)


def _confine(clock: Any, spans: Sequence[tuple[int, int]], origin: int, horizon: int) -> None:
    """Take from a variable all times outside the spans."""
    closed = 0
    for start, end in spans:
        if start - origin > closed:
            clock.RemoveInterval(closed, min(start - origin - 1, horizon))
        closed = max(closed, end - origin + 1)
    if closed <= horizon:
        clock.RemoveInterval(closed, horizon)


class RoutingModel:
    """
    The library's model of one problem, and the judge inside it.

    Parameters
    ----------
    better
        Called with each plan that is the best of those judged so far.
    limited
        Asked often; True ends the library's search.
    longest
        Seconds after which the library ends a search by itself: between neighbours that its own
        filters refuse it asks nobody. None, where the same seed must give the same plan.
    """

    def __init__(
        self,
        problem: Problem,
        evaluator: Evaluator,
        better: Callable[[Orders], None],
        limited: Callable[[], bool],
        longest: float | None = None,
    ) -> None:
        self.problem = problem
        self._forced = _late_locks(problem, evaluator)
        self._clocks = Clocks(problem, self._forced)
        self.nodes = [*self._clocks.usable(visits_of(problem)), *ends_of(problem)]
        self.judged = 0
        self.error: BaseException | None = None
        self._evaluator = evaluator
        self._better = better
        self._limited = limited
        count = len(problem.vehicles)
        first = len(self.nodes) - 2 * count
        self.visits = first
        self._manager = pywrapcp.RoutingIndexManager(
            len(self.nodes),
            count,
            list(range(first, first + count)),
            list(range(first + count, first + 2 * count)),
        )
        self.routing: Any = pywrapcp.RoutingModel(self._manager)
        self._solver: Any = self.routing.solver()
        self._row = {
            (node.step, node.vehicle): row
            for row, node in reversed(list(enumerate(self.nodes)))
            if node.step is not None
        }
        self._arcs: list[IntArray] = []
        self._kept: dict[Path, Weight | None] = {}
        self._prices = [0] * len(self.nodes)
        self._best: int | None = None
        self._set_costs()
        self._set_time()
        self._set_limits()
        self._set_loads()
        self._set_tasks()
        self._set_locks()
        self._set_judge()
        self.parameters = _parameters(longest)
        self.routing.CloseModelWithParameters(self.parameters)

    # ---- searching ------------------------------------------------------------------------

    def search(self, orders: Orders | None) -> bool:
        """
        Search from some orders on, or from the library's own first plan, until limited.

        Returns
        -------
        bool
            False when the library takes the orders for impossible, or finds no plan.
        """
        if orders is None:
            found = self.routing.SolveWithParameters(self.parameters)
        else:
            routes = self._rows_of(orders)
            start = routes and self.routing.ReadAssignmentFromRoutes(routes, True)
            if self.error is None and not start:
                return False
            if self.error is None:
                found = self.routing.SolveFromAssignmentWithParameters(start, self.parameters)
        if self.error is not None:
            raise self.error
        return found is not None

    def _rows_of(self, orders: Orders) -> list[list[int]] | None:
        """Return the rows of each vehicle's steps, None when there are too many reloads."""
        routes = []
        for number, vehicle in enumerate(self.problem.vehicles):
            used: dict[Step, int] = {}
            rows: list[int] = []
            for step in orders.get(vehicle.id, ()):
                if step.kind is StopKind.RELOAD:
                    row = self._row.get((step, number), -1) + used.get(step, 0)
                    used[step] = used.get(step, 0) + 1
                    if row < 0 or self.nodes[row].step != step:
                        return None
                else:
                    row = self._row.get((step, None), -1)
                    if row < 0:
                        return None
                rows.append(row)
            routes.append(rows)
        return routes

    # ---- the model ------------------------------------------------------------------------

    def _legs(self, profile: str) -> tuple[IntArray, IntArray, IntArray]:
        """Return (driving seconds, metres, driving and work) between all nodes."""
        nodes = self.nodes
        rows = np.array([-1 if node.place is None else node.place for node in nodes], np.int64)
        distinct, back = np.unique(np.maximum(rows, 0), return_inverse=True)
        times, lengths = self.problem.travel[profile].block(distinct.tolist(), distinct.tolist())
        known = (rows >= 0)[:, None] & (rows >= 0)[None, :]
        # A vehicle that goes from its start straight to its end is not used at all.
        start, end = self.visits, self.visits + len(self.problem.vehicles)
        known[start:end, end:] = False
        seconds = np.where(known, times[np.ix_(back, back)], 0)
        metres = np.where(known, lengths[np.ix_(back, back)], 0)
        service = np.array([self._work(node) for node in nodes], np.int64)
        setup = np.array([self._setup(node) for node in nodes], np.int64)
        elsewhere = (rows[:, None] != rows[None, :]) | ~known
        return seconds, metres, seconds + service[:, None] + elsewhere * setup[None, :]

    @staticmethod
    def _work(node: Node) -> int:
        if node.visit is not None:
            return node.visit.service_seconds
        return node.reload.seconds if node.reload is not None else 0

    @staticmethod
    def _setup(node: Node) -> int:
        return node.visit.setup_seconds if node.visit is not None else 0

    def _set_costs(self) -> None:
        """Give each vehicle its arcs' costs: distance, paid time on the move and at work, areas."""
        vehicles = self.problem.vehicles
        names = dict.fromkeys(vehicle.profile for vehicle in vehicles)
        self._travel = {name: self._legs(name) for name in names}
        areas = [node.visit.area if node.visit is not None else "" for node in self.nodes]
        named = set(areas) - {""}

        def kind(vehicle: Vehicle, *, with_areas: bool) -> tuple[Any, ...]:
            strange = frozenset(named - vehicle.known_areas if vehicle.unfamiliar_cost else ())
            key = (vehicle.profile, vehicle.cost_per_metre, vehicle.cost_per_second)
            return (*key, strange, vehicle.unfamiliar_cost) if with_areas and strange else key

        kinds = {kind(vehicle, with_areas=True) for vehicle in vehicles}
        with_areas = len(kinds) * len(self.nodes) ** 2 <= _MOST_CELLS
        made: dict[tuple[Any, ...], tuple[int, IntArray]] = {}
        for number, vehicle in enumerate(vehicles):
            key = kind(vehicle, with_areas=with_areas)
            if key not in made:
                _, metres, busy = self._travel[vehicle.profile]
                cost = metres * vehicle.cost_per_metre + busy * vehicle.cost_per_second
                if len(key) > 3:
                    strange = np.array([area in key[3] for area in areas])
                    cost = cost + vehicle.unfamiliar_cost * strange[None, :]
                made[key] = (self._matrix(cost), cost)
            callback, cost = made[key]
            self._arcs.append(cost)
            self.routing.SetArcCostEvaluatorOfVehicle(callback, number)
            self.routing.SetFixedCostOfVehicle(vehicle.fixed_cost, number)
        self._price = self._prohibitive()

    def _matrix(self, values: IntArray) -> int:
        return int(self.routing.RegisterTransitMatrix(values.tolist()))

    def _vector(self, values: Sequence[int]) -> int:
        return int(self.routing.RegisterUnaryTransitVector(list(values)))

    def _prohibitive(self) -> int:
        """Return more money than any plan of the problem can cost."""
        dearest = max((int(np.max(cost)) for cost in self._arcs), default=0)
        total = dearest * len(self.nodes) + 1
        for vehicle in self.problem.vehicles:
            shift = max(vehicle.shift.end - vehicle.shift.start, 0)
            by_second = vehicle.cost_per_second + sum(t.cost_per_second for t in vehicle.overtime)
            total += vehicle.fixed_cost + shift * by_second
        latest = max((v.shift.end for v in self.problem.vehicles), default=0)
        for node in self.nodes:
            if node.visit is not None and node.visit.due is not None:
                due = node.visit.due
                total += max(latest - due.time, 0) * due.cost_per_second
            if node.visit is not None:
                total += max(v.unfamiliar_cost for v in self.problem.vehicles)
        total += sum(job.skip_cost or 0 for job in self.problem.jobs)
        total += sum(shipment.skip_cost or 0 for shipment in self.problem.shipments)
        return min(total, 2**59 // (len(self.nodes) + 1))

    def _set_time(self) -> None:
        vehicles = self.problem.vehicles
        self._origin = self._clocks.opens
        horizon = self._clocks.closes - self._origin
        if self._forced:
            busiest = max(int(np.max(busy)) for _, _, busy in self._travel.values())
            horizon += (busiest + 1) * len(self.nodes)
        callbacks = {name: self._matrix(legs[2]) for name, legs in self._travel.items()}
        self.routing.AddDimensionWithVehicleTransits(
            [callbacks[v.profile] for v in vehicles], horizon, horizon, False, "time"
        )
        time = self.routing.GetDimensionOrDie("time")
        for row in range(self.visits):
            _confine(time.CumulVar(row), self._clocks.of(self.nodes[row]), self._origin, horizon)
        for number, vehicle in enumerate(vehicles):
            start = time.CumulVar(self.routing.Start(number))
            end = time.CumulVar(self.routing.End(number))
            start.SetMin(vehicle.shift.start - self._origin)
            if number not in self._forced:
                end.SetMax(vehicle.shift.end - self._origin)

    def _set_limits(self) -> None:
        vehicles = self.problem.vehicles
        # Duty is driving, work and waiting. To limit the last here would send the library off on
        # a search for times, second by second, each time that windows have gaps: the judge does.
        for name, index in (
            ("max_driving_seconds", 0),
            ("max_metres", 1),
            ("max_duty_seconds", 2),
        ):
            limits = [getattr(vehicle, name) for vehicle in vehicles]
            if all(limit is None for limit in limits):
                continue
            rows = {key: self._matrix(legs[index]) for key, legs in self._travel.items()}
            most = sum(int(np.max(legs[index])) for legs in self._travel.values())
            most = most * len(self.nodes) + 1
            self.routing.AddDimensionWithVehicleTransitAndCapacity(
                [rows[vehicle.profile] for vehicle in vehicles],
                0,
                [
                    most if limit is None or number in self._forced else limit
                    for number, limit in enumerate(limits)
                ],
                True,
                name,
            )
        if any(v.max_stops is not None or v.locked for v in vehicles):
            ones = self._vector([int(node.visit is not None) for node in self.nodes])
            self.routing.AddDimensionWithVehicleCapacity(
                ones,
                0,
                [
                    self.visits
                    if vehicle.max_stops is None or number in self._forced
                    else vehicle.max_stops
                    for number, vehicle in enumerate(vehicles)
                ],
                True,
                "stops",
            )

    def _set_loads(self) -> None:
        """Count what a trip has delivered so far and what it has on board from elsewhere."""
        vehicles = self.problem.vehicles
        for k, name in enumerate(self.problem.dimensions):
            given = [self._change(node, k) for node in self.nodes]
            for side, units in (("out", [g[0] for g in given]), ("in", [g[1] for g in given])):
                total = sum(max(unit, 0) for unit in units)
                rooms = [
                    vehicle.capacity[k]
                    if vehicle.capacity and number not in self._forced
                    else total
                    for number, vehicle in enumerate(vehicles)
                ]
                if all(room >= total for room in rooms):
                    continue
                # A reload takes off as much as any route can hold, or as much as there is.
                most = max(rooms)
                reloads = [row for row in range(self.visits) if self.nodes[row].reload]
                for row in reloads:
                    units[row] = -most
                self.routing.AddDimensionWithVehicleCapacity(
                    self._vector(units), most if reloads else 0, rooms, True, f"{name} {side}"
                )
                load = self.routing.GetDimensionOrDie(f"{name} {side}")
                for row in range(self.routing.Size()) if reloads else ():
                    if self.nodes[row].reload is None:
                        load.SlackVar(row).SetValue(0)

    @staticmethod
    def _change(node: Node, k: int) -> tuple[int, int]:
        """Return (units brought from the start, units more on board that are not from there)."""
        if isinstance(node.task, Job):
            return units_of(node.task.delivery, k), units_of(node.task.pickup, k)
        if node.task is not None and node.step is not None:
            sign = 1 if node.step.kind is StopKind.PICKUP else -1
            return 0, sign * units_of(node.task.amount, k)
        return 0, 0

    def _set_tasks(self) -> None:
        for row in range(self.visits):
            node = self.nodes[row]
            if node.reload is not None:
                self.routing.AddDisjunction([row], 0)
                self.routing.VehicleVar(row).SetValues([-1, node.vehicle])
                continue
            assert node.task is not None
            self.routing.VehicleVar(row).SetValues([-1, *able(self.problem, node.task)])
            price = node.task.skip_cost
            if price is None:
                # Two prices: passing through something mendable must not cost more than this.
                price = 2 * self._price
            if isinstance(node.task, Job):
                self.routing.AddDisjunction([row], price)
                self._prices[row] = price
            elif node.step is not None and node.step.kind is StopKind.PICKUP:
                self._prices[row] = price
                self.routing.AddDisjunction([row], price)
                self.routing.AddDisjunction([row + 1], 0)
                self.routing.AddPickupAndDelivery(row, row + 1)
                same = self.routing.VehicleVar(row) == self.routing.VehicleVar(row + 1)
                self._solver.AddConstraint(same)

    def _set_locks(self) -> None:
        for number, vehicle in enumerate(self.problem.vehicles):
            stops = self.routing.GetDimensionOrDie("stops") if vehicle.locked else None
            seen: set[str] = set()
            for rank, name in enumerate(vehicle.locked):
                row = self._row.get((Step(kind=StopKind.JOB, id=name), None))
                if row is None:
                    kind = StopKind.DELIVERY if name in seen else StopKind.PICKUP
                    row = self._row[Step(kind=kind, id=name), None]
                seen.add(name)
                assert stops is not None
                stops.CumulVar(row).SetValue(rank)
                self.routing.ActiveVar(row).SetValue(1)
                self.routing.VehicleVar(row).SetValue(number)

    # ---- the judge ------------------------------------------------------------------------

    def _set_judge(self) -> None:
        nothing = self._vector([0] * len(self.nodes))
        most = 2**61 // (len(self.problem.vehicles) + 1)
        self.routing.AddDimension(nothing, most, most, True, "judged")
        extra = self.routing.GetDimensionOrDie("judged")
        starts = range(self.visits, self.visits + len(self.problem.vehicles))
        for row in range(self.visits):
            extra.SlackVar(row).SetValue(0)
        ends = [self.routing.End(number) for number in range(len(starts))]
        for end in ends:
            extra.SetCumulVarSoftUpperBound(end, 0, 1)
        nexts = [self.routing.NextVar(row) for row in range(self.routing.Size())]
        # The library neither holds what Python gives it nor lets go of what that refers to: the
        # model keeps the parts, and the parts refer to the model only weakly.
        self._judge = Judge(
            self._solver,
            nexts,
            starts,
            [extra.CumulVar(end) for end in ends],
            _weakly(self._weigh),
        )
        self._solver.AddConstraint(self._judge)
        self._gate = Gate(nexts, starts, _weakly(self._weight_or_stop), _weakly(self._is_limited))
        self.routing.AddLocalSearchFilter(self._gate)
        self._limit = self._solver.CustomLimit(_weakly(self._is_limited))
        self.routing.AddSearchMonitor(self._limit)

    def _is_limited(self) -> bool:
        if self.error is not None:
            return True
        try:
            return self._limited()
        except BaseException as error:  # noqa: BLE001 - carried over the library, raised behind it
            self.error = error
            return True

    def _weigh(self, paths: list[Path]) -> list[int] | None:
        """Return what each route costs beyond its arcs, None when one is not to be driven."""
        if self.error is not None:
            return None
        try:
            self.judged += 1
            weighed = [self._weight(number, path) for number, path in enumerate(paths) if path]
            if any(weight is None for weight in weighed):
                return None
            worth = sum(weight.worth for weight in weighed if weight is not None)
            if self._best is None or worth < self._best:
                self._best = worth
                self._better(
                    {
                        vehicle.id: self._order(path)
                        for vehicle, path in zip(self.problem.vehicles, paths, strict=True)
                        if path
                    }
                )
        except BaseException as error:  # noqa: BLE001 - carried over the library, raised behind it
            self.error = error
            return None
        extras = iter(weight.extra for weight in weighed if weight is not None)
        return [next(extras) if path else 0 for path in paths]

    def _weight_or_stop(self, number: int, path: Path) -> Weight | None:
        """Weigh a path; an error ends the search and comes out behind the library."""
        if self.error is not None:
            return None
        try:
            return self._weight(number, path)
        except BaseException as error:  # noqa: BLE001 - carried over the library
            self.error = error
            return None

    def _order(self, path: Path) -> Order:
        return tuple(step for row in path if (step := self.nodes[row].step) is not None)

    def _weight(self, number: int, path: Path) -> Weight | None:
        key = (number, *path)
        if key in self._kept:
            return self._kept[key]
        vehicle = self.problem.vehicles[number]
        verdict = self._evaluator.verdict(Tour(vehicle=vehicle.id, steps=self._order(path)))
        weight = None
        if self._passable(number, verdict):
            arcs = self._arcs[number]
            start = self.visits + number
            rows = (start, *path, start + len(self.problem.vehicles))
            known = sum(int(arcs[a, b]) for a, b in pairwise(rows))
            amends = self._price * len(verdict.violations)
            weight = Weight(
                verdict.cost - known - vehicle.fixed_cost + amends,
                verdict.cost + amends - sum(self._prices[row] for row in path),
            )
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = weight
        return weight

    def _passable(self, number: int, verdict: Verdict) -> bool:
        if number in self._forced:
            return True
        return all(violation.code in _MENDABLE for violation in verdict.violations)


def _weakly(method: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return a bound method without a reference to what it is bound to."""
    weak = WeakMethod(method)

    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        alive = weak()
        assert alive is not None
        return alive(*args, **kwargs)

    return call


def _parameters(longest: float | None) -> routing_parameters_pb2.RoutingSearchParameters:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    # These build routes step by step through filters, and the gate serves one search at a time.
    operators = parameters.local_search_operators
    for field in operators.DESCRIPTOR.fields:
        if field.name.endswith(("_lns", "_insert_unperformed")):
            setattr(operators, field.name, optional_boolean_pb2.BOOL_FALSE)
    milliseconds = _FOREVER * 1000 if longest is None else max(int(longest * 1000), 1)
    parameters.time_limit.FromMilliseconds(milliseconds)
    parameters.lns_time_limit.FromSeconds(_FOREVER)
    return parameters
