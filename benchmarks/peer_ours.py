"""Our own kernel, through the one door, on the full problem."""

from __future__ import annotations

from benchmarks.shapes import Answer
from geo.types import PlanarTravel, Travel
from solver.model import Job, Place, Problem, Shipment, TimeWindow, Vehicle, Visit
from solver.pipeline import solve


class Ours:
    """`solve(engine="auto", threads=2)` as anybody would call it."""

    name = "ours"
    package = "buuta"
    threads = 2
    full = True
    strict = False

    def warm(self) -> None:
        """Compile, or load from the cache, for both ways of holding travel."""
        planar = PlanarTravel(x=[0.0, 1.0, 2.0, 3.0], y=[0.0, 1.0, 0.0, 1.0])
        travels: list[Travel] = [planar, planar.matrix()]
        for travel in travels:
            problem = Problem(
                places=tuple(Place(id=str(k), x=float(k), y=float(k % 2)) for k in range(4)),
                vehicles=tuple(
                    Vehicle(
                        id=str(k),
                        start=0,
                        end=0,
                        shift=TimeWindow(start=0, end=100),
                        capacity=(5,),
                        cost_per_metre=1,
                    )
                    for k in range(2)
                ),
                travel={"default": travel},
                jobs=(Job(id="job", place=1, delivery=(1,)),),
                shipments=(
                    Shipment(
                        id="pair", pickup=Visit(place=2), delivery=Visit(place=3), amount=(1,)
                    ),
                ),
                dimensions=("units",),
            )
            solve(problem, iterations=50, engine="auto", threads=2)

    def lacking(self, problem: Problem) -> list[str]:
        """Name what it cannot express: nothing."""
        return []

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long."""
        result = solve(problem, seconds=seconds, seed=seed, engine="auto", threads=self.threads)
        # A plan that leaves required jobs out has no price yet, such as the empty one at the start.
        optional = sum(
            task.skip_cost is not None
            for tasks in (problem.jobs, problem.shipments)
            for task in tasks
        )
        return Answer(
            tours=tuple(route.tour for route in result.plan.routes),
            history=tuple(
                (p.seconds, p.cost, p.vehicles) for p in result.history if p.unassigned <= optional
            ),
            iterations=result.iterations,
        )
