"""An afternoon on the screen: late ones first, a stop tried again, a breakdown planned around."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.sheets import RouteOut
from dispatch.clock import HANOI
from tests.web import office as offices
from tests.web.office import DAY, PASSWORD, OfficeServed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("web")]

NOW = "2026-11-24T13:30:00+07:00"
SECONDS = 13 * 3600 + 1800


@pytest.fixture(scope="module")
def running() -> Iterator[OfficeServed]:
    """An office in the afternoon, its plan published, its couriers on their way."""
    environment = {"BUUTA_PRETEND_NOW": NOW}
    with offices.office_served(90, environment=environment) as made:
        version = made.planned(DAY)
        day = made.client.day(DAY)
        if day.published != version:
            plan = made.client.plan_version(DAY, version)
            named = {one.key: "Lan" for one in plan.violations}
            made.client.publish(DAY, version, accepted=named, replacing=day.published)
        yield made


@pytest.fixture
def page(browser: Browser, running: OfficeServed) -> Iterator[Page]:
    context = browser.new_context(base_url=running.address, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(30_000)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.goto("/")
    made.get_by_label("Tên đăng nhập").fill("lan")
    made.get_by_label("Mật khẩu").fill(PASSWORD)
    made.get_by_role("button", name="Đăng nhập").click()
    made.wait_for_selector(".frame")
    made.goto(f"/days/{DAY}/live")
    made.wait_for_selector(".couriers tbody tr")
    yield made
    context.close()
    assert errors == []


def longest(running: OfficeServed) -> RouteOut:
    """The courier with the most stops that lie ahead."""

    def ahead(route: RouteOut) -> int:
        return sum(s.number is not None and s.begin > SECONDS + 900 for s in route.stops)

    found = running.client.routes(DAY, running.client.day(DAY).published)
    return max((r for r in found if not r.truck), key=ahead)


def told(key: str, kind: str, second: int, courier: str, order: str = "", **body: Any) -> Any:
    at = datetime.combine(DAY, datetime.min.time(), HANOI) + timedelta(seconds=second)
    return {
        "id": key,
        "kind": kind,
        "at": at.isoformat(),
        "courier": courier,
        "order": order,
        "body": body,
    }


def test_an_afternoon_with_a_failed_stop_and_a_breakdown(page: Page, running: OfficeServed) -> None:
    office = running.client
    route = longest(running)
    courier = route.courier
    stamp = datetime.now(tz=HANOI).strftime("%H%M%S%f")
    visits = [s for s in route.stops if s.number is not None and s.other_number is None]
    past = [s for s in visits if s.departure < SECONDS]
    first, rest = past[0], past[1:]
    events = [
        told(f"{stamp}-{k}", "stop_done", s.departure, courier, s.order, cash=s.cash)
        for k, s in enumerate(rest)
    ]
    failed = told(
        f"{stamp}-f", "stop_failed", first.departure, courier, first.order, reason="absent"
    )
    office.tell(DAY, [*events, failed])
    # They come by themselves; nobody loads the page again.
    feed = page.locator(".feed li.stop_failed", has_text=first.order)
    feed.first.wait_for()
    problem = page.locator(".failures li", has_text=first.order)
    problem.wait_for()
    assert "vắng nhà" in problem.inner_text()
    row = page.locator(".couriers tr", has_text=courier)
    assert f"{len(rest)}/" in row.inner_text()
    live = office.live(DAY)
    shown = page.locator(".couriers tbody tr").all_inner_texts()
    assert [one.courier for one in live.couriers] == [
        next(c.courier for c in live.couriers if c.courier in text) for text in shown
    ]
    problem.get_by_role("button", name="Thử lại hôm nay").click()
    problem.wait_for(state="detached")
    row.locator(".name").click()
    stop = page.locator(".round li", has_text=first.order)
    stop.wait_for()
    assert "open" in (stop.get_attribute("class") or "")

    row.hover()
    row.get_by_role("button", name="Báo hỏng xe").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Ghi chú").fill("nổ lốp")
    dialog.get_by_role("button", name="Ghi nhận và lập lại").click()
    changes = page.locator(".rest .changes tbody tr")
    changes.first.wait_for(timeout=90_000)
    assert "Hỏng xe" in row.inner_text()
    version = office.plans(DAY)[-1]
    assert version.kind == "replan"
    listed = office.rest_changes(DAY, version.version).changes
    assert changes.count() == len(listed)
    assert any(one.courier == courier and one.new_courier != courier for one in listed)
    # Nothing is in force before somebody accepts it, by name where a rule is broken.
    before = office.day(DAY).published
    assert before != version.version
    page.get_by_role("button", name="Chấp nhận và công bố…").click()
    page.wait_for_selector("form.publish .fine, form.publish .rules")
    for name in page.locator("form.publish input").all():
        name.fill("Nguyễn Thị Lan")
    page.get_by_role("button", name=f"Công bố bản {version.version}").click()
    page.get_by_text(f"Đã công bố bản {version.version}").first.wait_for()
    assert office.day(DAY).published == version.version
    page.keyboard.press("Escape")
    page.locator(".rest").wait_for(state="detached")
    page.locator(".live .mark.published", has_text=re.compile(str(version.version))).wait_for()
