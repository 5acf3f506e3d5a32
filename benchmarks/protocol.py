"""
What is measured: the classes of instances, where they lie, and how an answer is judged.

Every answer, ours or a peer's, is nothing but orders of visit. `judge` gives them times with
`solver.schedule` and a price with `solver.checker`, on the full problem, so that nobody is believed
on his own word. Gaps are to the best known cost that lies beside the instance; where fewer vehicles
come first (Solomon, Li & Lim), vehicles and distance are told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks import phutho
from solver import formats
from solver.checker import check
from solver.engine import Tours
from solver.formats import Instance
from solver.schedule import schedule

FOLDERS = {
    "cvrp": "cvrp",
    "vrptw": "vrptw",
    "pdptw": "pdptw",
    "mdvrptw": "mdvrptw",
    "hfvrp": "hfvrp",
    "vrpb": "vrpb",
    "mtvrptw": "mtvrptwr",
}
"""The folder that holds each class of published instances."""

PHU_THO = "phutho"
CLASSES = (*FOLDERS, PHU_THO)

_COST = re.compile(r"^\s*Cost\s*:?\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_ROUTE = re.compile(r"^\s*Route\s*#?\s*\d+:?[ \t]+\d", re.IGNORECASE | re.MULTILINE)
_DIMENSION = re.compile(r"^\s*DIMENSION\s*:\s*(\d+)", re.MULTILINE)


class MissingInstancesError(Exception):
    """The folder of instances is not there; `.folder` is where it was looked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} holds no instances: give --instances a folder with one subfolder for each "
            f"class ({', '.join(sorted(FOLDERS.values()))}), instances as .vrp or .txt with their "
            ".sol or best_known.json beside them; CVRP files can be fetched with the vrplib "
            "package. --class phutho needs no files"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One thing to solve.

    Parameters
    ----------
    size
        Places to visit, depots left out.
    path
        Its file; None for a day that is made up.
    best_cost, best_vehicles
        The best known, in published units; None where nobody has published one.
    """

    name: str
    family: str
    size: int
    path: Path | None = None
    best_cost: Decimal | None = None
    best_vehicles: int | None = None

    def load(self) -> Instance:
        """Read or make the problem; the same on every call and in every process."""
        if self.path is None:
            return phutho.instance(self.size)
        return formats.read_problem(self.path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What our checker says of an answer.

    Parameters
    ----------
    cost
        In published units, without what only makes fewer vehicles come first.
    total
        Our own money, in which answers to the same problem compare.
    broken
        Each kind of violation with how often and by how much in all; empty when feasible.
    """

    cost: float
    total: int
    vehicles: int
    unassigned: int
    broken: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """True when nothing is violated."""
        return not self.broken


def discover(
    folder: Path,
    families: Sequence[str],
    *,
    only: str = "",
    max_size: int | None = None,
) -> list[Case]:
    """
    Return the cases of some classes, small ones first.

    Parameters
    ----------
    only
        Keep only cases whose name contains this, in any case.

    Raises
    ------
    MissingInstancesError
        A class is asked for whose folder is missing.
    """
    found: list[Case] = []
    for family in families:
        if family == PHU_THO:
            found += [
                Case(name=f"phutho-{size}", family=family, size=size) for size in phutho.SIZES
            ]
            continue
        place = folder / FOLDERS[family]
        if not place.is_dir():
            raise MissingInstancesError(place)
        cases = [_case(path, family) for path in sorted(place.iterdir()) if _is_instance(path)]
        found += sorted(cases, key=lambda case: (case.size, case.name))
    return [
        case
        for case in found
        if only.lower() in case.name.lower() and (max_size is None or case.size <= max_size)
    ]


def judge(instance: Instance, tours: Tours) -> Verdict:
    """Give the orders times and a price on the full problem, whoever they come from."""
    plan = schedule(instance.problem, tours)
    report = check(instance.problem, plan)
    broken: dict[str, tuple[int, int]] = {}
    for violation in report.violations:
        often, amount = broken.get(violation.code.value, (0, 0))
        broken[violation.code.value] = (often + 1, amount + violation.amount)
    vehicles = len(report.routes)
    return Verdict(
        cost=float(instance.published_cost(report.cost.total, vehicles)),
        total=report.cost.total,
        vehicles=vehicles,
        unassigned=len(report.unassigned),
        broken=tuple(f"{code} x{often} by {by}" for code, (often, by) in sorted(broken.items())),
    )


def gap(cost: float, best: Decimal | float | None) -> float | None:
    """Return by how many per cent a cost lies above the best known; None without one."""
    return None if best is None or not best else 100 * (cost / float(best) - 1)


def best_known(path: Path) -> tuple[Decimal | None, int | None]:
    """Return the best known cost and number of vehicles that lie beside an instance."""
    solution = path.with_suffix(".sol")
    if solution.exists():
        text = solution.read_text(encoding="utf-8")
        stated = _COST.search(text)
        return (Decimal(stated[1]) if stated else None), len(_ROUTE.findall(text)) or None
    table = path.parent / "best_known.json"
    if table.exists():
        known = json.loads(table.read_text(encoding="utf-8")).get(path.stem, {})
        cost = known.get("cost")
        return (None if cost is None else Decimal(str(cost))), known.get("vehicles")
    return None, None


def _is_instance(path: Path) -> bool:
    return path.suffix in (".vrp", ".txt")


def _case(path: Path, family: str) -> Case:
    cost, vehicles = best_known(path)
    return Case(
        name=path.stem,
        family=family,
        size=_size(path),
        path=path,
        best_cost=cost,
        best_vehicles=vehicles,
    )


def _size(path: Path) -> int:
    """Count the places without reading the whole problem."""
    text = path.read_text(encoding="utf-8")
    stated = _DIMENSION.search(text)
    if stated:
        return int(stated[1]) - 1
    rows = [line for line in text.splitlines() if len(line.split()) >= 7]
    return sum(row.split()[0].isdecimal() for row in rows) - 1
