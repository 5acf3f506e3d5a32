"""
Li and Lim's files of pickups and deliveries with time windows.

The first line has the number of vehicles, their capacity and the speed (always 1). Each further row
is a place with its window; a pickup names the row of its delivery last, a delivery the row of its
pickup before that. Fewest vehicles first, then distance, as in `solver.formats.solomon`.

References
----------
H. Li and A. Lim, "A Metaheuristic for the Pickup and Delivery Problem with Time Windows",
International Journal on Artificial Intelligence Tools 12(2), 2003.
"""

from __future__ import annotations

from solver.errors import FormatError
from solver.formats import table
from solver.formats.instance import Instance
from solver.model import Place, Problem, Shipment, Step, StopKind, Visit


def read(text: str) -> Instance:
    """
    Read a Li & Lim text; the file has no name of its own.

    Raises
    ------
    FormatError
        Lists every line that cannot be read, and every pair that does not match.
    """
    rows = table.Table()
    lines = [(k, line) for k, line in enumerate(text.splitlines(), start=1) if line.strip()]
    head = rows.numbers(*lines[0], width=3) if lines else None
    if head is not None:
        rows.fleet(lines[0][0], head[0], head[1])
        if head[2] != 1:
            rows.add(lines[0][0], f"the speed is {head[2]:g}", "only speed 1 is known")
    for number, line in lines[1:]:
        rows.row(number, line, 9)
    if len(rows.customers) < 2 and not rows.found:
        rows.add(1, "has no pickups and deliveries", "the file may be cut off: fetch it again")
    shipments: list[Shipment] = []
    if not rows.found:
        shipments = _shipments(rows)
    if rows.found or head is None:
        raise FormatError("the Li & Lim file cannot be read:", rows.found)
    customers = rows.customers
    numbers = {}
    for shipment in shipments:
        numbers[shipment.pickup.place] = Step(kind=StopKind.PICKUP, id=shipment.id)
        numbers[shipment.delivery.place] = Step(kind=StopKind.DELIVERY, id=shipment.id)
    problem = Problem(
        places=tuple(Place(id=str(c.number), x=c.x, y=c.y) for c in customers),
        vehicles=table.fleet(customers, int(head[0]), int(head[1])),
        travel={"default": table.travel(customers)},
        shipments=tuple(shipments),
        dimensions=("units",),
    )
    return Instance(
        problem=problem,
        name="",
        kind="PDPTW",
        scale=table.SCALE,
        cost_divisor=table.SCALE,
        cost_decimals=2,
        vehicle_cost=table.vehicle_cost(customers),
        numbers=numbers,
    )


def _shipments(rows: table.Table) -> list[Shipment]:
    customers = rows.customers
    shipments = []
    for customer in customers[1:]:
        other = customer.delivery or customer.pickup
        if not 0 < other < len(customers) or bool(customer.delivery) == bool(customer.pickup):
            rows.add(customer.line, "names no pickup or delivery that exists", "name just one row")
            continue
        partner = customers[other]
        if customer.number not in (partner.pickup, partner.delivery):
            rows.add(customer.line, f"names row {other}, which names another", "mend the pair")
        elif customer.delivery and (customer.demand < 0 or partner.demand != -customer.demand):
            rows.add(
                customer.line,
                f"picks up {customer.demand} and delivers {-partner.demand}",
                "let both amounts be the same",
            )
        elif customer.delivery:
            shipments.append(
                Shipment(
                    id=str(customer.number),
                    pickup=_visit(customer),
                    delivery=_visit(partner),
                    amount=(customer.demand,),
                )
            )
    return shipments


def _visit(customer: table.Customer) -> Visit:
    return Visit(
        place=customer.number,
        service_seconds=customer.service_seconds,
        windows=(customer.window,),
    )
