"""The made-up day: its proportions, its places, and that its files give the same day back."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from itertools import pairwise

import phonenumbers
import pytest

from dispatch.importing import cross_check, read_fleet, read_offices, read_orders
from dispatch.model import Day, OrderKind, Service, VehicleKind
from dispatch.samples import sample_day, write_day
from dispatch.samples.orders import item_number, working_days
from dispatch.samples.places import kilometres, province
from geo import phu_tho
from geo.text import compose
from geo.types import BoundingBox

ON = date(2026, 11, 24)


@pytest.fixture(scope="module")
def day() -> Day:
    return sample_day(day=ON)


def read_back(day: Day) -> Day:
    files = {name: text.encode() for name, text in write_day(day).items()}
    orders = read_orders(files["orders.csv"], file="orders.csv", day=day.date)
    fleet = read_fleet(files["fleet.csv"], file="fleet.csv")
    offices = read_offices(files["offices.csv"], file="offices.csv")
    trucks = read_fleet(files["trucks.csv"], file="trucks.csv")
    assert orders.findings == fleet.findings == offices.findings == trucks.findings == ()
    assert fleet.warnings == offices.warnings == trucks.warnings == ()
    return Day(
        date=day.date,
        orders=orders.good,
        couriers=fleet.good,
        offices=offices.good,
        trucks=trucks.good,
    )


@pytest.mark.parametrize("orders", [1, 10, 1500])
@pytest.mark.parametrize("on", [ON, date(2024, 5, 3), date(2018, 5, 3)])
def test_the_files_of_a_day_read_back_to_the_same_day(orders: int, on: date) -> None:
    made = sample_day(orders=orders, seed=3, day=on)
    assert len(made.orders) == orders
    assert read_back(made) == made


def test_the_three_files_fit_together(day: Day) -> None:
    assert cross_check(day.orders, day.couriers, day.offices) == ()


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    first = sample_day(orders=60, seed=7, day=ON)
    assert sample_day(orders=60, seed=7, day=ON) == first
    assert sample_day(orders=60, seed=8, day=ON) != first


def test_a_day_without_orders_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one order"):
        sample_day(orders=0, day=ON)


def test_fifty_thousand_orders_take_seconds() -> None:
    begin = time.process_time()
    made = sample_day(orders=50_000, day=ON)
    assert time.process_time() - begin < 20
    assert len({order.id for order in made.orders}) == 50_000


def test_dossiers_come_in_the_reported_proportions() -> None:
    # 57,906 of 71,132 are social insurance (81.4 %), 12,591 identity cards and fines (17.7 %).
    made = sample_day(orders=20_000, day=ON)
    contents = Counter(
        order.content
        for order in made.orders
        if order.service is Service.DOSSIER
        and order.kind is not OrderKind.TRANSFER
        and order.content != "Nhận hồ sơ đã có kết quả"
    )
    total = sum(contents.values())
    assert contents["Thẻ bảo hiểm y tế, sổ bảo hiểm xã hội"] / total == pytest.approx(
        57_906 / 71_132, abs=0.015
    )
    identity = contents["Căn cước công dân"] + contents["Giấy tờ xử phạt vi phạm giao thông"]
    assert identity / total == pytest.approx(12_591 / 71_132, abs=0.015)
    assert len(contents) == 8


def test_a_day_has_every_kind_and_product_and_its_dossiers_are_near_570(day: Day) -> None:
    kinds = Counter(order.kind for order in day.orders)
    services = Counter(order.service for order in day.orders)
    assert set(kinds) == set(OrderKind)
    assert set(services) == set(Service)
    assert kinds[OrderKind.DELIVERY] > 0.8 * 1500
    assert 520 < services[Service.DOSSIER] < 680


def test_orders_spread_over_the_districts_by_population() -> None:
    homes = province(ON).homes
    everyone = sum(home.old.population for home in homes)
    assert everyone == 1_694_771
    # Read the district off the orders whose place couriers have learned.
    made = sample_day(orders=20_000, day=ON)
    learned = Counter(
        order.address.district
        for order in made.orders
        if order.address.district and order.kind is OrderKind.DELIVERY
    )
    total = sum(learned.values())
    for district in phu_tho.districts():
        # Towns send and get more than their share, so the bounds are wide.
        assert learned[district.code] / total == pytest.approx(
            district.population / everyone, rel=0.5
        )


def test_given_points_lie_in_the_province_near_their_commune(day: Day) -> None:
    box = BoundingBox.around([c.point for c in phu_tho.commune_periods()]).grown(0.05)
    old = {home.now.code: [] for home in province(ON).homes}  # type: ignore[var-annotated]
    for home in province(ON).homes:
        old[home.now.code].append(home.old.point)
    given = [order for order in day.orders if order.address.point is not None]
    assert 0.1 < len(given) / len(day.orders) < 0.3
    for order in given:
        point = order.address.point
        assert point is not None
        assert box.contains(point)
        nearest = min(kilometres(point, other) for other in old[order.address.commune])
        assert nearest < 3
        assert order.address.district in {d.code for d in phu_tho.districts()}


def test_most_addresses_have_to_be_found(day: Day) -> None:
    bare = [order for order in day.orders if order.address.point is None]
    assert len(bare) > 0.7 * len(day.orders)
    assert all(order.address.commune == "" for order in bare)
    assert all(order.address.text == compose(order.address.text) for order in day.orders)


def test_addresses_name_a_commune_of_the_day_or_of_before(day: Day) -> None:
    names = {c.name for c in phu_tho.commune_periods()}
    plain = [order.address.text for order in day.orders if not order.address.text.isascii()]
    named = sum(any(name in text for name in names) for text in plain)
    assert named > 0.97 * len(plain)


def test_desks_keep_hours_with_a_gap_at_noon_that_differs(day: Day) -> None:
    desks = [
        order
        for order in day.orders
        if order.kind is OrderKind.COLLECTION and order.items > 1 and len(order.windows) == 2
    ]
    gaps = {(order.windows[0].end, order.windows[1].start) for order in desks}
    assert len({order.windows for order in desks}) == 3
    assert len(gaps) == 2
    assert all(first.end < second.start for o in desks for first, second in pairwise(o.windows))


def test_transfers_stay_within_one_town(day: Day) -> None:
    transfers = [order for order in day.orders if order.kind is OrderKind.TRANSFER]
    assert transfers
    for order in transfers:
        assert order.to_address is not None
        assert order.to_address.district == order.address.district
        assert order.to_address.point != order.address.point


def test_item_numbers_have_valid_check_digits(day: Day) -> None:
    # The example of the standard's users: RA473124829 has the check digit 9.
    assert item_number(Service.REGISTERED, 47_312_482) == "RA473124829VN"
    for order in day.orders:
        digits = [int(digit) for digit in order.id[2:11]]
        weighted = sum(d * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7, 0), strict=True))
        rest = 11 - weighted % 11
        assert digits[8] == {10: 0, 11: 5}.get(rest, rest)
        assert order.id.endswith("VN")


def test_promises_are_kept_in_working_days() -> None:
    # 2026-11-24 is Vietnam's culture day; a post that works on it counts it all the same.
    days = working_days(ON, before=2, after=2)
    assert days == (
        date(2026, 11, 20), date(2026, 11, 23), ON, date(2026, 11, 25), date(2026, 11, 26),
    )  # fmt: skip
    new_year = working_days(date(2026, 12, 31), before=0, after=1)
    assert new_year[1] == date(2027, 1, 4)  # over the holiday and the weekend
    due = Counter(order.due for order in sample_day(day=ON).orders)
    assert set(due) <= {date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23), *days[2:]}
    assert due[ON] > 400


def test_couriers_are_in_proportion_and_never_fewer_than_two(day: Day) -> None:
    assert len(day.couriers) == 200
    for made in (day, sample_day(orders=10, day=ON)):
        crews = Counter(courier.office for courier in made.couriers)
        assert len(crews) == 13
        assert min(crews.values()) >= 2


def test_most_ride_motorbikes_and_electric_ones_cost_a_quarter_of_the_petrol(day: Day) -> None:
    vehicles = Counter(courier.vehicle for courier in day.couriers)
    assert vehicles[VehicleKind.MOTORBIKE] > 0.7 * 200
    assert 5 <= vehicles[VehicleKind.VAN] <= 20
    per_km = {courier.vehicle: courier.cost_per_km for courier in day.couriers}
    wear = {VehicleKind.MOTORBIKE: 200, VehicleKind.ELECTRIC_MOTORBIKE: 150}
    petrol, power = (per_km[kind] - wear[kind] for kind in wear)
    assert petrol == 4 * power
    electric = [c for c in day.couriers if c.vehicle is VehicleKind.ELECTRIC_MOTORBIKE]
    assert {courier.max_metres for courier in electric} == {100_000}


def test_what_a_motorbike_cannot_carry_lies_where_there_is_a_van() -> None:
    made = sample_day(orders=20_000, day=ON)
    most = {VehicleKind.MOTORBIKE: 0, VehicleKind.VAN: 0} | {
        courier.vehicle: courier.capacity_grams for courier in made.couriers
    }
    heavy = [o for o in made.orders if o.grams > most[VehicleKind.MOTORBIKE]]
    assert heavy
    assert max(order.grams for order in heavy) <= most[VehicleKind.VAN]
    assert all(order.service is Service.PARCEL for order in heavy)
    with_van = {c.office for c in made.couriers if c.vehicle is VehicleKind.VAN}
    served = {code for o in made.offices if o.id in with_van for code in o.districts}
    assert {o.address.district for o in heavy if o.address.district} <= served


def test_couriers_know_communes_and_together_all_of_them(day: Day) -> None:
    riders = [c for c in day.couriers if c.vehicle is not VehicleKind.VAN]
    assert all(courier.known_communes for courier in riders)
    known = frozenset[str]().union(*(courier.known_communes for courier in riders))
    assert {home.old.code for home in province(ON).homes} <= known
    assert {home.now.code for home in province(ON).homes} <= known
    codes = {c.code for c in phu_tho.commune_periods()}
    assert known <= codes


def test_offices_are_the_hub_and_the_thirteen_with_their_hours(day: Day) -> None:
    assert [office.level for office in day.offices] == [1] + [2] * 13
    assert {code for office in day.offices for code in office.districts} == {
        d.code for d in phu_tho.districts()
    }
    monday = {office.id: office.hours[0] for office in day.offices[1:]}
    assert len({tuple((w.start, w.end) for w in hours) for hours in monday.values()}) >= 3


def test_phones_are_valid_and_nobodys_name_is_given_twice_too_often(day: Day) -> None:
    people = [o for o in day.orders if o.items == 1 and o.kind is not OrderKind.TRANSFER]
    for order in people[:200]:
        assert phonenumbers.is_valid_number(phonenumbers.parse(order.phone, None))
    assert Counter(order.customer for order in people).most_common(1)[0][1] < 25
