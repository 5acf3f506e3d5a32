"""
Where the sample's customers live and how they write it, and the one-stop desks (một cửa).

A customer lives in a commune as it was before the mergers of 2025, drawn by population; the address
names that commune with its district, or the unit that holds its territory on the day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random

from dispatch.model import Address
from dispatch.samples.words import HAMLETS, STREETS
from geo import phu_tho
from geo.phu_tho import Commune, District
from geo.text import fold
from geo.types import LatLon
from solver.model import TimeWindow

_TOWN_KINDS = ("phường", "thị trấn")
_SHORT = {
    "thành phố": "TP.",
    "thị xã": "TX.",
    "thị trấn": "TT.",
    "phường": "P.",
    "huyện": "H.",
    "xã": "X.",
}
_BEFORE_THE_MERGERS = date(2021, 1, 1)
_KM_PER_DEGREE = 111.2
PROVINCE_CAPITAL = "227"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """
    A commune to live in.

    Parameters
    ----------
    old, now
        The commune as it was, and the unit that holds its territory on the day.
    spread_km
        How far from the commune's point its doors are.
    km
        From the district's post office, as the crow flies.
    """

    old: Commune
    now: Commune
    district: District
    spread_km: float
    km: float

    @property
    def town(self) -> bool:
        """Whether it is a ward or a township."""
        return self.old.kind in _TOWN_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An agency's counter where dossiers are collected: its address, point and working hours."""

    name: str
    address: Address
    district: str
    hours: tuple[TimeWindow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Everything of the province that a sample day needs, on one day."""

    homes: tuple[Home, ...]
    desks: tuple[Desk, ...]
    homes_of: Mapping[str, tuple[Home, ...]] = field(default_factory=dict)


def kilometres(a: LatLon, b: LatLon) -> float:
    """Return the distance between two near points, as the crow flies."""
    across = (a.lon - b.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return math.hypot(a.lat - b.lat, across) * _KM_PER_DEGREE


@cache
def province(on: date) -> Map:
    """Return the communes and desks on a day."""
    old_day = min(on, _BEFORE_THE_MERGERS)
    old = phu_tho.communes(old_day)
    seats = {office.district_code: office.point for office in phu_tho.offices()}
    homes = tuple(
        Home(
            old=commune,
            now=_successor(commune, on),
            district=phu_tho.district(commune.district_code),
            spread_km=_spread(commune, old),
            km=kilometres(commune.point, seats[commune.district_code]),
        )
        for commune in old
    )
    codes = sorted({home.district.code for home in homes})
    homes_of = {code: tuple(home for home in homes if home.district.code == code) for code in codes}
    return Map(homes=homes, desks=_desks(homes_of), homes_of=homes_of)


def _successor(commune: Commune, on: date) -> Commune:
    while not commune.valid(on) and commune.valid_until is not None:
        following = {c.code: c for c in phu_tho.communes(commune.valid_until + timedelta(days=1))}
        after = following.get(commune.successor or commune.code)
        if after is None or after.valid_from > on:
            break
        commune = after
    return commune


def _spread(commune: Commune, others: Sequence[Commune]) -> float:
    nearest = min(kilometres(commune.point, o.point) for o in others if o.code != commune.code)
    # Less than half the way to the next commune's point, so that a door is inside its own.
    return min(0.4 * nearest, 2.0)


# One-stop desks. Three calendars that occur in the region, each with its own gap at noon.


def _hours(*spans: tuple[float, float]) -> tuple[TimeWindow, ...]:
    # A visit begins a quarter of an hour before the desk closes at the latest: papers are counted.
    return tuple(
        TimeWindow(start=int(opens * 3600), end=int(closes * 3600) - 900) for opens, closes in spans
    )


_CALENDARS = (
    _hours((7.5, 11.5), (13, 17)),
    _hours((7.5, 11.5), (13.5, 16.5)),
    _hours((8, 11.5), (13, 17.5)),
)
_DEPARTMENTS = (
    "Sở Tư pháp", "Sở Tài chính", "Sở Xây dựng", "Sở Nội vụ", "Sở Y tế", "Sở Công Thương",
    "Sở Giáo dục và Đào tạo", "Sở Khoa học và Công nghệ", "Sở Nông nghiệp và Môi trường",
    "Sở Văn hóa, Thể thao và Du lịch", "Bảo hiểm xã hội tỉnh", "Công an tỉnh (cấp căn cước)",
    "Công an tỉnh (xuất nhập cảnh)", "Phòng Cảnh sát giao thông", "Văn phòng đăng ký đất đai tỉnh",
    "Cục Thuế tỉnh", "Thanh tra tỉnh", "Ban Dân tộc tỉnh", "Sở Ngoại vụ", "Sở Giao thông vận tải",
)  # fmt: skip
_DISTRICT_AGENCIES = ("Bộ phận Một cửa", "Bảo hiểm xã hội", "Công an", "Chi nhánh đăng ký đất đai")


def _desks(homes_of: Mapping[str, Sequence[Home]]) -> tuple[Desk, ...]:
    desks: list[Desk] = []
    for number, (code, homes) in enumerate(sorted(homes_of.items())):
        seat = _seat(homes)
        district = seat.district
        for offset, agency in enumerate(_DISTRICT_AGENCIES):
            name = f"{agency} {district.kind} {district.name}"
            calendar = _CALENDARS[(number + offset) % 3]
            desks.append(_desk(name, seat, calendar, offset))
        if code == PROVINCE_CAPITAL:
            centre = "Trung tâm Phục vụ hành chính công tỉnh Phú Thọ"
            desks.append(_desk(centre, seat, _CALENDARS[0], 5))
            near = sorted(homes, key=lambda home: kilometres(home.old.point, district.point))[:4]
            for offset, agency in enumerate(_DEPARTMENTS):
                desks.append(_desk(agency, near[offset % 4], _CALENDARS[offset % 3], 6 + offset))
    return tuple(desks)


def _seat(homes: Sequence[Home]) -> Home:
    district = homes[0].district
    named = [home for home in homes if fold(home.old.name) == fold(district.capital)]
    towns = [home for home in homes if home.town] or list(homes)
    return min(named or towns, key=lambda home: kilometres(home.old.point, district.point))


def _desk(name: str, home: Home, hours: tuple[TimeWindow, ...], offset: int) -> Desk:
    # Desks of one seat lie a few hundred metres apart, always at the same spot.
    point = _moved(home.old.point, km=0.08 * (offset % 7 + 1), bearing=offset * 2.4)
    street = f"đường {STREETS[offset % len(STREETS)]}"
    where = f"{home.old.kind} {home.old.name}, {home.district.kind} {home.district.name}"
    address = Address(
        text=f"{name}, {street}, {where}, tỉnh Phú Thọ",
        district=home.district.code,
        point=point,
        commune=home.now.code,
        quality=1.0,
    )
    return Desk(name=name, address=address, district=home.district.code, hours=hours)


def _moved(point: LatLon, *, km: float, bearing: float) -> LatLon:
    north = km * math.cos(bearing) / _KM_PER_DEGREE
    east = km * math.sin(bearing) / _KM_PER_DEGREE / math.cos(math.radians(point.lat))
    return LatLon(lat=round(point.lat + north, 6), lon=round(point.lon + east, 6))


# Customers' addresses


def address_at(home: Home, random: Random, *, learned: float) -> Address:
    """
    Return an address in a commune as somebody would write it.

    Parameters
    ----------
    learned
        Share of the addresses whose point couriers have brought home before.
    """
    text = _written(home, random)
    if random.random() >= learned:
        return Address(text=text)
    spread = home.spread_km * math.sqrt(random.random())
    return Address(
        text=text,
        district=home.district.code,
        point=_moved(home.old.point, km=spread, bearing=random.uniform(0, 2 * math.pi)),
        commune=home.now.code,
        quality=0.95,
    )


def doubtful_address(home: Home, random: Random) -> Address:
    """Return an address that needs a person: no commune, a town elsewhere, or misspelt."""
    door = _door(home, random)
    kind = random.randrange(4)
    if kind == 0:
        return Address(text=f"{door}, gần chợ")
    if kind == 1:
        return Address(text=f"{door}, phường Trung Hòa, quận Cầu Giấy, Hà Nội")
    if kind == 2:
        return Address(text=f"{door}, {home.district.kind} {home.district.name}")
    name = home.old.name
    place = random.randrange(1, len(name))
    return Address(text=f"{door}, {name[:place]}{name[place + 1 :]}, Phú Thọ")


def _written(home: Home, random: Random) -> str:
    door = _door(home, random)
    style = random.random()
    merged = home.now.valid_from > home.old.valid_from and random.random() < 0.45
    unit = home.now if merged else home.old
    district = home.district
    # The units of July 2025 lie in no district any more; a few people go on writing it.
    with_district = unit.valid_from < date(2025, 7, 1) or random.random() < 0.1
    if style < 0.62:
        parts = [door, f"{unit.kind} {unit.name}"]
        parts += [f"{district.kind} {district.name}"] if with_district else []
        parts += ["tỉnh Phú Thọ"]
        text = ", ".join(parts)
    elif style < 0.82:
        parts = [door, f"{_SHORT[unit.kind]} {unit.name}"]
        parts += [f"{_SHORT[district.kind]} {district.name}"] if with_district else []
        parts += ["Phú Thọ"] if not with_district or random.random() < 0.5 else []
        text = ", ".join(parts)
    elif style < 0.95:
        tail = f"{district.name}" if with_district else "Phú Thọ"
        text = f"{door}, {unit.kind} {unit.name}, {tail}"
    else:
        tail = f"{district.kind} {district.name}" if with_district else "Phú Thọ"
        text = fold(f"{door}, {unit.kind} {unit.name}, {tail}")
    return text[:1].upper() + text[1:]


def _door(home: Home, random: Random) -> str:
    if not home.town:
        if random.random() < 0.75:
            return f"khu {random.randint(1, 14)}"
        word = random.choice(("xóm", "thôn"))
        return f"{word} {random.choice(HAMLETS)}"
    style = random.random()
    street = random.choice(STREETS)
    number = random.randint(1, 1900)
    if style < 0.35:
        return f"số {number}, đường {street}"
    if style < 0.60:
        return f"số {random.randint(1, 60)}, ngõ {number}, đường {street}"
    if style < 0.70:
        alleys = [str(number), *(str(random.randint(1, 40)) for _ in range(random.randint(1, 4)))]
        return f"{'/'.join(alleys)} {street}"
    if style < 0.85:
        return f"tổ {random.randint(1, 30)}, khu {random.randint(1, 12)}"
    return f"khu {random.randint(1, 12)}"
