"""A day's orders said in the solver's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dispatch.model import (
    Address,
    Courier,
    Day,
    LeftOutReason,
    Order,
    OrderKind,
    Service,
    VehicleKind,
)
from dispatch.planning import Assigned, assign_offices, build_problem, places, profiles
from dispatch.settings import Settings
from solver.checker import check
from solver.model import Job, Problem, Shipment, SoftDue, TimeWindow, Vehicle
from solver.schedule import schedule
from solver.validation import findings
from tests.dispatch.days import SUNDAY, TUESDAY, H, at, courier, day, office, order, straight
from tests.solver.builders import tour

SETTINGS = Settings()


def problem_of(given: Day, *, approximate: frozenset[str] = frozenset()) -> Problem:
    assigned = assign_offices(given, given.orders)
    index = places(given, assigned.orders)
    travel: dict[str, Any] = {}
    for profile in profiles(given):
        travel.update(straight(index, profile))
    problem = build_problem(
        given,
        assigned.orders,
        index=index,
        travel=travel,
        settings=SETTINGS,
        approximate=approximate,
    )
    assert findings(problem) == []
    return problem


def job_of(given: Order, on: date = TUESDAY) -> Job:
    (job,) = problem_of(day([given], on=on)).jobs
    return job


def vehicle_of(given: Courier) -> Vehicle:
    # An order keeps the problem from being empty; only the vehicle is looked at.
    (vehicle,) = problem_of(day([order("x")], [given], [office()])).vehicles
    return vehicle


def left_out(assigned: Assigned) -> dict[str, LeftOutReason]:
    return {left.order: left.reason for left in assigned.left_out}


# ---- places -------------------------------------------------------------------------------------


def test_orders_at_one_point_share_one_place() -> None:
    given = day([order("x", 1), order("y", 2), order("z", 1)])
    index = places(given, given.orders)
    assert index.points == (at(0), at(30), at(1), at(2))
    assert index.row(given.orders[0].address) == index.row(given.orders[2].address) == 2


def test_an_office_keeps_its_id_as_a_place_and_orders_at_its_door_share_it() -> None:
    given = day([order("x", 0)])
    index = places(given, given.orders)
    assert index.ids == ("A", "B")
    assert index.row(given.orders[0].address) == index.office_rows["A"] == 0


def test_two_offices_in_one_building_stay_two_places() -> None:
    given = day([], offices=[office("A"), office("B", 0)])
    index = places(given, ())
    assert index.office_rows == {"A": 0, "B": 1}


def test_both_ends_of_a_transfer_have_places() -> None:
    carry = order("t", 1, kind=OrderKind.TRANSFER, to_address=order("", 5).address)
    index = places(day([carry]), [carry])
    assert index.points[2:] == (at(1), at(5))


# ---- offices ------------------------------------------------------------------------------------


def test_an_order_belongs_to_the_office_of_its_district() -> None:
    assigned = assign_offices(day([]), [order("x"), order("y", district="228")])
    assert [o.office for o in assigned.orders] == ["A", "B"]


def test_the_office_that_the_file_names_comes_before_the_district() -> None:
    assigned = assign_offices(day([]), [order("x", office="B")])
    assert [o.office for o in assigned.orders] == ["B"]


def test_of_two_offices_in_a_district_the_nearer_with_couriers_serves() -> None:
    shut = office("C", 1, districts=("227",))
    far = office("D", 9, districts=("227",))
    given = day([], [courier(), courier("d1", "D")], [office(), shut, far])
    assigned = assign_offices(given, [order("x", 2), order("y", 8)])
    # C is nearest to x, but nobody works there.
    assert [o.office for o in assigned.orders] == ["A", "D"]


def test_an_order_may_be_done_only_by_couriers_of_its_office() -> None:
    crew = [courier("a1"), courier("a2"), courier("b1", "B")]
    problem = problem_of(day([order("x"), order("y", 29, district="228")], crew))
    assert [sorted(job.vehicles or ()) for job in problem.jobs] == [["a1", "a2"], ["b1"]]


@pytest.mark.parametrize(
    ("given", "reason", "facts"),
    [
        (order("x", district="999"), LeftOutReason.NO_OFFICE, {"district": "999"}),
        (order("x", office="Z"), LeftOutReason.NO_OFFICE, {"office": "Z"}),
        (order("x", office="C"), LeftOutReason.NO_COURIER, {"office": "Bưu cục C"}),
        (
            order("x", grams=40_001),
            LeftOutReason.TOO_HEAVY,
            {"grams": "40001", "most_grams": "40000"},
        ),
        (
            order("x", cubic_cm=200_001),
            LeftOutReason.TOO_LARGE,
            {"cubic_cm": "200001", "most_cubic_cm": "200000"},
        ),
    ],
)
def test_what_cannot_work_is_left_out_with_its_facts(
    given: Order, reason: LeftOutReason, facts: dict[str, str]
) -> None:
    offices = [office(), office("C", 5)]
    assigned = assign_offices(day([], offices=offices), [given])
    assert assigned.orders == ()
    (left,) = assigned.left_out
    assert left.reason is reason
    assert facts.items() <= left.facts.items()


def test_on_a_sunday_the_office_is_closed() -> None:
    assigned = assign_offices(day([], on=SUNDAY), [order("x")])
    assert left_out(assigned) == {"x": LeftOutReason.OFFICE_CLOSED}
    assert [o.office for o in assigned.seen] == ["A"]


def test_an_office_without_hours_is_taken_as_open() -> None:
    given = day([], offices=[office(hours={})], on=SUNDAY)
    assert assign_offices(given, [order("x")]).left_out == ()


def test_a_day_without_couriers_lists_every_order() -> None:
    assigned = assign_offices(day([], []), [order("x"), order("y")])
    assert left_out(assigned) == dict.fromkeys(("x", "y"), LeftOutReason.NO_COURIER)


def test_the_largest_vehicle_of_the_office_decides_what_is_too_heavy() -> None:
    crew = [courier(), courier("van", vehicle=VehicleKind.VAN, capacity_grams=500_000)]
    assigned = assign_offices(day([], crew), [order("x", grams=300_000)])
    assert assigned.left_out == ()


# ---- jobs ---------------------------------------------------------------------------------------


def test_a_delivery_leaves_the_office_and_a_collection_comes_back() -> None:
    bring = job_of(order("x", grams=300, cubic_cm=7))
    fetch = job_of(order("x", grams=300, cubic_cm=7, kind=OrderKind.COLLECTION))
    assert (bring.delivery, bring.pickup) == ((300, 7), ())
    assert (fetch.delivery, fetch.pickup) == ((), (300, 7))


def test_a_transfer_is_fetched_and_brought_by_the_same_courier() -> None:
    carry = order(
        "t",
        1,
        kind=OrderKind.TRANSFER,
        service=Service.DOSSIER,
        to_address=order("", 5).address,
        windows=(TimeWindow(start=8 * H, end=9 * H),),
    )
    (shipment,) = problem_of(day([carry])).shipments
    assert isinstance(shipment, Shipment)
    assert (shipment.pickup.place, shipment.delivery.place) == (2, 3)
    # Ten minutes' work at the desk is a collection's 420 s, the handing over a delivery's 150 s.
    assert (shipment.pickup.service_seconds, shipment.delivery.service_seconds) == (420, 150)
    assert shipment.pickup.windows == carry.windows
    assert shipment.delivery.windows == ()


@pytest.mark.parametrize(
    ("kind", "service", "seconds"),
    [
        (OrderKind.DELIVERY, Service.REGISTERED, 60),
        (OrderKind.DELIVERY, Service.ORDINARY, 25),
        (OrderKind.DELIVERY, Service.DOSSIER, 150),
        (OrderKind.COLLECTION, Service.DOSSIER, 420),
    ],
)
def test_work_at_the_door_depends_on_the_product(
    kind: OrderKind, service: Service, seconds: int
) -> None:
    job = job_of(order("x", kind=kind, service=service))
    assert job.service_seconds == seconds
    assert job.setup_seconds == 60


def test_an_order_known_only_by_its_commune_gets_time_to_ride_between_doors() -> None:
    problem = problem_of(day([order("x"), order("y")]), approximate=frozenset({"y"}))
    assert [job.service_seconds for job in problem.jobs] == [60, 60 + 120]


@pytest.mark.parametrize(
    ("fields", "dong"),
    [
        ({}, 60_000),
        ({"due": TUESDAY + timedelta(days=1)}, 60_000),
        ({"due": TUESDAY}, 250_000),
        # Friday to Tuesday: Monday and Tuesday are working days.
        ({"due": TUESDAY - timedelta(days=4)}, 250_000 + 2 * 100_000),
        ({"due": TUESDAY, "attempts": 2}, 250_000 + 2 * 100_000),
        ({"due": TUESDAY - timedelta(days=900), "attempts": 9}, 250_000 + 1_000_000 + 300_000),
        ({"service": Service.EMS}, 120_000),
    ],
)
def test_leaving_an_order_out_costs_more_the_later_it_is(fields: dict[str, Any], dong: int) -> None:
    assert job_of(order("x", **fields)).skip_cost == dong * 1000


def test_a_promise_that_ended_on_a_weekend_is_a_day_overdue_on_monday() -> None:
    saturday, monday = date(2026, 11, 21), date(2026, 11, 23)
    assert SETTINGS.days_overdue(order("x", due=saturday), monday) == 1
    # On Sunday nobody works, and yet it is no longer in time.
    assert SETTINGS.days_overdue(order("x", due=saturday), date(2026, 11, 22)) == 1


def test_a_required_order_has_no_price() -> None:
    assert job_of(order("x", required=True)).skip_cost is None


def test_the_more_urgent_order_has_the_higher_priority() -> None:
    calm, due, late, tried, must = (
        SETTINGS.priority(order("x", **fields), TUESDAY)
        for fields in (
            {},
            {"due": TUESDAY},
            {"due": TUESDAY - timedelta(days=1)},
            {"due": TUESDAY - timedelta(days=1), "attempts": 1},
            {"required": True},
        )
    )
    assert calm < due < late < tried < must


def test_express_mail_should_be_there_in_the_morning() -> None:
    # 15,000 đồng an hour are 4,167 thousandths of a đồng a second.
    due = job_of(order("x", service=Service.EMS)).due
    assert due == SoftDue(time=11 * H + 1800, cost_per_second=4_167)


def test_an_ordinary_order_may_come_at_any_time() -> None:
    assert job_of(order("x")).due is None


def test_what_failed_twice_should_be_there_by_three() -> None:
    due = job_of(order("x", attempts=2)).due
    assert due is not None
    assert due.time == 15 * H


def test_an_agreed_afternoon_is_not_late_for_the_morning() -> None:
    afternoon = (TimeWindow(start=14 * H, end=15 * H),)
    due = job_of(order("x", service=Service.EMS, windows=afternoon)).due
    assert due is not None
    assert due.time == 14 * H


def test_the_commune_is_the_area_that_couriers_know() -> None:
    problem = problem_of(
        day([order("x")], [courier(known_communes=frozenset({"07900"}))], [office()])
    )
    assert problem.jobs[0].area == "07900"
    assert problem.vehicles[0].known_areas == {"07900"}
    assert problem.vehicles[0].unfamiliar_cost == 3_000 * 1000


def test_a_courier_of_whom_no_streets_are_known_pays_nothing_for_strange_ones() -> None:
    assert vehicle_of(courier()).unfamiliar_cost == 0


def test_mail_is_waited_for_only_where_somebody_could_leave_before_it() -> None:
    early = courier(shift=TimeWindow(start=6 * H, end=14 * H))
    orders = [order("x"), order("y", kind=OrderKind.COLLECTION)]
    assert [job.release for job in problem_of(day(orders, [early])).jobs] == [7 * H, 0]
    assert [job.release for job in problem_of(day(orders)).jobs] == [0, 0]


# ---- couriers -----------------------------------------------------------------------------------


def test_a_courier_leaves_and_returns_to_the_office_with_the_fleet_files_figures() -> None:
    vehicle = vehicle_of(
        courier(cost_per_day=50_000, overtime_per_hour=18_000, overtime_after=8 * H, max_stops=60)
    )
    assert (vehicle.start, vehicle.end) == (0, 0)
    assert vehicle.capacity == (40_000, 200_000)
    assert vehicle.fixed_cost == 50_000_000
    # 2,000 đ a km = 2 đ a metre = 2,000 thousandths; 36,000 đ an hour = 10 đ a second.
    assert (vehicle.cost_per_metre, vehicle.cost_per_second) == (2_000, 10_000)
    assert [(t.after, t.cost_per_second) for t in vehicle.overtime] == [(8 * H, 5_000)]
    assert vehicle.max_stops == 60
    assert vehicle.max_metres is None


@pytest.mark.parametrize(
    ("kind", "profile"),
    [
        (VehicleKind.MOTORBIKE, "motorbike"),
        (VehicleKind.ELECTRIC_MOTORBIKE, "motorbike"),
        (VehicleKind.VAN, "van"),
        (VehicleKind.TRUCK, "truck"),
    ],
)
def test_each_kind_of_vehicle_travels_in_its_own_way(kind: VehicleKind, profile: str) -> None:
    assert vehicle_of(courier(vehicle=kind)).profile == profile


def test_an_electric_motorbike_has_a_range() -> None:
    electric = VehicleKind.ELECTRIC_MOTORBIKE
    assert vehicle_of(courier(vehicle=electric)).max_metres == 80_000
    assert vehicle_of(courier(vehicle=electric, max_metres=120_000)).max_metres == 120_000


def test_lunch_is_an_unpaid_break() -> None:
    noon = TimeWindow(start=11 * H, end=12 * H)
    (lunch,) = vehicle_of(courier(lunch=noon, lunch_seconds=2 * H)).breaks
    assert (lunch.windows, lunch.seconds, lunch.paid) == ((noon,), 2 * H, False)


def test_the_noon_return_is_required_once_and_while_the_office_is_open() -> None:
    # Open 7:30 to 11:30 and 13:00 to 17:00; the return is agreed from 11:00 to 13:30.
    (noon,) = vehicle_of(
        courier(noon_return=TimeWindow(start=11 * H, end=13 * H + 1800), noon_seconds=600)
    ).reloads
    assert noon.required
    assert noon.most == 1
    assert noon.place == 0
    assert noon.seconds == 600
    assert noon.windows == (
        TimeWindow(start=11 * H, end=11 * H + 1800),
        TimeWindow(start=13 * H, end=13 * H + 1800),
    )


def test_a_noon_return_in_the_lunch_gap_is_kept_as_agreed() -> None:
    agreed = TimeWindow(start=12 * H, end=12 * H + 1800)
    (noon,) = vehicle_of(courier(noon_return=agreed)).reloads
    assert noon.windows == (agreed,)


def test_a_courier_of_an_unknown_office_drives_nothing() -> None:
    problem = problem_of(day([order("x")], [courier(), courier("z", "Z")], [office()]))
    assert [vehicle.id for vehicle in problem.vehicles] == ["a1"]


def test_an_ordinary_day_costs_what_it_should() -> None:
    problem = problem_of(day([order("x", 3)]))
    report = check(problem, schedule(problem, [tour("a1", "x")]))
    # 2 * 3 km at 2,000 đ; 2 * 300 s on the road and 120 s at the door at 10 đ a second.
    assert report.feasible
    assert report.cost.distance == 12_000 * 1000
    assert report.cost.duty == 7_200 * 1000


def test_an_address_without_a_point_has_no_place() -> None:
    index = places(day([]), ())
    with pytest.raises(ValueError, match="locate it first"):
        index.row(Address(text="đâu đó"))


def test_a_point_can_be_told_apart_beyond_the_sixth_decimal() -> None:
    a = order("x", 1)
    assert a.address.point is not None
    near = replace(a.address.point, lat=a.address.point.lat + 1e-8)
    b = replace(a, id="y", address=replace(a.address, point=near))
    index = places(day([]), [a, b])
    assert len(set(index.ids)) == 4
