"""Small and large planned days, built by hand: no importer, no geocoder, no engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from math import cos, radians

import numpy as np

from dispatch.model import (
    Address,
    Courier,
    Day,
    DayPlan,
    LeftOut,
    LeftOutReason,
    Office,
    Order,
    OrderKind,
    Service,
    VehicleKind,
)
from geo.types import LatLon, TravelMatrix
from solver.checker import check
from solver.model import (
    Break,
    Job,
    OvertimeTier,
    Place,
    Problem,
    Reload,
    Result,
    Shipment,
    SoftDue,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)
from solver.schedule import schedule

DAY = date(2026, 11, 24)

_OFFICES = (
    ("VT", "Bưu cục Việt Trì", 21.3227, 105.4020, "227"),
    ("TXPT", "Bưu cục thị xã Phú Thọ", 21.3996, 105.2222, "228"),
    ("DH", "Bưu cục Đoan Hùng", 21.6225, 105.1846, "230"),
    ("HH", "Bưu cục Hạ Hòa", 21.5630, 105.0051, "231"),
    ("TB", "Bưu cục Thanh Ba", 21.4900, 105.1400, "232"),
    ("PN", "Bưu cục Phù Ninh", 21.4400, 105.3000, "233"),
    ("YL", "Bưu cục Yên Lập", 21.3500, 105.0400, "234"),
    ("CK", "Bưu cục Cẩm Khê", 21.4150, 105.1200, "235"),
    ("TN", "Bưu cục Tam Nông", 21.3100, 105.2500, "236"),
    ("LT", "Bưu cục Lâm Thao", 21.3250, 105.2900, "237"),
    ("TS", "Bưu cục Thanh Sơn", 21.2000, 105.1700, "238"),
    ("TT", "Bưu cục Thanh Thủy", 21.1700, 105.2800, "239"),
    ("TSN", "Bưu cục Tân Sơn", 21.2100, 104.9900, "240"),
)
"""Near the district capitals: positions for tests only, rounded by hand."""


def hm(hour: int, minute: int = 0) -> int:
    """Seconds since midnight."""
    return hour * 3600 + minute * 60


def office(number: int) -> Office:
    """One of the thirteen offices."""
    id_, name, lat, lon, district = _OFFICES[number]
    return Office(
        id=id_,
        name=name,
        point=LatLon(lat=lat, lon=lon),
        level=1 if number == 0 else 2,
        districts=(district,),
    )


def travel_between(points: Sequence[LatLon], *, metres_per_second: float = 7.0) -> TravelMatrix:
    """1.3 times the straight distance, at a steady speed."""
    x = np.array([p.lon * cos(radians(21.4)) * 111_320 for p in points])
    y = np.array([p.lat * 111_320 for p in points])
    metres = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) * 1.3
    rounded = np.rint(metres).astype(np.int64)
    return TravelMatrix(
        seconds=np.rint(metres / metres_per_second).astype(np.int64), metres=rounded
    )


def planned(
    day: Day, problem: Problem, tours: Sequence[Tour], *, left_out: Sequence[LeftOut] = ()
) -> DayPlan:
    """Time the tours, check them, and put the day plan together."""
    plan = schedule(problem, tours)
    tasks = {job.id for job in problem.jobs} | {shipment.id for shipment in problem.shipments}
    return DayPlan(
        day=day,
        located={order.id: order for order in day.orders if order.id in tasks},
        problem=problem,
        result=Result(
            plan=plan,
            report=check(problem, plan),
            engine="by hand",
            seed=1,
            iterations=0,
            seconds=0.0,
        ),
        left_out=tuple(left_out),
        travel_note="đường chim bay × 1,3",
    )


def _vehicle(courier: Courier, *, place: int) -> Vehicle:
    lunch, noon = courier.lunch, courier.noon_return
    return Vehicle(
        id=courier.id,
        shift=courier.shift,
        start=place,
        end=place,
        capacity=(courier.capacity_grams,),
        breaks=(Break(id="lunch", windows=(lunch,), seconds=courier.lunch_seconds),)
        if lunch is not None
        else (),
        reloads=(
            Reload(
                id="noon", place=place, seconds=courier.noon_seconds, windows=(noon,), required=True
            ),
        )
        if noon is not None
        else (),
        fixed_cost=courier.cost_per_day * 1000,
        cost_per_metre=courier.cost_per_km,
        cost_per_second=courier.cost_per_hour * 1000 // 3600,
        overtime=(
            OvertimeTier(
                after=courier.overtime_after,
                cost_per_second=courier.overtime_per_hour * 1000 // 3600,
            ),
        ),
    )


def _task(order: Order, place: int, to: int | None) -> Job | Shipment:
    minutes = 6 if order.service is Service.DOSSIER else 2
    if order.kind is OrderKind.TRANSFER:
        assert to is not None
        return Shipment(
            id=order.id,
            pickup=Visit(place=place, service_seconds=minutes * 60, windows=order.windows),
            delivery=Visit(place=to, service_seconds=minutes * 60),
            amount=(order.grams,),
            skip_cost=50_000_000,
        )
    amount = (order.grams,)
    return Job(
        id=order.id,
        place=place,
        service_seconds=minutes * 60,
        windows=order.windows,
        delivery=amount if order.kind is OrderKind.DELIVERY else (),
        pickup=amount if order.kind is OrderKind.COLLECTION else (),
        skip_cost=None if order.required else 50_000_000,
        due=SoftDue(time=hm(9), cost_per_second=10) if order.attempts else None,
    )


def problem_of(
    orders: Sequence[Order], couriers: Sequence[Courier], offices: Sequence[Office]
) -> Problem:
    """Places are the offices, then one row per address, the ends of a transfer one by one."""
    points = [office.point for office in offices]
    names = [office.id for office in offices]
    tasks = []
    for order in orders:
        assert order.address.point is not None
        points.append(order.address.point)
        names.append(f"at {order.id}")
        place, to = len(points) - 1, None
        if order.to_address is not None and order.to_address.point is not None:
            points.append(order.to_address.point)
            names.append(f"to {order.id}")
            to = len(points) - 1
        tasks.append(_task(order, place, to))
    home = {office.id: row for row, office in enumerate(offices)}
    return Problem(
        places=tuple(
            Place(id=name, x=point.lon, y=point.lat)
            for name, point in zip(names, points, strict=True)
        ),
        vehicles=tuple(_vehicle(courier, place=home[courier.office]) for courier in couriers),
        travel={"default": travel_between(points)},
        jobs=tuple(task for task in tasks if isinstance(task, Job)),
        shipments=tuple(task for task in tasks if isinstance(task, Shipment)),
        dimensions=("grams",),
    )


def at(text: str, lat: float, lon: float, *, district: str = "", commune: str = "") -> Address:
    """An address with its point."""
    return Address(
        text=text,
        district=district,
        point=LatLon(lat=lat, lon=lon),
        commune=commune,
        quality=0.95,
    )


def tiny_day() -> Day:
    """Two offices, three couriers (one without a route), eight orders."""
    viet_tri, town = office(0), office(1)
    couriers = (
        Courier(
            id="BT-01",
            name="Nguyễn Thị Hạnh",
            office="VT",
            phone="+84912345678",
            lunch=TimeWindow(start=hm(11, 30), end=hm(12, 30)),
            noon_return=TimeWindow(start=hm(11), end=hm(12, 15)),
            cost_per_day=50_000,
            cost_per_km=2_000,
            cost_per_hour=36_000,
        ),
        Courier(
            id="BT/02 <b>",
            name="Trần Văn Đức & con",
            office="TXPT",
            vehicle=VehicleKind.ELECTRIC_MOTORBIKE,
            cost_per_day=40_000,
            cost_per_km=1_000,
            cost_per_hour=36_000,
        ),
        Courier(id="BT-03", name="Lê Thị Ngọc Ánh", office="VT", cost_per_day=50_000),
    )
    orders = (
        Order(
            id="HS-0001",
            kind=OrderKind.DELIVERY,
            service=Service.DOSSIER,
            address=at(
                "Số 1806/127/2/6/15 Đại lộ Hùng Vương, P. Gia Cẩm",
                21.3290,
                105.3950,
                district="227",
            ),
            content="Sổ bảo hiểm xã hội",
            customer="Phạm Thị Huệ",
            phone="+84987654321",
            grams=200,
            cash=35_000,
            note="Gọi trước khi đến, nhà có chó dữ",
            attempts=1,
        ),
        Order(
            id="HS-0002",
            kind=OrderKind.COLLECTION,
            service=Service.DOSSIER,
            address=at(
                "Bộ phận một cửa Sở Tư pháp, đường Trần Phú", 21.3150, 105.4080, district="227"
            ),
            customer="Sở Tư pháp",
            grams=1_500,
            items=12,
            windows=(
                TimeWindow(start=hm(7, 30), end=hm(11)),
                TimeWindow(start=hm(13, 30), end=hm(16, 30)),
            ),
        ),
        Order(
            id="EMS-0003",
            kind=OrderKind.DELIVERY,
            service=Service.EMS,
            address=at("Khu 5, xã Sông Lô", 21.3000, 105.4300, district="227"),
            customer="Nguyễn Ngọc Ẩn",
            phone="+84911222333",
            grams=800,
        ),
        Order(
            id="BK-0004",
            kind=OrderKind.DELIVERY,
            service=Service.PARCEL,
            address=at("12 Nguyễn Tất Thành, P. Thanh Miếu", 21.3100, 105.4200, district="227"),
            customer='=HYPERLINK("x")',
            grams=4_500,
            items=2,
            cash=450_000,
            note="#eval(read(\"/etc/passwd\")) *đậm* $x$ </script><script>alert('x')</script>",
        ),
        Order(
            id="HS-0005",
            kind=OrderKind.TRANSFER,
            service=Service.DOSSIER,
            address=at("UBND thị xã Phú Thọ", 21.4010, 105.2290, district="228"),
            to_address=at("Chi cục Thuế, phường Âu Cơ", 21.3950, 105.2200, district="228"),
            customer="UBND thị xã",
            grams=300,
            cash=20_000,
        ),
        Order(
            id="GS-0006",
            kind=OrderKind.DELIVERY,
            service=Service.REGISTERED,
            address=at("Khu 3, xã Hà Lộc", 21.4200, 105.2500, district="228"),
            customer="Đỗ Văn Ưởng",
            grams=50,
            required=True,
        ),
        Order(
            id="HS-0007",
            kind=OrderKind.DELIVERY,
            service=Service.DOSSIER,
            address=Address(text="Xóm Đình, xã Minh", district="227"),
            customer="Hoàng Thị Mến",
            row=8,
        ),
        Order(
            id="BK-0008",
            kind=OrderKind.DELIVERY,
            service=Service.PARCEL,
            address=at("Khu 9, xã Thanh Minh", 21.3900, 105.2400, district="228"),
            customer="Bùi Thế Vỹ",
            grams=90_000,
            office="TXPT",
        ),
    )
    return Day(date=DAY, orders=orders, couriers=couriers, offices=(viet_tri, town))


def tiny_day_plan() -> DayPlan:
    """
    A day small enough to check by hand.

    BT-01 delivers HS-0001 and EMS-0003, comes back at noon, rests, delivers BK-0004 and collects
    HS-0002; BT/02 fetches HS-0005, delivers GS-0006 and brings HS-0005. HS-0007 has no known
    address and BK-0008 is too heavy.
    """
    day = tiny_day()
    problem = problem_of(
        [o for o in day.orders if o.address.point is not None], day.couriers, day.offices
    )
    tours = (
        Tour(
            vehicle="BT-01",
            steps=(
                Step(kind=StopKind.JOB, id="HS-0001"),
                Step(kind=StopKind.JOB, id="EMS-0003"),
                Step(kind=StopKind.RELOAD, id="noon"),
                Step(kind=StopKind.JOB, id="BK-0004"),
                Step(kind=StopKind.JOB, id="HS-0002"),
            ),
        ),
        Tour(
            vehicle="BT/02 <b>",
            steps=(
                Step(kind=StopKind.PICKUP, id="HS-0005"),
                Step(kind=StopKind.JOB, id="GS-0006"),
                Step(kind=StopKind.DELIVERY, id="HS-0005"),
            ),
        ),
    )
    left_out = (
        LeftOut(
            order="HS-0007",
            reason=LeftOutReason.ADDRESS_DOUBTFUL,
            facts={"candidates": "Minh Đài, Minh Hòa"},
        ),
        LeftOut(
            order="BK-0008",
            reason=LeftOutReason.TOO_HEAVY,
            facts={"grams": "90000", "most_grams": "40000"},
        ),
    )
    return planned(day, problem, tours, left_out=left_out)


_STREETS = (
    "Hùng Vương",
    "Trần Phú",
    "Nguyễn Tất Thành",
    "Âu Cơ",
    "Lạc Long Quân",
    "Đinh Tiên Hoàng",
)
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đỗ", "Bùi", "Vũ", "Đặng", "Hà")
_MIDDLE = ("Thị", "Văn", "Ngọc", "Đức", "Minh", "Thu")
_GIVEN = ("Hạnh", "Dũng", "Mỹ", "Ưng", "Ẩn", "Quỳnh", "Thảo", "Vỹ", "Yến", "Huệ", "Ánh", "Trường")


def _nearest_first(home: LatLon, stops: Sequence[tuple[str, LatLon]]) -> list[str]:
    """Always on to the nearest stop: good enough to look like a route."""
    left, here, names = dict(stops), home, []
    while left:
        name = min(
            left, key=lambda n: (left[n].lat - here.lat) ** 2 + (left[n].lon - here.lon) ** 2
        )
        here = left.pop(name)
        names.append(name)
    return names


def big_day_plan(*, routes: int = 200, stops: int = 3000, seed: int = 1) -> DayPlan:
    """A province-sized day: couriers sweep round their offices, a few orders are left out."""
    chance = random.Random(seed)
    offices = tuple(office(number) for number in range(len(_OFFICES)))
    weights = [6, *([1] * (len(offices) - 1))]
    homes = [number % len(offices) for number in range(min(routes, len(offices)))]
    homes += chance.choices(range(len(offices)), weights=weights, k=max(routes - len(homes), 0))
    homes.sort()
    couriers, tours, orders = [], [], []
    made = 0
    for number, home in enumerate(homes):
        base = offices[home]
        couriers.append(
            Courier(
                id=f"{base.id}-{number + 1:03d}",
                name=f"{chance.choice(_FAMILY)} {chance.choice(_MIDDLE)} {chance.choice(_GIVEN)}",
                office=base.id,
                phone=f"+8491{number:07d}",
                vehicle=VehicleKind.ELECTRIC_MOTORBIKE
                if number % 7 == 0
                else VehicleKind.MOTORBIKE,
                lunch=TimeWindow(start=hm(11, 30), end=hm(12, 30)),
                noon_return=TimeWindow(start=hm(10, 45), end=hm(12, 15)),
                cost_per_day=50_000,
                cost_per_km=2_000,
                cost_per_hour=36_000,
            )
        )
        share = stops // routes + (number < stops % routes)
        mates = [k for k, other in enumerate(homes) if other == home]
        bearing = 2 * np.pi * (mates.index(number) + 0.5) / len(mates)
        reach = chance.uniform(0.015, 0.05) if home == 0 else chance.uniform(0.025, 0.09)
        middle = (
            base.point.lat + reach * float(np.sin(bearing)),
            base.point.lon + reach * float(np.cos(bearing)),
        )
        villages = [
            (middle[0] + chance.gauss(0, 0.012), middle[1] + chance.gauss(0, 0.012))
            for _ in range(3)
        ]
        mine: list[tuple[str, LatLon]] = []
        for _ in range(share):
            made += 1
            village = chance.choice(villages)
            where = LatLon(
                lat=village[0] + chance.gauss(0, 0.004), lon=village[1] + chance.gauss(0, 0.004)
            )
            collected = chance.random() < 0.2
            service = chance.choices(list(Service), weights=(6, 2, 1, 1, 0))[0]
            order = Order(
                id=f"{service.value[:2].upper()}{made:06d}",
                kind=OrderKind.COLLECTION if collected else OrderKind.DELIVERY,
                service=service,
                address=at(
                    f"Số {chance.randint(1, 400)} {chance.choice(_STREETS)}, "
                    f"khu {chance.randint(1, 20)}",
                    where.lat,
                    where.lon,
                    district=base.districts[0],
                ),
                customer=f"{chance.choice(_FAMILY)} {chance.choice(_MIDDLE)} "
                f"{chance.choice(_GIVEN)}",
                phone=f"+8497{made:07d}",
                grams=chance.randint(50, 900),
                cash=chance.choice((0, 0, 0, 35_000, 120_000)),
                attempts=int(chance.random() < 0.1),
                note=chance.choice(("", "", "", "Gọi trước khi đến", "Giao giờ hành chính")),
                windows=(TimeWindow(start=hm(7, 30), end=hm(17)),) if collected else (),
            )
            orders.append(order)
            mine.append((order.id, where))
        half = len(mine) // 2
        steps = [Step(kind=StopKind.JOB, id=name) for name in _nearest_first(base.point, mine)]
        steps.insert(half, Step(kind=StopKind.RELOAD, id="noon"))
        tours.append(Tour(vehicle=couriers[-1].id, steps=tuple(steps)))
    lost = []
    for number in range(max(stops // 60, 3)):
        base = chance.choice(offices)
        reason = chance.choice(
            (LeftOutReason.NO_ROOM, LeftOutReason.ADDRESS_DOUBTFUL, LeftOutReason.TOO_FAR)
        )
        point = None
        if reason is not LeftOutReason.ADDRESS_DOUBTFUL:
            point = LatLon(
                lat=base.point.lat + chance.gauss(0, 0.05),
                lon=base.point.lon + chance.gauss(0, 0.05),
            )
        orders.append(
            Order(
                id=f"LO{number:04d}",
                kind=OrderKind.DELIVERY,
                service=Service.PARCEL,
                address=Address(
                    text=f"Khu {number + 1}, xã Minh", point=point, district=base.districts[0]
                ),
                customer=f"{chance.choice(_FAMILY)} {chance.choice(_GIVEN)}",
            )
        )
        lost.append(LeftOut(order=orders[-1].id, reason=reason))
    day = Day(date=DAY, orders=tuple(orders), couriers=tuple(couriers), offices=offices)
    problem = problem_of([o for o in orders if not o.id.startswith("LO")], couriers, offices)
    return planned(day, problem, tours, left_out=lost)
