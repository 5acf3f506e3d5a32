"""Which office serves what on a day when one is closed or has too much: small days by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatch.model import Day, HandOver, LeftOutReason, Order
from dispatch.settings import Settings
from dispatch.sharing import close, share
from geo.errors import UnreachableError
from geo.types import LatLon, TravelMatrix
from tests.dispatch.days import TUESDAY, at, courier, day, office, order
from tests.dispatch.test_service import Meridian, planned

# Four minutes each: 60 s of service, 60 s to park, 120 s from door to door.
RULES = Settings()


def communes(*steps: int) -> list[Order]:
    """Return an order in a commune of its own at each step, all of A's district."""
    orders = [order(f"o{step}", step) for step in steps]
    return [replace(o, address=replace(o.address, commune=o.id)) for o in orders]


def three(orders: list[Order], **shifts: int) -> Day:
    """Return the offices A, B and C at the steps 0, 30 and 10 with a courier each."""
    offices = (office("A"), office("B", 30), office("C", 10, districts=("240",)))
    crew = [courier(name.lower(), name) for name in "ABC"]
    for number, worker in enumerate(crew):
        minutes = shifts.get(worker.office, 600)
        shift = replace(worker.shift, end=worker.shift.start + 60 * minutes)
        crew[number] = replace(worker, shift=shift)
    return day(orders, crew, offices)


def handed(given: Day, closed: frozenset[str] = frozenset()) -> tuple[HandOver, ...]:
    shut = close(given, closed)
    got = share(shut, given.orders, closed=closed, travel=Meridian(), settings=RULES)
    assert sorted(o.id for o in got.orders) == sorted(o.id for o in given.orders)
    return got.hand_overs


def test_on_an_ordinary_day_every_commune_stays_where_it_is() -> None:
    # Even the one at step 29, next door to B: what is usual is not changed without need.
    assert handed(three(communes(1, 2, 29))) == ()


def test_a_closed_office_hands_each_commune_to_the_office_of_the_shortest_ride() -> None:
    got = handed(three(communes(1, 12, 24)), frozenset({"A"}))
    assert [(h.commune, h.home, h.office) for h in got] == [
        ("o1", "A", "C"),
        ("o12", "A", "C"),
        ("o24", "A", "B"),
    ]


def test_an_office_with_too_much_hands_over_what_is_nearest_to_another() -> None:
    # Ten minutes of work a day at A are two orders; three are asked for.
    got = handed(three(communes(1, 2, 9), A=10))
    assert [(h.commune, h.office, h.orders) for h in got] == [("o9", "C", ("o9",))]


def test_no_office_takes_more_than_its_hours() -> None:
    # C has room for one more order, the other one of the same place goes to B, 18 steps farther.
    got = handed(three(communes(11, 12), C=4), frozenset({"A"}))
    assert sorted(h.office for h in got) == ["B", "C"]


def test_orders_that_name_their_office_stay_unless_it_is_closed() -> None:
    named = [replace(o, office="A") for o in communes(1, 2, 9)]
    assert handed(three(named, A=10)) == ()
    assert len(handed(three(named, A=10), frozenset({"A"}))) == 3


class Cut(Meridian):
    """No way leads from C to anywhere."""

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        lost = [row for row, p in enumerate(points) if p == at(10)]
        pairs = [(row, other) for row in lost for other in range(len(points)) if other != row]
        raise UnreachableError(pairs=[(min(p), max(p)) for p in pairs], profile=profile)


def test_an_office_that_no_way_leads_from_takes_nothing() -> None:
    given = three(communes(1, 12))
    closed = frozenset({"A"})
    got = share(close(given, closed), given.orders, closed=closed, travel=Cut(), settings=RULES)
    assert {h.office for h in got.hand_overs} == {"B"}


def test_a_closed_office_s_orders_are_planned_from_the_next_and_shown() -> None:
    given = day([order("x", due=TUESDAY), order("y", 2, due=TUESDAY)])
    plan = planned(given, closed=frozenset({"A"}))
    assert plan.left_out == ()
    assert [route.vehicle for route in plan.result.plan.routes] == ["b1"]
    (one,) = plan.hand_overs
    assert (one.home, one.office, one.orders) == ("A", "B", ("x", "y"))


def test_where_nobody_can_take_them_the_orders_are_left_and_say_why() -> None:
    plan = planned(day([order("x")]), closed=frozenset({"A", "B"}))
    (left,) = plan.left_out
    assert (left.order, left.reason) == ("x", LeftOutReason.OFFICE_CLOSED)
    assert plan.hand_overs == ()
