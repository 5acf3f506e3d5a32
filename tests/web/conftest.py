"""
What browser tests share: one served office with a planned day, one Chromium.

Mark such tests with `pytest.mark.browser` and `pytest.mark.xdist_group("web")`, so that one worker
holds both. Each test gets a page of its own; what it changes it changes on a day of its own, or
puts back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.screens import BUILT
from tests.web.office import DAY, PASSWORD, OfficeServed, office_served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    if not (BUILT / "index.html").is_file():
        pytest.skip("the screens are not built (pip install -e .)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture(scope="session")
def office() -> Iterator[OfficeServed]:
    with office_served() as made:
        yield made


@pytest.fixture(scope="session")
def planned(office: OfficeServed) -> int:
    """The version of the day's first plan."""
    return office.planned(DAY)


@pytest.fixture(scope="session")
def signed_in(browser: Browser, office: OfficeServed) -> Any:
    """A browser's memory after the dispatcher has signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{office.address}/")
    page.get_by_label("Tên đăng nhập").fill("lan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_selector(".frame")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(
    browser: Browser, signed_in: Any, office: OfficeServed, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The dispatcher's page, in Vietnamese, 1366 x 768; it must end without an error."""
    context = browser.new_context(
        storage_state=signed_in, base_url=office.address, viewport={"width": 1366, "height": 768}
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    context.close()
    assert errors == []
