"""Couriers and offices read from files, and what does not fit between the files."""

from __future__ import annotations

from dataclasses import replace

from dispatch.importing import cross_check, read_offices, write_offices
from dispatch.model import (
    ORDINARY_SHIFT,
    Address,
    Courier,
    Office,
    Order,
    OrderKind,
    Service,
    VehicleKind,
)
from geo.types import LatLon
from solver.model import TimeWindow
from tests.dispatch.reading import fleet, offices, said

# ---- couriers and offices -----------------------------------------------------------------------


def test_a_courier_needs_no_more_than_an_id_and_an_office() -> None:
    read = fleet("Mã bưu tá,Bưu cục\nBT1,BC227\n")
    assert read.good == (Courier(id="BT1", name="BT1", office="BC227", row=2),)
    assert read.good[0].shift == ORDINARY_SHIFT


def test_a_whole_courier() -> None:
    read = fleet(
        "Mã bưu tá,Họ tên,Bưu cục,Phương tiện,SĐT,Ca làm việc,Nghỉ trưa,Nghỉ trưa dài (phút),"
        "Về bưu cục trưa,Tải trọng (kg),Thể tích thùng (lít),Số điểm tối đa,"
        "Quãng đường tối đa (km),Chi phí mỗi km (đ),Lương mỗi giờ (đ),Tăng ca sau (giờ),Xã quen\n"
        'BT1,Lê Thị Hoa,BC227,xe máy điện,0912345678,7h-17h,11h30-12h30,45,11h-12h,"37,5",150,40,'
        '100,325,28.000,"7,5",7894; 07900\n'
    )
    assert read.findings == ()
    assert read.good == (
        Courier(
            id="BT1",
            name="Lê Thị Hoa",
            office="BC227",
            vehicle=VehicleKind.ELECTRIC_MOTORBIKE,
            phone="+84912345678",
            shift=TimeWindow(start=25_200, end=61_200),
            lunch=TimeWindow(start=41_400, end=45_000),
            lunch_seconds=2_700,
            noon_return=TimeWindow(start=39_600, end=43_200),
            capacity_grams=37_500,
            capacity_cubic_cm=150_000,
            max_stops=40,
            max_metres=100_000,
            cost_per_km=325,
            cost_per_hour=28_000,
            overtime_after=27_000,
            known_communes=frozenset(("07894", "07900")),
            row=2,
        ),
    )


def test_a_courier_without_an_office_or_with_a_backward_shift_is_told() -> None:
    read = fleet("id,office,Giờ bắt đầu,Giờ kết thúc\nBT1,,7h,17h\nBT2,BC1,17h,7h\nBT2,BC1,,\n")
    assert said(read.findings) == [
        (2, "office", "a required cell is empty"),
        (3, "Giờ bắt đầu", "the window ends (7:00) before it starts (17:00)"),
        (4, "id", "the same as row 3"),
    ]


def test_office_hours_by_day_or_for_all_working_days() -> None:
    by_day = offices(
        "Mã bưu cục,Vĩ độ,Kinh độ,Thứ 2,T7,CN\nBC1,21.3,105.4,7:30-11:30; 13h-17h,sáng,nghỉ\n"
    ).good[0]
    morning, afternoon = (
        TimeWindow(start=27_000, end=41_400),
        TimeWindow(start=46_800, end=61_200),
    )
    assert by_day.hours == {0: (morning, afternoon), 5: (morning,)}
    common = offices(
        "Mã bưu cục,Tọa độ,Giờ làm việc,Thứ 7\nBC1,21.3 105.4,7:30-11:30; 13h-17h,sáng\n"
    ).good[0]
    assert common.hours == {**dict.fromkeys(range(5), (morning, afternoon)), 5: (morning,)}


def test_an_office_without_hours_is_taken_as_open_and_told() -> None:
    read = offices("Mã bưu cục,Vĩ độ,Kinh độ\nBC1,21.3,105.4\n")
    assert sorted(read.good[0].hours) == [0, 1, 2, 3, 4, 5]
    assert [one.what for one in read.warnings] == ["there are no opening hours"]


def test_an_office_without_a_place_is_refused() -> None:
    read = offices("Mã bưu cục,Tên bưu cục\nBC1,Việt Trì\n")
    assert said(read.findings) == [(2, "Latitude", "a required cell is empty")]
    assert read.findings[0].remedy == "fill in Latitude, Longitude"


# ---- between the files --------------------------------------------------------------------------

ORDER = Order(
    id="DA1", kind=OrderKind.DELIVERY, service=Service.EMS, address=Address(text="x"), row=2
)
COURIER = Courier(id="BT1", name="A", office="BC1", row=2)
OFFICE = Office(id="BC1", name="A", point=LatLon(lat=21.3, lon=105.4), row=2)
HUB = replace(OFFICE, id="KTC", level=1, row=3)


def crossed(
    asked: list[Order], couriers: list[Courier], served: list[Office]
) -> list[tuple[str, int, str, str]]:
    found = cross_check(asked, couriers, served, lang="en")
    return [(one.file, one.row, one.what, one.value) for one in found]


def test_three_files_that_fit_have_no_findings() -> None:
    assert crossed([replace(ORDER, office="BC1")], [COURIER], [OFFICE, HUB]) == []


def test_what_does_not_fit_between_the_files_is_told() -> None:
    assert crossed(
        [replace(ORDER, office="BC9")],
        [COURIER, replace(COURIER, id="BT2", office="BC8", row=3)],
        [OFFICE, replace(OFFICE, id="BC2", row=4)],
    ) == [
        ("fleet.csv", 3, "the courier's office is not in the list of offices", "BC8"),
        ("offices.csv", 4, "the office has no courier", "BC2"),
        ("orders.csv", 2, "the order names an office that is not in the list of offices", "BC9"),
    ]


def test_a_courier_without_an_office_and_one_named_twice_are_told() -> None:
    nowhere = replace(COURIER, id="BT2", office="", row=5)
    assert crossed([ORDER], [COURIER, COURIER, nowhere], [OFFICE]) == [
        ("fleet.csv", 0, "the courier occurs 2 times", "BT1"),
        ("fleet.csv", 5, "the courier belongs to no office", "BT2"),
    ]


def test_a_day_without_anything_is_told_file_by_file() -> None:
    assert [(file, what) for file, _, what, _ in crossed([], [], [])] == [
        ("orders.csv", "there are no orders on this day"),
        ("fleet.csv", "there are no couriers on this day"),
        ("offices.csv", "there are no offices"),
    ]


def test_hours_for_trucks_are_read_and_written_back() -> None:
    table = "Mã bưu cục,Vĩ độ,Kinh độ,Giờ nhận xe tải\nA,21.3,105.4,5h-7h; 17h-19h\nB,21.4,105.4,\n"
    read = read_offices(table.encode(), file="offices.csv")
    first, second = read.good
    assert [(w.start // 3600, w.end // 3600) for w in first.dock] == [(5, 7), (17, 19)]
    assert second.dock == ()
    again = read_offices(write_offices(read.good).encode(), file="offices.csv").good
    assert [office.dock for office in again] == [first.dock, ()]


def test_trucks_of_unknown_offices_and_repeated_ids_are_said_in_words() -> None:
    def driver(name: str, office: str, row: int) -> Courier:
        return Courier(id=name, name=name, office=office, row=row)

    hubs = read_offices(b"id,lat,lon\nHUB,21.3,105.4\n", file="offices.csv").good
    trucks = [driver("x1", "HUB", 2), driver("x1", "HUB", 3), driver("x2", "VT", 4)]
    found = cross_check(
        (), [driver("x1", "HUB", 2)], hubs, trucks=trucks, trucks_file="xe.csv", lang="en"
    )
    said = [(f.row, f.value, f.what, f.remedy) for f in found if f.file == "xe.csv"]
    assert said == [
        (
            4,
            "VT",
            "the truck's office is not in the list of offices, so the truck is not planned",
            "correct its office to the hub that it leaves from",
        ),
        (
            0,
            "x1",
            "the truck occurs 2 times",
            "keep one row for each shift of a truck, each with an id of its own",
        ),
        (0, "x1", "this id is both a truck's and a courier's", "give the truck another id"),
    ]
    vietnamese = cross_check((), (), hubs, trucks=trucks)
    assert "xe tải thuộc bưu cục không có trong danh sách" in " ".join(f.what for f in vietnamese)
