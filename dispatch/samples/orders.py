"""
The sample day's orders, in the proportions of the post's own report.

In the first half of 2018 it returned 71,132 dossiers: social insurance 57,906, identity cards and
police fine papers 12,591, driving licences 357, all others 278. Around them the ordinary business
of a province's post; those shares, weights and sums of money are assumptions, in the tables below.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import holidays

from dispatch.model import Address, Order, OrderKind, Service
from dispatch.parsing_times import AFTERNOON, MORNING
from dispatch.samples.places import (
    PROVINCE_CAPITAL,
    Desk,
    Home,
    Map,
    address_at,
    doubtful_address,
)
from dispatch.samples.words import NOTES, person, phone
from solver.model import TimeWindow

_PRODUCTS = {
    Service.DOSSIER: 0.38,
    Service.REGISTERED: 0.22,
    Service.EMS: 0.15,
    Service.PARCEL: 0.20,
    Service.ORDINARY: 0.05,
}
_DOSSIERS = {
    "Thẻ bảo hiểm y tế, sổ bảo hiểm xã hội": 57_906,
    "Căn cước công dân": 8_000,
    "Giấy tờ xử phạt vi phạm giao thông": 4_591,
    "Giấy phép lái xe": 357,
    "Hồ sơ tư pháp": 90,
    "Hồ sơ giao thông vận tải": 80,
    "Hộ chiếu": 60,
    "Kết quả hồ sơ khác": 48,
}  # the second and third together are the 12,591
_DESK_VISITS = 0.035
_TRANSFERS = 0.02
_CITIZEN_COLLECTIONS = 0.06
_APPOINTMENTS = 0.06
_LEARNED = 0.15
_DOUBTFUL = 0.008
_HEAVY = 0.02

_LETTERS = {
    Service.DOSSIER: "D",
    Service.REGISTERED: "R",
    Service.EMS: "E",
    Service.PARCEL: "C",
    Service.ORDINARY: "L",
}
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all orders of a day share: where, when, and the dates around it."""

    places: Map
    day: date
    random: Random
    workdays: tuple[date, ...]

    def due(self, home: Home, accepted: int) -> date:
        """Return the promised day of what was accepted so many working days before the day."""
        promised = 1 if home.district.code == PROVINCE_CAPITAL else 2
        return self.workdays[self.workdays.index(self.day) - accepted + promised]


def item_number(service: Service, serial: int, series: str = "A") -> str:
    """
    Return an item number in the form of S10, such as "EA473124829VN".

    References
    ----------
    Universal Postal Union, technical standard S10: the eight digits weighted by 8 6 4 2 3 5 9 7 are
    summed; the check digit is 11 less the remainder by 11, where 10 becomes 0 and 11 becomes 5.
    """
    digits = f"{serial:08d}"
    weighted = zip(digits, _S10_WEIGHTS, strict=True)
    rest = 11 - sum(int(digit) * weight for digit, weight in weighted) % 11
    return f"{_LETTERS[service]}{series}{digits}{ {10: 0, 11: 5}.get(rest, rest) }VN"


def working_days(around: date, *, before: int, after: int) -> tuple[date, ...]:
    """
    Return Mondays to Fridays that are no public holidays, the day itself always among them.

    A post that works on a holiday counts its promises through that day as well.
    """
    closed = holidays.country_holidays("VN", years=range(around.year - 1, around.year + 2))

    def walk(step: int, count: int) -> list[date]:
        found: list[date] = []
        day = around
        while len(found) < count:
            day += timedelta(days=step)
            if day.weekday() < 5 and day not in closed:
                found.append(day)
        return found

    return (*reversed(walk(-1, before)), around, *walk(1, after))


def sample_orders(
    count: int, *, places: Map, vans: Collection[str], day: date, random: Random
) -> list[Order]:
    """
    Return so many orders in the order of a day's file, rows numbered from 2.

    Parameters
    ----------
    vans
        Codes of the districts whose office has a van: only they take parcels above 25 kg.
    """
    scene = Scene(
        places=places, day=day, random=random, workdays=working_days(day, before=12, after=6)
    )
    desk_visits = min(round(count * _DESK_VISITS), 2 * len(places.desks))
    transfers = round(count * _TRANSFERS)
    drafts = [
        *_desk_collections(scene, desk_visits),
        *(_transfer(scene) for _ in range(transfers)),
    ]
    rest = count - len(drafts)
    calm = [home.old.population for home in places.homes]
    # Firms and shops are in the towns, and so is most of what is sent besides dossiers.
    busy = [home.old.population * (2.0 if home.town else 0.9) for home in places.homes]
    products, shares = list(_PRODUCTS), list(_PRODUCTS.values())
    services = random.choices(products, shares, k=rest)
    homes = {
        True: iter(random.choices(places.homes, calm, k=rest)),
        False: iter(random.choices(places.homes, busy, k=rest)),
    }
    where = [next(homes[service is Service.DOSSIER]) for service in services]
    drafts += [
        customer_order(scene, service, home, van=home.district.code in vans)
        for service, home in zip(services, where, strict=True)
    ]
    random.shuffle(drafts)
    serials = random.sample(range(10_000_000, 99_999_999), count)
    return [
        replace(draft, id=item_number(draft.service, serial), row=row)
        for row, (draft, serial) in enumerate(zip(drafts, serials, strict=True), start=2)
    ]


def _dossier(random: Random) -> str:
    return random.choices(list(_DOSSIERS), list(_DOSSIERS.values()))[0]


def _desk_collections(scene: Scene, count: int) -> list[Order]:
    """One-stop desks hand over what is ready, in the morning and some again in the afternoon."""
    random = scene.random
    desks: Sequence[Desk] = scene.places.desks
    turns = [*random.sample(desks, len(desks)), *random.sample(desks, len(desks))][:count]
    orders = []
    for number, desk in enumerate(turns):
        items = random.randint(4, 35)
        again = number >= len(desks)
        windows = desk.hours
        if again:
            windows = (TimeWindow(start=14 * 3600, end=desk.hours[-1].end),)
        orders.append(
            Order(
                id="",
                kind=OrderKind.COLLECTION,
                service=Service.DOSSIER,
                address=desk.address,
                content="Nhận hồ sơ đã có kết quả",
                customer=desk.name,
                phone=phone(random),
                grams=items * random.randint(60, 160),
                cubic_cm=items * 400,
                items=items,
                windows=windows,
                due=scene.day,
            )
        )
    return orders


def _transfer(scene: Scene) -> Order:
    """Papers from one agency to another of the same town; between towns the truck takes them."""
    random = scene.random
    first = random.choice(scene.places.desks)
    same = [d for d in scene.places.desks if d.district == first.district and d is not first]
    second = random.choice(same)
    items = random.randint(1, 12)
    return Order(
        id="",
        kind=OrderKind.TRANSFER,
        service=Service.DOSSIER,
        address=first.address,
        to_address=second.address,
        content=f"Chuyển hồ sơ đến {second.name}",
        customer=first.name,
        phone=phone(random),
        grams=items * random.randint(80, 250),
        cubic_cm=items * 500,
        items=items,
        windows=first.hours,
        due=scene.day,
    )


def customer_order(scene: Scene, service: Service, home: Home, *, van: bool) -> Order:
    """
    Return one order of a person or a firm, without a number yet.

    Parameters
    ----------
    van
        The office has a van, so that a parcel may be heavier than 25 kg.
    """
    random = scene.random
    collects = random.random() < (_CITIZEN_COLLECTIONS if service is not Service.ORDINARY else 0)
    attempts = random.choices((0, 1, 2), (90, 7, 3))[0]
    accepted = attempts + random.choices((1, 2), (85, 15))[0]
    address = _address(scene, home)
    grams, volume = _load(random, service, van=van and not collects)
    content = _content(random, service)
    if collects:
        attempts, accepted = 0, 1
    due = scene.due(home, accepted)
    if service is Service.EMS and not attempts:
        due = scene.day
    return Order(
        id="",
        kind=OrderKind.COLLECTION if collects else OrderKind.DELIVERY,
        service=service,
        address=address,
        content=content,
        customer=person(random),
        phone=phone(random),
        grams=grams,
        cubic_cm=volume,
        windows=_windows(random, service),
        due=due,
        attempts=attempts,
        cash=_cash(random, service, content, collects=collects),
        note=random.choice(NOTES) if random.random() < 0.12 else "",
        required=not attempts and random.random() < 0.004,
    )


def _address(scene: Scene, home: Home) -> Address:
    if scene.random.random() < _DOUBTFUL:
        return doubtful_address(home, scene.random)
    return address_at(home, scene.random, learned=_LEARNED)


def _content(random: Random, service: Service) -> str:
    if service is Service.DOSSIER:
        return _dossier(random)
    goods = {
        Service.REGISTERED: ("Công văn", "Thư bảo đảm", "Giấy triệu tập", "Sao kê"),
        Service.EMS: ("Tài liệu", "Hợp đồng", "Linh kiện", "Thuốc"),
        Service.PARCEL: ("Quần áo", "Đồ gia dụng", "Sách", "Thực phẩm khô", "Phụ tùng"),
        Service.ORDINARY: ("Thư thường", "Báo, tạp chí"),
    }
    return random.choice(goods[service])


def _load(random: Random, service: Service, *, van: bool) -> tuple[int, int]:
    """Return grams and cubic centimetres."""
    if service is Service.DOSSIER:
        return random.randint(40, 320), 800
    if service is Service.REGISTERED:
        return random.randint(20, 120), 300
    if service is Service.ORDINARY:
        return random.randint(20, 300), 400
    if service is Service.EMS:
        grams = min(int(random.lognormvariate(math.log(500), 0.9)), 8_000)
        return max(grams, 50), max(grams * 4, 600)
    if van and random.random() < _HEAVY:
        grams = random.randint(45, 120) * 1000
        return grams, grams * 4
    grams = min(max(int(random.lognormvariate(math.log(1_800), 0.9)), 150), 25_000)
    return grams, grams * random.randint(3, 5)


def _windows(random: Random, service: Service) -> tuple[TimeWindow, ...]:
    if random.random() < _APPOINTMENTS:
        start = random.choice((8, 9, 10, 14, 15)) * 3600
        return (TimeWindow(start=start, end=start + 7200),)
    choice = random.random()
    if service in (Service.REGISTERED, Service.EMS) and choice < 0.12:
        return (MORNING, AFTERNOON)  # addressed to an office, closed at noon
    if choice > 0.97:
        return (random.choice((MORNING, AFTERNOON)),)
    return ()


def _cash(random: Random, service: Service, content: str, *, collects: bool) -> int:
    """Return the đồng to take: postage for dossiers, fines, cash on delivery for goods."""
    if collects:
        return random.choice((26_000, 31_000, 38_000, 45_000)) if service is Service.DOSSIER else 0
    if "xử phạt" in content:
        return random.choice((150, 300, 400, 600, 800, 1_000, 1_500, 2_000)) * 1000 + 30_000
    if "Giấy phép" in content or "Hộ chiếu" in content:
        return random.choice((135_000, 200_000))
    if service is Service.DOSSIER:
        return random.choice((0, 0, 22_000, 26_000, 31_000))
    share = {Service.PARCEL: 0.6, Service.EMS: 0.25}.get(service, 0)
    if random.random() < share:
        return round(min(random.lognormvariate(math.log(320_000), 0.8), 8_000_000) / 1000) * 1000
    return 0
