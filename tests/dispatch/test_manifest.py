from __future__ import annotations

import unicodedata
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import segno
from pypdf import PdfReader

from dispatch.manifest import (
    PlanMark,
    courier_manifest,
    geo_link,
    manifests,
    office_manifest,
    phone,
    qr_svg,
    wrappable,
)
from dispatch.model import DayPlan
from dispatch.views import UnknownCourierError
from geo.types import LatLon
from tests.dispatch.day_plans import big_day_plan, tiny_day_plan


def words_of(paper: bytes) -> str:
    pages = (page.extract_text() for page in PdfReader(BytesIO(paper)).pages)
    return unicodedata.normalize("NFC", " ".join(" ".join(pages).split()))


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return tiny_day_plan()


@pytest.fixture(scope="module")
def paper(plan: DayPlan) -> str:
    return words_of(courier_manifest(plan, "BT-01"))


def test_the_sheet_is_vietnamese_with_every_accent_right(paper: str) -> None:
    for said in (
        "Phiếu hành trình bưu tá",
        "Nguyễn Thị Hạnh (BT-01)",
        "Thứ Ba, 24/11/2026",
        "Phạm Thị Huệ",
        "Nguyễn Ngọc Ẩn",
        "Gọi trước khi đến, nhà có chó dữ",
        "Về bưu cục giữa ngày",
        "Nghỉ trưa",
        "Quyết toán cuối ngày",
    ):
        assert said in paper


def test_the_sheet_shows_times_numbers_cash_and_phones(paper: str) -> None:
    for said in ("08:56", "13:39", "35.000", "450.000", "485.000 đ", "0987 654 321", "HS-0002"):
        assert said in paper


def test_stops_stand_in_driving_order(paper: str) -> None:
    places = [paper.index(name) for name in ("HS-0001", "EMS-0003", "BK-0004", "HS-0002")]
    assert places == sorted(places)


def test_what_a_customer_wrote_is_never_read_as_markup(paper: str) -> None:
    assert "#eval" in paper
    assert "*đậm*" in paper
    assert "$x$" in paper


def test_a_draft_says_so_and_a_published_plan_carries_its_version(plan: DayPlan) -> None:
    assert "BẢN NHÁP" in words_of(courier_manifest(plan, "BT-01"))
    published = words_of(
        courier_manifest(plan, "BT-01", mark=PlanMark(version="3", published=True))
    )
    assert "ĐÃ BAN HÀNH" in published
    assert "Phương án 3" in published
    assert "BẢN NHÁP" not in published


def test_the_same_plan_prints_to_the_same_bytes(plan: DayPlan) -> None:
    assert courier_manifest(plan, "BT-01") == courier_manifest(plan, "BT-01")


def test_a_long_route_repeats_its_header_and_counts_its_pages() -> None:
    plan = big_day_plan(routes=1, stops=40)
    reader = PdfReader(BytesIO(courier_manifest(plan, plan.day.couriers[0].id)))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert f"Trang {number}/{len(pages)}" in page
    assert all("Ký nhận" in page for page in pages[:-1])


def test_an_office_prints_all_its_couriers_in_one_file_each_counted_from_page_one() -> None:
    plan = big_day_plan(routes=26, stops=130)
    reader = PdfReader(BytesIO(office_manifest(plan, "DH")))
    texts = [page.extract_text() for page in reader.pages]
    couriers = [c for c in plan.day.couriers if c.office == "DH"]
    assert sum("Trang 1/" in text for text in texts) == len(couriers) > 0


def test_manifests_come_in_the_order_of_the_fleet_with_progress(plan: DayPlan) -> None:
    told: list[tuple[int, int]] = []
    made = list(manifests(plan, progress=lambda done, total: told.append((done, total))))
    assert [courier for courier, _ in made] == ["BT-01", "BT/02 <b>"]
    assert all(pdf.startswith(b"%PDF") for _, pdf in made)
    assert told == [(1, 2), (2, 2)]


def test_several_processes_print_the_same_sheets(plan: DayPlan) -> None:
    assert list(manifests(plan, processes=2)) == list(manifests(plan))


def test_a_courier_without_stops_gets_an_empty_sheet(plan: DayPlan) -> None:
    assert "Hôm nay không có điểm nào." in words_of(courier_manifest(plan, "BT-03"))


def test_an_unknown_courier_is_an_error(plan: DayPlan) -> None:
    with pytest.raises(UnknownCourierError):
        courier_manifest(plan, "nobody")


def test_an_english_sheet_on_request(plan: DayPlan) -> None:
    text = words_of(courier_manifest(plan, "BT/02 <b>", "en"))
    assert "Courier route sheet" in text
    assert "Bring to stop 3" in text


def test_the_code_is_a_geo_link_with_a_pin_and_small_enough_to_scan() -> None:
    link = geo_link(LatLon(lat=21.329, lon=105.395))
    assert link == "geo:21.32900,105.39500?q=21.32900,105.39500"
    # Version 3 has 29 modules: 0.45 mm each on 13 mm of paper.
    assert 'viewBox="0 0 29 29"' in qr_svg(link)
    assert segno.make(link, error="l", micro=False, boost_error=False).designator == "3-L"


def test_a_printed_code_is_vector_not_a_grey_picture(plan: DayPlan) -> None:
    page: Any = PdfReader(BytesIO(courier_manifest(plan, "BT-01"))).pages[0]
    assert len(page.images) == 0


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("+84912345678", "0912 345 678"),
        ("0912345678", "0912 345 678"),
        ("+33612", "+33612"),
        ("", ""),
    ],
)
def test_phones_are_written_as_they_are_dialled_at_home(given: str, written: str) -> None:
    assert phone(given) == written


def test_an_endless_word_may_break_so_that_it_stays_in_its_column() -> None:
    assert wrappable("x" * 30, 12).count("\u200b") == 2
    assert wrappable("Số 12 Hùng Vương") == "Số 12 Hùng Vương"


def test_an_unlocated_stop_has_no_code_but_is_printed(plan: DayPlan) -> None:
    located = dict(plan.located)
    order = located["EMS-0003"]
    located["EMS-0003"] = replace(order, address=replace(order.address, point=None))
    text = words_of(courier_manifest(replace(plan, located=located), "BT-01"))
    assert "EMS-0003" in text
