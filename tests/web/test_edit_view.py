"""Changing a plan on the screen: seen before letting go, saved, taken back, merged, published."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web.office import DAY, PASSWORD, OfficeServed

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("web")]

ON = DAY + timedelta(days=7)
"""A day of these tests' own; each makes its first version the draft again."""


@pytest.fixture(scope="module")
def made(office: OfficeServed) -> int:
    """The version that every test begins with."""
    return office.planned(ON)


@pytest.fixture
def shown(page: Page, office: OfficeServed, made: int) -> Page:
    accepted = office.client.day(ON).accepted
    office.client.go_to(ON, made, instead_of=accepted)
    opened(page, ON, made)
    return page


def opened(page: Page, day: date, version: int) -> None:
    page.goto(f"/days/{day}/plan?version={version}")
    page.wait_for_selector(".timeline .mark")
    page.wait_for_selector("[data-map]")


def routes_of(office: OfficeServed, version: int) -> dict[str, list[str]]:
    found = office.client.routes(ON, version)
    return {
        r.courier: [s.order for s in r.stops if s.number is not None] for r in found if not r.truck
    }


def neighbours(office: OfficeServed, version: int, least: int = 4) -> tuple[str, str]:
    """Two couriers of one office with some stops each."""
    by_office: dict[str, list[str]] = {}
    for route in office.client.routes(ON, version):
        if not route.truck and sum(s.number is not None for s in route.stops) >= least:
            by_office.setdefault(route.office, []).append(route.courier)
    return next((own[0], own[1]) for own in by_office.values() if len(own) > 1)


def lane(page: Page, courier: str) -> Locator:
    """Bring a courier's lane into sight."""
    page.locator(".table input[type=search]").fill("")
    found = page.locator(f".lane[data-courier='{courier}']")
    lanes = page.locator(".timeline .lanes")
    for _ in range(40):
        if found.count():
            break
        lanes.evaluate("box => { box.scrollTop += box.clientHeight / 2; }")
        page.wait_for_timeout(30)
    found.scroll_into_view_if_needed()
    return found


def money(text: str) -> int:
    """Read +12.345 đ."""
    found = re.search(r"([+−±])([\d.]+)", text)
    assert found is not None, text
    amount = int(found[2].replace(".", ""))
    return -amount if found[1] == "−" else amount


def drag(page: Page, mark: Locator, to: tuple[float, float]) -> None:
    box = mark.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 15, box["y"] + 12, steps=2)
    page.mouse.move(*to, steps=4)


def test_a_drag_shows_what_it_makes_before_letting_go(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, taker = neighbours(office, made)
    lane(shown, giver)
    mark = shown.locator(f".lane[data-courier='{giver}'] .mark[data-order]").nth(1)
    order = mark.get_attribute("data-order") or ""
    target = shown.locator(f".lane[data-courier='{taker}'] svg").bounding_box()
    assert target is not None
    drag(shown, mark, (target["x"] + target["width"] * 0.45, target["y"] + 12))
    card = shown.locator(".dragcard")
    card.locator(".summary").wait_for()
    told = card.inner_text()
    assert order in told
    assert taker in told
    # Both ends of a transfer go together.
    ends = sum(orders.count(order) for orders in routes_of(office, made).values())
    assert shown.locator(".ghosts svg rect.new").count() == ends
    # Nothing is stored before letting go, nor before it is saved.
    assert office.client.day(ON).accepted == made
    shown.mouse.up()
    bar = shown.locator(".editbar")
    bar.locator(".summary").wait_for()
    cost = money(bar.locator(".cost strong").inner_text())
    versions = len(office.client.plans(ON))
    shown.keyboard.press("Control+Enter")
    bar.wait_for(state="detached")
    shown.locator(".mark.draft").wait_for()
    heads = office.client.plans(ON)
    assert len(heads) == versions + 1
    new = heads[-1]
    assert (new.parent, office.client.day(ON).accepted) == (made, new.version)
    old = next(one for one in heads if one.version == made)
    assert abs((new.cost - old.cost) / 1000 - cost) <= 1
    after = routes_of(office, new.version)
    assert order in after[taker]
    assert order not in after[giver]
    # One step back is the version before, one forth the new one again.
    shown.wait_for_url(re.compile(rf"version={new.version}"))
    shown.keyboard.press("Control+z")
    shown.wait_for_url(re.compile(rf"version={made}\b"))
    assert office.client.day(ON).accepted == made
    shown.keyboard.press("Control+Shift+Z")
    shown.wait_for_url(re.compile(rf"version={new.version}"))
    assert office.client.day(ON).accepted == new.version


def test_a_selection_dragged_out_is_left_out_and_escape_lets_nothing_happen(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, _ = neighbours(office, made)
    lane(shown, giver)
    every = routes_of(office, made)[giver]
    orders = [one for one in every if every.count(one) == 1][:2]
    marks = [
        shown.locator(f".lane[data-courier='{giver}'] .mark[data-order='{order}']")
        for order in orders
    ]
    marks[0].click()
    marks[1].click(modifiers=["Control"])
    drag(shown, marks[1], (1100, 400))
    zone = shown.locator(".outzone").bounding_box()
    assert zone is not None
    shown.mouse.move(zone["x"] + 30, zone["y"] + 30, steps=3)
    shown.locator(".dragcard .summary").wait_for()
    shown.keyboard.press("Escape")
    shown.mouse.up()
    assert shown.locator(".editbar, .dragcard").count() == 0
    drag(shown, marks[1], (1100, 400))
    shown.mouse.move(zone["x"] + 30, zone["y"] + 30, steps=3)
    shown.locator(".dragcard .summary").wait_for()
    shown.mouse.up()
    shown.locator(".editbar .summary").wait_for()
    shown.keyboard.press("u")
    dropped = shown.locator(".left .item.fresh")
    dropped.first.wait_for()
    assert sorted(dropped.all_inner_texts()) == sorted(orders)
    shown.get_by_role("button", name="Hủy", exact=True).click()
    assert shown.locator(".editbar").count() == 0
    shown.keyboard.press("u")


def test_a_stop_is_dragged_on_the_map_to_another_round(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, taker = neighbours(office, made)
    lane(shown, giver)
    shown.locator(f".lane[data-courier='{giver}'] .name").click()
    shown.locator(f".lane[data-courier='{taker}'] .name").click(modifiers=["Control"])
    shown.keyboard.press("f")
    shown.wait_for_timeout(700)
    where: Any = shown.evaluate(
        """([giver, taker]) => {
          const ground = document.querySelector(".map .ground");
          const box = ground.getBoundingClientRect();
          const found = {};
          // What lies under a place is asked as the drag itself asks.
          for (let y = box.top + 6; y < box.bottom - 6; y += 4)
            for (let x = box.left + 60; x < box.right - 6; x += 4) {
              const hit = ground.chart.at(x, y);
              if (hit?.kind !== "stop") continue;
              found[hit.courier] ??= [];
              found[hit.courier].push([x, y, hit.order]);
            }
          return [found[giver]?.[0] ?? null, found[taker]?.at(-1) ?? null];
        }""",
        [giver, taker],
    )
    assert where[0] is not None
    assert where[1] is not None
    (x, y, order), (there_x, there_y, there) = where
    shown.mouse.move(x, y)
    shown.mouse.down()
    shown.mouse.move(x + 10, y + 8, steps=2)
    shown.mouse.move(there_x, there_y, steps=4)
    card = shown.locator(".dragcard")
    card.locator(".summary").wait_for()
    assert order in card.inner_text()
    shown.mouse.up()
    shown.locator(".editbar .summary").wait_for()
    assert taker in shown.locator(".editbar .list").inner_text()
    shown.get_by_role("button", name="Lưu thay đổi").click()
    shown.locator(".editbar").wait_for(state="detached")
    after = routes_of(office, office.client.day(ON).accepted)
    assert after[taker].index(order) == after[taker].index(there) + 1


def test_all_of_it_works_by_keyboard(shown: Page, office: OfficeServed, made: int) -> None:
    giver, taker = neighbours(office, made)
    lane(shown, giver)
    mark = shown.locator(f".lane[data-courier='{giver}'] .mark[data-order]").first
    order = mark.get_attribute("data-order") or ""
    mark.click()
    shown.keyboard.press("m")
    options = shown.locator(".moveto .options button")
    options.first.wait_for()
    # Each with when and at what price.
    expect(options.first.locator("span").first).to_have_text(re.compile(r"lúc \d\d:\d\d"))
    shown.keyboard.type(taker)
    expect(options).to_have_count(1)
    shown.keyboard.press("Enter")
    shown.locator(".editbar .summary").wait_for()
    shown.keyboard.press("Control+z")
    assert shown.locator(".editbar").count() == 0
    shown.keyboard.press("l")
    shown.locator(".editbar .fine").wait_for()
    shown.keyboard.press("Control+Enter")
    shown.locator(".editbar").wait_for(state="detached")
    shown.locator(".notice.locks").wait_for()
    # What is locked is refused with the reason, and the search goes around it.
    shown.keyboard.press("m")
    options.first.wait_for()
    shown.keyboard.type(taker)
    expect(options).to_have_count(1)
    shown.keyboard.press("Enter")
    refused = shown.locator(".editbar .refused")
    refused.wait_for()
    assert order in refused.inner_text()
    assert shown.get_by_role("button", name="Lưu thay đổi").is_disabled()
    shown.keyboard.press("Control+z")
    shown.get_by_role("button", name="Tối ưu quanh khóa").click()
    shown.get_by_role("button", name="Dừng sớm").click()
    run = office.client.runs(ON)[-1]
    assert (run.start, run.stop_asked) == (office.client.day(ON).accepted, True)


def test_the_second_of_two_dispatchers_sees_what_changed_and_merges(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, taker = neighbours(office, made)
    before = routes_of(office, made)
    mine, theirs = before[giver][0], before[giver][2]
    lane(shown, giver)
    pend(shown, giver, mine, taker)
    # Meanwhile somebody else gives another stop away, and the same one, too.
    office.client.edit(ON, made, [{"order": theirs, "to": taker}], current=True)
    shown.keyboard.press("Control+Enter")
    dialog = shown.locator("dialog .merge")
    dialog.wait_for()
    said = dialog.inner_text()
    assert theirs in said
    assert "Mọi thay đổi của bạn vẫn áp dụng được" in said
    dialog.get_by_role("button", name=re.compile("Gộp vào bản")).click()
    shown.locator(".editbar").wait_for(state="detached")
    after = routes_of(office, office.client.day(ON).accepted)
    assert {mine, theirs} <= set(after[taker])


def test_what_the_other_took_away_is_named_and_may_be_discarded(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, taker = neighbours(office, made)
    order = routes_of(office, made)[giver][0]
    lane(shown, giver)
    pend(shown, giver, order, taker)
    other = office.client.edit(ON, made, [{"order": order, "to": ""}], current=True)
    shown.keyboard.press("Control+Enter")
    dialog = shown.locator("dialog .merge")
    dialog.wait_for()
    assert f"Đơn {order} đã được đưa ra ngoài kế hoạch" in dialog.inner_text()
    assert dialog.get_by_role("button", name=re.compile("Gộp vào bản")).is_disabled()
    dialog.get_by_role("button", name="Bỏ thay đổi của tôi").click()
    shown.wait_for_url(re.compile(rf"version={other.version}"))
    assert shown.locator(".editbar").count() == 0


def pend(page: Page, courier: str, order: str, to: str) -> None:
    """Have a change that is not saved."""
    page.locator(f".lane[data-courier='{courier}'] .mark[data-order='{order}']").first.click()
    page.keyboard.press("m")
    options = page.locator(".moveto .options button")
    options.first.wait_for()
    page.keyboard.type(to)
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator(".editbar .summary").wait_for()


def test_a_session_that_ends_and_a_lost_connection_lose_nothing(
    shown: Page, office: OfficeServed, made: int
) -> None:
    giver, taker = neighbours(office, made)
    order = routes_of(office, made)[giver][0]
    lane(shown, giver)
    pend(shown, giver, order, taker)
    shown.context.set_offline(True)
    shown.keyboard.press("Control+Enter")
    shown.locator(".lost").wait_for()
    assert shown.locator(".editbar").count() == 1
    shown.context.set_offline(False)
    shown.locator(".lost").wait_for(state="detached")
    kept = shown.context.cookies()
    shown.context.clear_cookies()
    shown.keyboard.press("Control+Enter")
    dialog = shown.locator("dialog .sign")
    dialog.wait_for()
    dialog.get_by_label("Tên đăng nhập").fill("lan")
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    dialog.get_by_role("button", name="Đăng nhập").click()
    dialog.wait_for(state="detached")
    assert {one["name"] for one in kept} == {one["name"] for one in shown.context.cookies()}
    # Loaded again, too: the browser keeps what is not saved.
    shown.reload()
    shown.locator(".editbar .summary").wait_for()
    shown.keyboard.press("Control+Enter")
    shown.locator(".editbar").wait_for(state="detached")
    assert order in routes_of(office, office.client.day(ON).accepted)[taker]


def test_two_versions_stand_side_by_side(shown: Page, office: OfficeServed, made: int) -> None:
    giver, taker = neighbours(office, made)
    order = routes_of(office, made)[giver][0]
    new = office.client.edit(ON, made, [{"order": order, "to": taker}], current=True)
    opened(shown, ON, new.version)
    shown.keyboard.press("c")
    table = shown.locator(".compare .moves tbody tr")
    table.first.wait_for()
    found = office.client.compare(ON, made, new.version)
    moved = [m for m in found.moves if m.worth is not None]
    assert table.count() == len(moved) == 1
    assert order in table.inner_text()
    assert money(table.locator("td").last.inner_text()) == round((moved[0].worth or 0) / 1000)
    shown.keyboard.press("Escape")


@pytest.mark.slow
def test_a_morning_from_the_file_to_the_published_plan(
    page: Page, office: OfficeServed, tmp_path: Path
) -> None:
    day = DAY + timedelta(days=9)
    file = tmp_path / "orders.csv"
    file.write_text(office.tables["orders.csv"], encoding="utf-8")
    page.goto(f"/days/{day}/day")
    page.set_input_files(".drop input", str(file))
    page.get_by_role("button", name=re.compile(r"Nhập \d+ đơn")).click()
    page.get_by_text(re.compile("đơn của ngày|Đã nhập")).first.wait_for()
    page.keyboard.press("Alt+2")
    page.locator("select[title='Thời gian tìm']").select_option("10")
    page.get_by_role("button", name="Lập kế hoạch").click()
    page.get_by_role("button", name="Dừng sớm").wait_for()
    # The search is given ten seconds; starting its processes takes what the machine leaves them.
    page.wait_for_selector(".timeline .mark", timeout=200_000)
    publish_broken(page, office, day, office.client.plans(day)[-1].version)


def test_a_plan_that_breaks_rules_is_published_by_name_and_printed(
    shown: Page, office: OfficeServed, made: int
) -> None:
    publish_broken(shown, office, ON, made)


def publish_broken(page: Page, office: OfficeServed, day: date, version: int) -> None:
    """Turn the longest round around, so that rules break, and publish that."""
    heavy = max(
        (r for r in office.client.routes(day, version) if not r.truck), key=lambda r: len(r.stops)
    )
    broken = office.client.edit(
        day, version, [{"do": "reverse", "courier": heavy.courier}], current=True
    )
    opened(page, day, broken.version)
    assert page.locator(".mark.draft").count() == 1
    page.get_by_role("button", name="Công bố…").click()
    page.locator("form.publish").wait_for()
    page.wait_for_selector("form.publish .fine, form.publish .rules")
    rules = office.client.plan_version(day, broken.version).violations
    names = page.locator("form.publish input")
    assert names.count() == len(rules)
    send = page.get_by_role("button", name=f"Công bố bản {broken.version}")
    for number in range(len(rules)):
        assert send.is_disabled()
        names.nth(number).fill("Nguyễn Thị Lan")
    send.click()
    page.locator(".paper").wait_for()
    with page.expect_download() as given:
        page.locator(".paper li > a").first.click()
    assert Path(given.value.path()).read_bytes().startswith(b"%PDF")
    page.keyboard.press("Escape")
    page.locator(".mark.published").wait_for()
    assert page.locator(".mark.draft").count() == 0
    assert office.client.day(day).published == broken.version
