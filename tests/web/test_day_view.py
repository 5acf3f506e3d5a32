"""The morning before a plan, on the screen: a file, its columns, its bad rows, its addresses."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.office import DAY, OfficeServed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("web")]

HEADER = "Dãy chữ số,Chỗ đến nhà,Khách"
CLEAR = "Số 5, đường Hùng Vương, phường Gia Cẩm, thành phố Việt Trì, tỉnh Phú Thọ"
ROWS = (
    f'W1,"{CLEAR}",Lan',
    ',"Khu 2, xã Phượng Lâu, thành phố Việt Trì",Hoa',
    "W3,,Bình",
    'W4,"Khu 11, xã Tân Sơn, tỉnh Phú Thọ",Yến',
    "W5,nhà văn hóa cũ,Tâm",
)


def written(folder: Path, name: str, *rows: str) -> str:
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8-sig")
    return str(path)


def test_a_morning_from_the_dropped_file_to_the_plan(
    page: Page, office: OfficeServed, tmp_path: Path
) -> None:
    day = DAY + timedelta(days=2)
    page.goto(f"/days/{day}/day")
    page.set_input_files(".drop input", written(tmp_path, "mine.csv", *ROWS))

    # The columns are not known by their names: nothing can be imported until they are told.
    page.locator(".mapping").wait_for()
    assert page.get_by_role("button", name="Không có gì để nhập").is_disabled()
    assert page.locator(".mapping tr.missing").count() == 2
    page.get_by_label("Cột trong tệp: Mã đơn").select_option("Dãy chữ số")
    page.locator(".mapping tr.missing").nth(1).wait_for(state="detached")
    page.get_by_label("Cột trong tệp: Địa chỉ", exact=True).select_option("Chỗ đến nhà")

    # Both bad rows stand there with their remedy, and nothing is stored yet.
    page.get_by_role("button", name="Nhập 3 đơn").wait_for()
    bad = page.locator(".findings > ol > li")
    assert [one.split("\n")[0] for one in bad.all_inner_texts()] == ["Dòng 3", "Dòng 4"]
    assert bad.locator(".remedy").count() == 2
    assert _stored(office, str(day)) == set()
    with page.expect_download() as given:
        page.get_by_role("button", name="Tải các dòng lỗi").click()
    taken = Path(given.value.path()).read_text(encoding="utf-8-sig")
    assert taken.splitlines()[0].startswith('"Dãy chữ số","Chỗ đến nhà"')
    assert len(taken.splitlines()) == 3

    page.get_by_role("button", name="Nhập 3 đơn").click()
    page.get_by_text("3 đơn của ngày").first.wait_for()
    assert _stored(office, str(day)) == {"W1", "W4", "W5"}

    # The next file of the same source is read without a word.
    page.set_input_files(".drop input", written(tmp_path, "later.csv", f'W6,"{CLEAR}",An'))
    page.get_by_text("Đã nhớ từ tệp trước cùng nguồn").wait_for()
    page.get_by_role("button", name="Nhập 1 đơn").click()
    page.get_by_text("4 đơn của ngày").first.wait_for()

    # Two addresses are doubtful; one is a commune, the other is pinned on the map.
    page.get_by_role("button", name="Địa chỉ chưa chắc").click()
    page.wait_for_selector("[data-map]")
    page.get_by_role("button", name="Khu 11, xã Tân Sơn").click()
    page.keyboard.press("1")
    page.locator(".pinned", has_text="Chỉ biết đến xã").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("Đã lưu địa chỉ của W4").wait_for()
    page.get_by_role("heading", name="nhà văn hóa cũ").wait_for()
    frame = page.locator(".addresses .ground").bounding_box()
    assert frame is not None
    middle = (frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.mouse.click(*middle)
    before = page.locator(".pinned").inner_text()
    pin = page.locator(".pin").bounding_box()
    assert pin is not None
    page.mouse.move(pin["x"] + 16, pin["y"] + 15)
    page.mouse.down()
    page.mouse.move(pin["x"] + 60, pin["y"] + 40, steps=4)
    page.mouse.up()
    assert "Ghim tại" in before
    assert page.locator(".pinned").inner_text() != before
    page.get_by_role("button", name="Lưu và sang đơn sau").click()
    page.get_by_text("Mọi địa chỉ đều chắc chắn").first.wait_for()
    pinned = office.client.order("W5").order.address.point
    assert pinned is not None
    assert f"{pinned.lat:.5f}" not in before

    # Every order stands in an office's row, and the plan is one click away.
    page.get_by_role("button", name="Nhu cầu và năng lực").click()
    cells = page.locator(".demand tfoot td").first
    cells.wait_for()
    assert cells.inner_text() == "4"
    page.get_by_role("button", name="Sang kế hoạch").click()
    page.get_by_text("Ngày này chưa có kế hoạch").wait_for()


def test_who_is_absent_is_left_out_of_the_demand(page: Page, office: OfficeServed) -> None:
    day = DAY + timedelta(days=3)
    row = f'A1,"{CLEAR}"\n'
    office.client.import_orders(day, f"Mã đơn,Địa chỉ\n{row}".encode())
    page.goto(f"/days/{day}/day")
    page.get_by_role("button", name="Nhu cầu và năng lực").click()
    first = page.locator(".demand tbody tr").first
    first.wait_for()
    count = int(first.locator("td").nth(1).inner_text())
    first.locator("th button").click()
    page.locator(".chips button").first.click()
    page.locator(".chips [aria-pressed=true]").wait_for()
    page.locator("small.bad", has_text="−1").wait_for()
    expect(first.locator("td").nth(1)).to_have_text(re.compile(rf"^{count - 1}\s"))
    assert len(office.client.day(day).absent) == 1


def test_a_file_of_the_wrong_kind_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"%PDF-1.7 nothing of use")
    page.goto(f"/days/{DAY + timedelta(days=4)}/day")
    page.set_input_files(".drop input", str(path))
    page.get_by_text("Không đọc được orders.xlsx").wait_for()
    assert "PDF" in page.locator(".card.bad").inner_text()


def test_what_was_chosen_stays_while_the_connection_and_the_session_are_lost(
    page: Page, office: OfficeServed, tmp_path: Path
) -> None:
    day = DAY + timedelta(days=5)
    page.goto(f"/days/{day}/day")
    page.set_input_files(".drop input", written(tmp_path, "mine.csv", f'L1,"{CLEAR}",Lan'))
    page.get_by_label("Cột trong tệp: Mã đơn").select_option("Dãy chữ số")
    page.get_by_label("Cột trong tệp: Địa chỉ", exact=True).select_option("Chỗ đến nhà")
    page.get_by_role("button", name="Nhập 1 đơn").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Nhập 1 đơn").click()
    page.locator(".lost").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Thử lại ngay").click()
    page.locator(".lost").wait_for(state="detached")

    page.context.clear_cookies()
    page.get_by_role("button", name="Nhập 1 đơn").click()
    page.get_by_text("Phiên làm việc đã hết").wait_for()
    page.get_by_label("Tên đăng nhập").fill("lan")
    page.get_by_label("Mật khẩu").fill("correct horse battery")
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_text("Phiên làm việc đã hết").wait_for(state="detached")
    page.get_by_role("button", name="Nhập 1 đơn").click()
    page.get_by_text("1 đơn của ngày").first.wait_for()
    assert _stored(office, str(day)) == {"L1"}


def _stored(office: OfficeServed, day: str) -> set[str]:
    return {one.order.id for one in office.client.orders(day=day)}
