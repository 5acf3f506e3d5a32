"""The plan on the screen: one selection across map, timeline and table; runs; both languages."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.web.office import DAY, OfficeServed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("web")]


@pytest.fixture
def shown(page: Page, planned: int) -> Page:
    page.goto(f"/days/{DAY}/plan?version={planned}")
    page.wait_for_selector(".timeline .mark")
    page.wait_for_selector("[data-map]")
    return page


def test_the_lists_show_every_stop_of_the_plan(
    shown: Page, office: OfficeServed, planned: int
) -> None:
    routes = office.client.routes(DAY, planned)
    visits = sum(stop.number is not None for route in routes for stop in route.stops)
    said = shown.locator(".table [role=status]").inner_text()
    assert [int(n) for n in re.findall(r"\d+", said)] == [visits, visits]
    head = office.client.plan_version(DAY, planned).head
    cost = f"{round(head.cost / 1000):,}".replace(",", ".")
    assert cost in shown.locator(".totals").inner_text()
    assert shown.locator(".mark.draft").inner_text() == "✎ Bản nháp"


def test_one_selection_goes_through_timeline_table_and_map(
    shown: Page, office: OfficeServed, planned: int
) -> None:
    routes = office.client.routes(DAY, planned)
    route = next(one for one in routes if not one.truck and len(one.stops) > 4)
    # Mail that couriers fetch and bring to its receiver has two rows.
    times = Counter(stop.order for one in routes for stop in one.stops)
    stop = next(one for one in route.stops if one.number is not None and times[one.order] == 1)
    shown.locator(".table input[type=search]").fill(stop.order)
    row = shown.locator(f".table [data-order='{stop.order}']")
    row.click()
    assert row.get_attribute("aria-selected") == "true"
    mark = shown.locator(f".timeline [data-order='{stop.order}']")
    mark.wait_for()
    assert "strong" in (mark.get_attribute("class") or "")
    shown.locator(".table input[type=search]").fill("")
    # The courier's lane has come into sight; a click on it selects the whole route.
    lane = shown.locator(f".lane[data-courier='{route.courier}'] .name")
    lane.click()
    assert lane.get_attribute("aria-pressed") == "true"
    group = shown.locator(".table .group.picked")
    assert route.courier in group.inner_text()
    shown.keyboard.press("Escape")
    assert shown.locator(".table .picked").count() == 0


def test_time_is_stretched_within_its_own_frame(shown: Page) -> None:
    def wide(which: str) -> float:
        found: float = shown.evaluate(
            f"document.querySelector('{which}').getBoundingClientRect().width"
        )
        return found

    frame, table, inner = wide(".timeline"), wide(".table"), wide(".timeline .inner")
    shown.keyboard.press("+")
    shown.wait_for_function(
        "before => document.querySelector('.timeline .inner').clientWidth > before + 100", arg=inner
    )
    assert (wide(".timeline"), wide(".table")) == (frame, table)
    # The layout is the same after the next start.
    stretched = wide(".timeline .inner")
    shown.reload()
    shown.wait_for_selector(".timeline .mark")
    assert wide(".timeline .inner") == stretched


def test_a_click_on_the_map_selects_the_stop_under_it(
    shown: Page, office: OfficeServed, planned: int
) -> None:
    route = max(
        (r for r in office.client.routes(DAY, planned) if not r.truck), key=lambda r: len(r.stops)
    )
    shown.locator(".table input[type=search]").fill(route.courier)
    shown.locator(".table .group button").first.click()
    shown.keyboard.press("f")
    points = {stop.order: stop.point for stop in route.stops if stop.point is not None}
    alone = next(
        order
        for order, point in points.items()
        if order
        and all(
            other == order or abs(point.lat - at.lat) + abs(point.lon - at.lon) > 0.004
            for other, at in points.items()
        )
    )
    shown.locator(".table input[type=search]").fill("")
    spot = shown.evaluate(
        "async ([lat, lon]) => { await new Promise(r => setTimeout(r, 700));"
        " return window.buuta.project({lat, lon}); }",
        [points[alone].lat, points[alone].lon],
    )
    shown.mouse.click(spot["x"], spot["y"])
    row = shown.locator(f".table [data-order='{alone}']").first
    row.wait_for()
    assert row.get_attribute("aria-selected") == "true"


def test_the_truck_is_tied_to_the_couriers_who_wait_for_it(
    shown: Page, office: OfficeServed, planned: int
) -> None:
    answer = office.client.plan_version(DAY, planned)
    tie = next(one for one in answer.hand_overs if one.truck_arrival is not None)
    head = shown.locator(".lane.head").filter(has_text=tie.name[:10]).first
    told = head.locator("svg").get_attribute("aria-label") or ""
    assert _clock(tie.truck_arrival) in told
    assert _clock(tie.sorted[0]) in told
    assert tie.first_departure is not None
    assert _clock(tie.first_departure) in told
    assert head.locator("path.tied").count() == 1


def test_the_parts_of_the_cost_add_up_to_the_plan_s(
    shown: Page, office: OfficeServed, planned: int
) -> None:
    head = office.client.plan_version(DAY, planned).head
    shown.locator(".totals button").click()
    rows = shown.locator(".parts tbody tr").all_inner_texts()
    amounts = {
        row.split("\t")[0].strip(): [
            int(part.replace(".", "")) for part in re.findall(r"([\d.]+)\sđ", row)
        ]
        for row in rows
    }
    total = sum(amounts.pop("Tổng")) + sum(sum(amounts[name]) for name in list(amounts)[-2:])
    # Each figure is rounded to whole đồng.
    assert abs(total - head.cost / 1000) < 3
    foot = shown.locator(".parts tfoot").inner_text()
    assert f"{round(head.cost / 1000):,}".replace(",", ".") in foot


def test_a_run_is_watched_and_stopped_early_and_its_plan_is_shown(
    page: Page, office: OfficeServed
) -> None:
    day = DAY + timedelta(days=1)
    row = "số {k} đường Hùng Vương, phường Gia Cẩm, thành phố Việt Trì"
    rows = "\n".join(f'R{k},"{row.format(k=k)}"' for k in range(20))
    office.client.import_orders(day, f"Mã đơn,Địa chỉ\n{rows}\n".encode())
    # Without trucks there is one short search.
    trucks = [one.courier.id for one in office.client.vehicles() if one.truck]
    office.client.set_day(day, read=office.client.day(day).version, absent=trucks)
    page.goto(f"/days/{day}/plan")
    page.get_by_text("Ngày này chưa có kế hoạch").wait_for()
    page.locator(".run select").select_option("600")
    page.get_by_role("button", name="Lập kế hoạch").click()
    page.locator(".progress .cost").wait_for(timeout=60_000)
    page.keyboard.press("s")
    page.wait_for_selector(".timeline .mark", timeout=60_000)
    page.get_by_text("Đã có bản 1").wait_for()
    assert page.url.endswith(f"/days/{day}/plan?version=1")
    run = office.client.run(office.client.plan_version(day, 1).head.run)
    assert (run.state, run.stop_asked, run.result) == ("done", True, 1)


def test_the_whole_screen_speaks_english_on_request_and_remembers_it(shown: Page) -> None:
    shown.get_by_role("button", name="English").click()
    shown.get_by_text("Left out").first.wait_for()
    shown.reload()
    shown.wait_for_selector(".timeline .mark")
    body = shown.locator("body").inner_text()
    assert "Draft" in body
    for word in ("Bản nháp", "Chi phí", "Xe tải", "Kế hoạch", "Lọc"):
        assert word not in body


def test_a_lost_connection_is_said_and_mended_without_a_reload(shown: Page) -> None:
    shown.locator(".table input[type=search]").fill("giữ lại")
    shown.context.set_offline(True)
    shown.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    shown.locator(".lost").wait_for()
    shown.context.set_offline(False)
    shown.get_by_role("button", name="Thử lại ngay").click()
    shown.locator(".lost").wait_for(state="detached")
    assert shown.locator(".table input[type=search]").input_value() == "giữ lại"


def test_without_webgl_the_map_is_drawn_on_a_canvas(page: Page, planned: int) -> None:
    page.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind === 'webgl2' ? null : real.call(this, kind, ...more); };"
    )
    page.goto(f"/days/{DAY}/plan?version={planned}")
    page.wait_for_selector("[data-map=canvas]")
    page.get_by_text("WebGL2").wait_for()
    painted = page.evaluate(
        "() => { const c = document.querySelector('.ground canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " return new Set(new Uint32Array(d.buffer)).size; }"
    )
    assert painted > 20


def _clock(seconds: int | None) -> str:
    assert seconds is not None
    minutes = round(seconds / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
