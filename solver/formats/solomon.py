"""
Solomon's files of problems with time windows, and Gehring and Homberger's larger ones.

Fewest vehicles first, then the least distance: each vehicle has a fixed cost above the length of
any sensible plan, which `Instance.published_cost` takes off again. Doubles become whole numbers as
`solver.formats.table` says.

References
----------
M. M. Solomon, "Algorithms for the Vehicle Routing and Scheduling Problems with Time Window
Constraints", Operations Research 35(2), 1987.
"""

from __future__ import annotations

from solver.errors import FormatError
from solver.formats import table
from solver.formats.instance import Instance
from solver.model import Job, Place, Problem, Step, StopKind


def read(text: str) -> Instance:
    """
    Read a Solomon text.

    Raises
    ------
    FormatError
        Lists every line that cannot be read.
    """
    lines = text.splitlines()
    rows = table.Table()
    name = next((line.strip() for line in lines if line.strip()), "")
    fleet: list[float] | None = None
    section = ""
    for number, raw in enumerate(lines, start=1):
        words = raw.split()
        head = words[0].upper() if words else ""
        if head in ("VEHICLE", "CUSTOMER"):
            section = head
        elif not words or not section or not _starts_number(head):
            continue
        elif section == "VEHICLE":
            fleet = rows.numbers(number, raw, 2)
            if fleet is not None:
                rows.fleet(number, *fleet)
        else:
            rows.row(number, raw, 7)
    if fleet is None:
        rows.add(1, "has no number of vehicles and capacity", "write them under VEHICLE")
    if len(rows.customers) < 2 and not rows.found:
        rows.add(len(lines), "has no customers", "the file may be cut off: fetch it again")
    if rows.found or fleet is None:
        raise FormatError(f"the Solomon file {name!r} cannot be read:", rows.found)
    customers = rows.customers
    jobs = tuple(
        Job(
            id=str(customer.number),
            place=customer.number,
            service_seconds=customer.service_seconds,
            windows=(customer.window,),
            delivery=(customer.demand,),
        )
        for customer in customers[1:]
    )
    problem = Problem(
        places=tuple(Place(id=str(c.number), x=c.x, y=c.y) for c in customers),
        vehicles=table.fleet(customers, int(fleet[0]), int(fleet[1])),
        travel={"default": table.travel(customers)},
        jobs=jobs,
        dimensions=("units",),
    )
    return Instance(
        problem=problem,
        name=name,
        kind="VRPTW",
        scale=table.SCALE,
        cost_divisor=table.SCALE,
        cost_decimals=2,
        vehicle_cost=table.vehicle_cost(customers),
        numbers={job.place: Step(kind=StopKind.JOB, id=job.id) for job in jobs},
    )


def _starts_number(word: str) -> bool:
    return word.lstrip("+-")[:1].isdigit()
