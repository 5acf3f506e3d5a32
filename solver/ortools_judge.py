"""
The two places at which OR-Tools' search asks what complete routes are worth.

`Gate` turns a neighbour away before the library spends time on it; `Judge` is the constraint that
makes the objective right. Both ask the same function, which remembers its answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ortools.constraint_solver import pywrapcp

Path = tuple[int, ...]
"""The rows that one vehicle visits, without its start and end."""


class Weight(NamedTuple):
    """What a route costs beyond its arcs, and in all, less the prices of leaving its tasks out."""

    extra: int
    worth: int


NOTHING = Weight(0, 0)
"""The weight of a vehicle that stays at home."""


class Judge(pywrapcp.PyConstraint):  # type: ignore[misc]
    """Asks, once every route is complete, what each costs beyond what the library knows."""

    def __init__(
        self,
        solver: Any,
        nexts: list[Any],
        starts: range,
        extras: list[Any],
        weigh: Callable[[list[tuple[int, ...]]], list[int] | None],
    ) -> None:
        super().__init__(solver)
        self._solver = solver
        self._nexts = nexts
        self._starts = starts
        self._extras = extras
        self._weigh = weigh

    def Post(self) -> None:  # noqa: N802 - the library's names
        """Ask to be called, late and once, when next visits have become known."""
        self._demon = self._solver.DelayedConstraintInitialPropagateCallback(self)
        for following in self._nexts:
            following.WhenBound(self._demon)

    def InitialPropagate(self) -> None:  # noqa: N802
        """Judge the routes if all are complete."""
        nexts, size = self._nexts, len(self._nexts)
        paths = []
        for row in self._starts:
            path: list[int] = []
            while True:
                following = nexts[row]
                if not following.Bound():
                    return
                row = following.Value()
                if row >= size:
                    break
                path.append(row)
            paths.append(tuple(path))
        extras = self._weigh(paths)
        if extras is None:
            self._solver.Fail()
            return
        for variable, extra in zip(self._extras, extras, strict=True):
            variable.SetMin(extra)

    def DebugString(self) -> str:  # noqa: N802
        """Return what the library shows in its traces."""
        return "judge"


class Gate(pywrapcp.IntVarLocalSearchFilter):  # type: ignore[misc]
    """
    Weighs the routes that a neighbour changes, and turns it away if they are not worth it.

    Parameters
    ----------
    weigh
        Returns the weight of a vehicle's path, None when it is not to be driven.
    limited
        Asked for each neighbour; after True, all are turned away.
    """

    def __init__(
        self,
        nexts: list[Any],
        starts: range,
        weigh: Callable[[int, Path], Weight | None],
        limited: Callable[[], bool],
    ) -> None:
        super().__init__(nexts)
        self._limited = limited
        self._size = len(nexts)
        self._starts = starts
        self._weigh = weigh
        self._known = False
        self._nexts: list[int] = []
        self._owner: list[int] = []
        self._extras: list[int] = []

    def IsIncremental(self) -> bool:  # noqa: N802 - the library's names
        """Say that every neighbour is told in full."""
        return False

    def Synchronize(self, assignment: Any, delta: Any) -> None:  # noqa: N802
        """Take note that the search has moved to another plan."""
        super().Synchronize(assignment, delta)
        self._known = False

    def Accept(  # noqa: N802
        self, delta: Any, _deltadelta: Any, _objective_min: int, objective_max: int
    ) -> bool:
        """Tell whether a neighbour may be better; `objective_max` is what is left for extras."""
        if self._limited():
            return False
        if not self._known:
            self._look()
        changed: dict[int, int] = {}
        container = delta.IntVarContainer()
        for number in range(container.Size()):
            element = container.Element(number)
            row = self.IndexFromVar(element.Var())
            if row >= 0:
                if not element.Activated():
                    # The library itself has still to decide about this one.
                    return True
                changed[row] = element.Value()
        total = sum(self._extras)
        for vehicle in {self._owner[row] for row in changed} - {-1}:
            path = self._path(vehicle, changed)
            if path is None:
                return False
            weight = self._weigh(vehicle, path) if path else NOTHING
            if weight is None:
                return False
            total += weight.extra - self._extras[vehicle]
        return bool(total <= objective_max)

    def _look(self) -> None:
        self._known = True
        self._nexts = [self.Value(row) for row in range(self._size)]
        self._owner = [-1] * self._size
        self._extras = []
        for vehicle, start in enumerate(self._starts):
            path = self._path(vehicle, {}) or ()
            for row in (start, *path):
                self._owner[row] = vehicle
            weight = self._weigh(vehicle, path) if path else NOTHING
            self._extras.append(weight.extra if weight is not None else 0)

    def _path(self, vehicle: int, changed: dict[int, int]) -> Path | None:
        """Return what a vehicle would visit, None where that runs in a circle."""
        nexts, size = self._nexts, self._size
        path: list[int] = []
        row = self._starts[vehicle]
        while (row := changed[row] if row in changed else nexts[row]) < size:
            path.append(row)
            if len(path) > size:
                return None
        return tuple(path)
