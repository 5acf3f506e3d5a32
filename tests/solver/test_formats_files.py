"""Benchmark files: what they mean, told by content, and what is said of those that are broken."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from geo.types import PlanarTravel, TravelMatrix
from solver import formats
from solver.checker import check
from solver.errors import FormatError
from solver.formats import Format
from solver.formats.vrplib import read as read_vrplib
from solver.model import StopKind, TimeWindow
from solver.schedule import schedule
from solver.validation import findings

CVRP = """NAME : toy
COMMENT : "three customers"
TYPE : CVRP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 5
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
DEMAND_SECTION
1 0
2 2
3 3
4 4
DEPOT_SECTION
 1
 -1
EOF
"""

SOLOMON = """toy

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE TIME

    0      0         0          0          0       100          0
    1      3         4          4         10        20          5
    2      1         1          4          0        50          5
"""

LILIM = """2\t10\t1
0\t0\t0\t0\t0\t100\t0\t0\t0
1\t3\t4\t6\t10\t20\t5\t0\t2
2\t6\t8\t-6\t0\t50\t5\t1\t0
"""


def wrong(text: str) -> str:
    """Return what a text is refused for."""
    with pytest.raises(FormatError) as caught:
        formats.read_problem(text)
    assert caught.value.findings
    assert pickle.loads(pickle.dumps(caught.value)).findings == caught.value.findings
    return str(caught.value)


# ---- told by content --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CVRP, Format.VRPLIB),
        ("\ufeff" + CVRP, Format.VRPLIB),
        (CVRP.replace("\n", "\r\n"), Format.VRPLIB),
        (SOLOMON, Format.SOLOMON),
        (LILIM, Format.LILIM),
        ('{"format": "buuta-problem"}', Format.OWN),
        ('{"vehicles": []}', Format.VROOM),
    ],
)
def test_the_format_is_told_by_content(text: str, kind: Format) -> None:
    assert formats.sniff(text) is kind


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("PK\x03\x04rubbish", "workbook"),
        ("ab\x00cd", "binary"),
        ("<html><body>404</body></html>", "web page"),
        ("Route #1: 1 2\nCost 5\n", "is a solution"),
        ("id;address;weight\n1;Việt Trì;3\n", "no known format"),
        ("hello", "no known format"),
        ('{"format": "buuta-plan"}', "is a plan"),
        ('{"a": 1}', "no problem"),
        ("[1]", "is a list"),
        ('{"vehicles": [', "is not JSON"),
        ("\n".join("rubbish" for _ in range(10_000)), "no known format"),
    ],
)
def test_anything_else_is_refused_in_words(text: str, word: str) -> None:
    assert word in wrong(text)


# ---- VRPLIB -----------------------------------------------------------------------------------


def test_a_vrplib_file_says_what_stands_in_it() -> None:
    instance = formats.read_problem(CVRP)
    problem = instance.problem
    assert (instance.name, instance.kind, instance.scale) == ("toy", "CVRP", 1)
    assert [job.id for job in problem.jobs] == ["1", "2", "3"]
    assert [job.delivery for job in problem.jobs] == [(2,), (3,), (4,)]
    assert problem.vehicles[0].capacity == (5,)
    assert isinstance(problem.travel["default"], PlanarTravel)
    # 3 by 4 is 5; from (3, 4) to (0, 5) is 3.16, to the nearest 3.
    assert problem.travel["default"].leg(0, 1) == (5, 5)
    assert problem.travel["default"].leg(1, 3) == (3, 3)
    assert findings(problem) == []


def test_an_unlimited_fleet_is_large_enough_for_one_vehicle_each() -> None:
    assert len(formats.read_problem(CVRP).problem.vehicles) == 3


def test_a_solution_is_read_costed_and_written() -> None:
    instance = formats.read_problem(CVRP)
    solution = formats.read_solution("Route #1: 1 2\nRoute #2: 3\nCost 30\n", instance)
    plan = schedule(instance.problem, solution.tours)
    report = check(instance.problem, plan)
    # 5 + 5 + 10 and 5 + 5.
    assert report.feasible
    assert (report.cost.total, solution.cost) == (30, Decimal(30))
    text = formats.write_solution(plan, instance, report.cost.total)
    assert text == "Route #1: 1 2\nRoute #2: 3\nCost: 30\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Route #1: 1 9\nCost 3", "'9' is no number"),
        ("Route #1: 1 x\n", "'x' is no number"),
        ("", "has no route"),
        ("Cost: many\nRoute #1: 1", "cost 'many'"),
        ("1 2 3\nRoute #1: 1", "neither a route nor the cost"),
        ("Route #1: 1\nRoute #2: 2\nRoute #3: 3\nRoute #4: 1", "no vehicle for route 4"),
    ],
)
def test_a_solution_of_something_else_is_refused(text: str, word: str) -> None:
    with pytest.raises(FormatError, match="cannot be read") as caught:
        formats.read_solution(text, formats.read_problem(CVRP))
    assert word in str(caught.value)


def test_a_plan_of_a_problem_without_numbers_is_not_written_as_one() -> None:
    instance = formats.read_problem(CVRP)
    plan = schedule(instance.problem, formats.read_solution("Route #1: 1", instance).tours)
    with pytest.raises(FormatError, match="JSON instead"):
        formats.write_solution(
            plan, formats.Instance(problem=instance.problem, name="", kind="x"), 1
        )


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ("FULL_MATRIX", "0 1 2\n1 0 3\n2 3 0"),
        ("LOWER_ROW", "1\n2 3"),
        ("LOWER_ROW", "1 2 3"),
        ("LOWER_DIAG_ROW", "0\n1 0\n2 3 0"),
        ("UPPER_ROW", "1 2\n3"),
        ("UPPER_DIAG_ROW", "0 1 2\n0 3\n0"),
        ("LOWER_COL", "1 2\n3"),
        ("UPPER_COL", "1\n2 3"),
    ],
)
def test_explicit_distances_in_every_shape(form: str, numbers: str) -> None:
    text = (
        "NAME: x\nTYPE: CVRP\nDIMENSION: 3\nCAPACITY: 9\nEDGE_WEIGHT_TYPE: EXPLICIT\n"
        f"EDGE_WEIGHT_FORMAT: {form}\nEDGE_WEIGHT_SECTION\n{numbers}\n"
        "DEMAND_SECTION\n1 0\n2 1\n3 1\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    travel = formats.read_problem(text).problem.travel["default"]
    assert isinstance(travel, TravelMatrix)
    assert travel.metres.tolist() == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]


def test_asymmetric_distances_keep_their_direction() -> None:
    text = (
        "TYPE: CVRP\nDIMENSION: 2\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
        "EDGE_WEIGHT_SECTION\n0 7\n4 0\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    travel = read_vrplib(text).problem.travel["default"]
    assert (travel.leg(0, 1)[1], travel.leg(1, 0)[1]) == (7, 4)


TIMED = """NAME : timed
TYPE : {kind}
DIMENSION : 3
VEHICLES : 2
CAPACITY : 10
SERVICE_TIME : 1.5
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 1 1
3 2 2
DEMAND_SECTION
1 0
2 1
3 1
TIME_WINDOW_SECTION
1 0 50
2 2.26 9
3 0 20
DEPOT_SECTION
1
-1
EOF
"""


@pytest.mark.parametrize(
    ("kind", "length", "window", "service", "published"),
    [
        # The root of 2 is 1.41421...
        ("VRPTW", 14, (22, 90), 15, Decimal("1.4")),
        ("MTVRPTWR", 14, (22, 90), 15, Decimal(14)),
        ("MDVRPTW", 1414, (2260, 9000), 1500, Decimal(1414)),
        ("CVRP", 1, (2, 9), 2, Decimal(1)),
    ],
)
def test_each_class_has_its_own_rounding(
    kind: str, length: int, window: tuple[int, int], service: int, published: Decimal
) -> None:
    instance = formats.read_problem(TIMED.format(kind=kind))
    job = instance.problem.jobs[0]
    assert instance.problem.travel["default"].leg(0, 1) == (length, length)
    assert job.windows == (TimeWindow(start=window[0], end=window[1]),)
    assert job.service_seconds == service
    assert instance.published_cost(length) == published
    assert len(instance.problem.vehicles) == 2


def test_reloads_releases_prizes_and_allowed_vehicles_are_said() -> None:
    extra = (
        "RELEASE_TIME_SECTION\n1 0\n2 4\n3 0\nPRIZE_SECTION\n1 0\n2 2.5\n3 0\n"
        "VEHICLES_RELOAD_DEPOT_SECTION\n1 1\n2 1\nVEHICLES_MAX_RELOADS_SECTION\n1 1\n2 1\n"
        "VEHICLES_ALLOWED_CLIENTS_SECTION\n1 2 3\n2 3\nDEPOT_SECTION"
    )
    text = TIMED.format(kind="MTVRPTWR").replace("DEPOT_SECTION", extra)
    problem = formats.read_problem(text).problem
    first, second = problem.jobs
    assert (first.release, first.skip_cost, first.vehicles) == (40, 25, frozenset("1"))
    assert (second.release, second.skip_cost, second.vehicles) == (0, None, frozenset("12"))
    (reload,) = problem.vehicles[0].reloads
    assert (reload.place, reload.most) == (0, 1)
    instance = formats.read_problem(text)
    (tour,) = formats.read_solution("Route #1: 1 0 2", instance).tours
    assert [step.kind for step in tour.steps] == [StopKind.JOB, StopKind.RELOAD, StopKind.JOB]


def test_pickups_and_deliveries_in_vrplib() -> None:
    text = (
        "TYPE: PDPTW\nDIMENSION: 3\nVEHICLES: 1\nCAPACITY: 9\nEDGE_WEIGHT_TYPE: EUC_2D\n"
        "NODE_COORD_SECTION\n1 0 0\n2 1 0\n3 2 0\nPICKUP_AND_DELIVERY_SECTION\n"
        "1 0 0 90 0 0 0\n2 5 0 80 2 0 3\n3 -5 0 70 1 2 0\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    instance = formats.read_problem(text)
    (shipment,) = instance.problem.shipments
    assert (shipment.pickup.place, shipment.delivery.place, shipment.amount) == (1, 2, (5,))
    (tour,) = formats.read_solution("Route #1: 1 2", instance).tours
    assert check(instance.problem, schedule(instance.problem, [tour])).feasible


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("DIMENSION : 4", "", "no DIMENSION"),
        ("DIMENSION : 4", "DIMENSION : 0", "DIMENSION is 0"),
        ("DIMENSION : 4", "DIMENSION : four", "not a number"),
        ("DIMENSION : 4", "DIMENSION : 1e12", "DIMENSION is"),
        ("DIMENSION : 4", "DIMENSION : 5", "has 4 of 5 rows; the first missing is 5"),
        ("TYPE : CVRP", "TYPE : TDVRP", "TYPE TDVRP is not known"),
        ("EUC_2D", "GEO", "EDGE_WEIGHT_TYPE GEO"),
        ("3 6 8", "3 6", "line 10: NODE_COORD_SECTION has 2 numbers"),
        ("3 6 8", "3 6 x", "line 10"),
        ("3 6 8", "3 6 nan", "too large"),
        ("3 6 8", "2 6 8", "index 2 twice"),
        ("4 4", "4 -4", "row 4 is -4"),
        ("CAPACITY : 5", "CAPACITY : lots", "CAPACITY is 'lots'"),
        ("CAPACITY : 5", "SPEED : 5", "SPEED is not understood"),
        ("DEPOT_SECTION\n 1", "DEPOT_SECTION\n 3", "let the depots be the first nodes"),
        ("DEMAND_SECTION", "MUTUALLY_EXCLUSIVE_GROUP_SECTION", "no counterpart"),
        (CVRP[CVRP.index("3 3\n4 4") :], "", "has 2 of 4 rows"),
    ],
)
def test_a_broken_vrplib_file_says_where(old: str, new: str, word: str) -> None:
    assert old in CVRP
    assert word in wrong(CVRP.replace(old, new))


def test_fifty_thousand_nodes_are_read_without_a_matrix() -> None:
    count = 50_000
    nodes = "\n".join(f"{k} {k % 1000} {k // 1000}" for k in range(1, count + 1))
    loads = "\n".join(f"{k} {int(k > 1)}" for k in range(1, count + 1))
    text = (
        f"NAME: big\nTYPE: CVRP\nDIMENSION: {count}\nCAPACITY: 100\nEDGE_WEIGHT_TYPE: EUC_2D\n"
        f"NODE_COORD_SECTION\n{nodes}\nDEMAND_SECTION\n{loads}\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    problem = formats.read_problem(text).problem
    assert len(problem.jobs) == count - 1
    # Twice the 500 that the load needs, and ten to spare.
    assert len(problem.vehicles) == 1010
    assert isinstance(problem.travel["default"], PlanarTravel)


# ---- Solomon, Li & Lim ------------------------------------------------------------------------


def test_a_solomon_file_puts_fewer_vehicles_before_shorter_ways() -> None:
    instance = formats.read_problem(SOLOMON)
    problem = instance.problem
    assert (instance.name, instance.kind) == ("toy", "VRPTW")
    assert findings(problem) == []
    first = problem.jobs[0]
    assert first.windows == (TimeWindow(start=10_000, end=20_000),)
    assert first.service_seconds == 5000
    # The root of 2 is 1.41421..., and is rounded up.
    assert problem.travel["default"].leg(0, 2) == (1415, 1415)
    assert problem.travel["default"].leg(0, 1) == (5000, 5000)
    both = schedule(problem, formats.read_solution("Route #1: 2 1", instance).tours)
    apart = schedule(problem, formats.read_solution("Route #1: 2\nRoute #2: 1", instance).tours)
    costs = [check(problem, plan).cost.total for plan in (both, apart)]
    assert costs[0] < costs[1]
    # 1.415 + 3.606 + 5, rounded to two decimals; in doubles 1.41421 + 3.60555 + 5.
    assert instance.published_cost(costs[0], 1) == Decimal("10.02")
    assert instance.straight_metres(both) == pytest.approx(10.01976, abs=1e-5)


def test_a_lilim_file_pairs_pickups_with_deliveries() -> None:
    instance = formats.read_problem(LILIM)
    (shipment,) = instance.problem.shipments
    assert findings(instance.problem) == []
    assert (shipment.pickup.place, shipment.delivery.place, shipment.amount) == (1, 2, (6,))
    plan = schedule(instance.problem, formats.read_solution("Route #1: 1 2", instance).tours)
    report = check(instance.problem, plan)
    assert report.feasible
    assert instance.published_cost(report.cost.total, 1) == Decimal("20.00")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (SOLOMON.replace("3         4          4 ", "3         4 "), "has 6 numbers"),
        (SOLOMON.replace("    1      3", "    7      3"), "is number 7, expected 1"),
        (SOLOMON.replace("10        20", "30        20"), "ends before it starts"),
        (SOLOMON.replace("  2         10", "  0         10"), "the fleet has 0 vehicles"),
        (SOLOMON.split("CUSTOMER")[0], "no customers"),
        (LILIM.replace("-6", "-5"), "picks up 6 and delivers 5"),
        (LILIM.replace("0\t2\n", "0\t9\n"), "names no pickup or delivery"),
        (LILIM.replace("10\t1\n", "10\t2\n"), "only speed 1"),
        (LILIM[:40], "numbers"),
        ("2 10 1\n", "no pickups"),
    ],
)
def test_a_broken_table_says_where(text: str, word: str) -> None:
    assert word in wrong(text)
