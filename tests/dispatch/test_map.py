from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.day_map import (
    PALETTE,
    courier_colours,
    day_map,
    embedded,
    office_colours,
    shaded,
)
from dispatch.manifest import PlanMark
from dispatch.views import courier_sheets
from geo.types import LatLon
from tests.dispatch.day_plans import big_day_plan, office, tiny_day_plan

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

ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "Vùng </script> thử"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[105.1, 21.2], [105.5, 21.2], [105.5, 21.5], [105.1, 21.2]]],
            },
        },
        {"type": "Feature", "properties": None, "geometry": None},
    ],
}
RIVERS = {"type": "LineString", "coordinates": [[105.0, 21.5], [105.2, 21.4], [105.4, 21.2]]}


class Reader(HTMLParser):
    """Collect tags, and the text of the data block."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_data = tag == "script" and dict(attrs).get("id") == "data"

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False


def read(page: str) -> tuple[Reader, dict[str, Any]]:
    reader = Reader()
    reader.feed(page)
    return reader, json.loads(reader.data)


# ---- the file -----------------------------------------------------------------------------------


def test_the_page_asks_the_network_for_nothing() -> None:
    page = day_map(tiny_day_plan(), zones=ZONES, rivers=RIVERS)
    reader, _ = read(page)
    for _, attributes in reader.tags:
        assert not str(attributes.get("src") or "").startswith(("http", "//"))
        assert str(attributes.get("href") or "data:,").startswith("data:")
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", page)
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy


def test_what_a_customer_wrote_cannot_close_the_script() -> None:
    page = day_map(tiny_day_plan(), zones=ZONES)
    assert page.count("</script>") == 2
    _, data = read(page)
    note = data["couriers"][0]["rows"][4]["i"]
    assert note.endswith("</script><script>alert('x')</script>")


def test_a_marker_in_the_data_is_not_filled_in() -> None:
    assert "{{data}}" in embedded({"note": "{{data}}"})
    page = day_map(tiny_day_plan(), mark=PlanMark(version="{{script}}"))
    assert read(page)[1]["version"] == "{{script}}"


def test_embedded_json_reads_back_as_it_was() -> None:
    value = {"a": "</script>\u2028&<!--", "b": ["Điện", 1]}
    written = embedded(value)
    assert not set(written) & set("<>&\u2028")
    assert json.loads(written) == value


def test_figures_lines_and_left_out_orders_are_in_the_data() -> None:
    plan = tiny_day_plan()
    _, data = read(day_map(plan, zones=ZONES, rivers=RIVERS))
    first = data["couriers"][0]
    assert (first["id"], first["stops"], first["cash"]) == ("BT-01", 4, 485_000)
    assert first["metres"] == plan.result.report.routes[0].metres
    assert first["line"][:2] == [10540200, 2132270]
    assert len(first["line"]) == 2 * 7
    assert [order["order"] for order in data["left"]] == ["HS-0007", "BK-0008"]
    assert data["left"][0]["p"] is None
    assert data["total"]["orders"] == 8
    assert data["trucks"] == {"metres": 0, "duty": 0, "cost": 0}
    assert data["idle"] == [{"id": "BT-03", "name": "Lê Thị Ngọc Ánh", "office": 0}]
    assert len(data["zones"]) == 1
    assert len(data["rivers"]) == 1


def test_both_languages_are_in_the_page() -> None:
    _, data = read(day_map(tiny_day_plan()))
    assert data["words"]["vi"].keys() == data["words"]["en"].keys()
    first = data["couriers"][0]["rows"][0]["todo"]
    assert ["Lần phát thứ 2", "Attempt number 2"] in [data["phrases"][k] for k in first]


def test_a_shape_leads_the_line_over_the_bridge() -> None:
    bridge = LatLon(lat=21.31, lon=105.44)
    _, data = read(day_map(tiny_day_plan(), shape=lambda a, b: (a, bridge, b)))
    assert len(data["couriers"][0]["line"]) == 2 * (7 + 6)


# ---- colours ------------------------------------------------------------------------------------


def test_offices_near_each_other_have_different_hues() -> None:
    offices = [office(number) for number in range(13)]
    colours = office_colours(offices)
    # Tam Nông and Lâm Thao are four kilometres apart; eight hues serve thirteen offices.
    assert colours["TN"] != colours["LT"]
    assert set(colours.values()) == set(PALETTE)


def test_couriers_of_one_office_are_shades_of_its_hue() -> None:
    plan = big_day_plan(routes=30, stops=150)
    sheets = courier_sheets(plan)
    offices = office_colours(plan.day.offices)
    chosen = courier_colours(sheets, offices)
    of_viet_tri = {chosen[sheet.courier] for sheet in sheets if sheet.office == "VT"}
    assert len(of_viet_tri) > 2
    assert shaded("#0072b2", 0) == "#0072b2"
    assert shaded("#0072b2", -1) == "#000000"
    assert shaded("#0072b2", 1) == "#ffffff"


# ---- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_api.sync_playwright() as running:
        found = running.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield found
        found.close()


def opened(browser: Browser, page: str, folder: Path, *, width: int = 1366) -> Page:
    file = folder / "map.html"
    file.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": 768})
    troubles: list[str] = []
    tab.on("console", lambda message: troubles.append(message.text))
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("dialog", lambda dialog: troubles.append(dialog.message))
    tab.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "data:")) else troubles.append(asked.url)
        ),
    )
    tab.goto(file.as_uri())
    tab.wait_for_selector("[data-courier]")
    tab.troubles = troubles  # type: ignore[attr-defined]
    return tab


def troubles(tab: Page) -> list[str]:
    return tab.troubles  # type: ignore[attr-defined, no-any-return]


@pytest.mark.browser
@pytest.mark.xdist_group("chromium")
class TestInChromium:
    def test_choosing_a_courier_shows_the_ordered_stops_with_times(
        self, browser: Browser, tmp_path: Path
    ) -> None:
        tab = opened(browser, day_map(tiny_day_plan(), zones=ZONES, rivers=RIVERS), tmp_path)
        tab.click('[data-courier="0"]')
        numbers = tab.locator(".stop .no").all_inner_texts()
        assert numbers == ["1", "2", "3", "4"]
        assert tab.locator(".stop time").all_inner_texts() == ["09:00", "09:21", "12:30", "13:30"]
        assert "Nghỉ trưa" in tab.locator("ol.stops").inner_text()
        tab.click('[data-stop="0"]')
        about = tab.locator(".about").inner_text()
        assert "Số 1806/127/2/6/15" in about
        assert tab.locator(".about a").first.get_attribute("href") == "tel:+84987654321"
        tab.keyboard.press("Escape")
        assert tab.locator('[data-courier="0"]').is_visible()
        assert troubles(tab) == []

    def test_text_of_customers_is_shown_as_text(self, browser: Browser, tmp_path: Path) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        assert "BT/02 <b>" in tab.locator("#content").inner_text()
        tab.click('[data-courier="0"]')
        tab.click('[data-stop="4"]')
        assert "<script>alert('x')</script>" in tab.locator(".about").inner_text()
        assert troubles(tab) == []

    def test_clicking_a_stop_and_a_route_on_the_map_selects_them(
        self, browser: Browser, tmp_path: Path
    ) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        spot = tab.evaluate(
            "() => { buuta.choose(0, -1); const at = buuta.map.where(0, 1);"
            " buuta.choose(-1, -1); return at; }"
        )
        tab.mouse.click(spot[0], spot[1])
        assert tab.locator('[data-stop="1"]').get_attribute("aria-expanded") == "true"
        middle = tab.evaluate(
            "() => { buuta.choose(1, -1); const a = buuta.map.where(1, 0),"
            " b = buuta.map.where(1, 1); buuta.choose(-1, -1);"
            " return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]; }"
        )
        tab.mouse.click(middle[0], middle[1])
        assert "Trần Văn Đức & con" in tab.locator(".one").inner_text()
        # From any other list, too.
        tab.click("#tab-totals")
        tab.mouse.click(*tab.evaluate("() => buuta.map.where(1, 1)"))
        assert tab.locator('[data-stop="1"]').get_attribute("aria-expanded") == "true"
        assert troubles(tab) == []

    def test_search_needs_no_accents_and_finds_orders_too(
        self, browser: Browser, tmp_path: Path
    ) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        tab.fill("#search", "tran van duc")
        assert tab.locator("[data-courier]").count() == 1
        tab.fill("#search", "gs-0006")
        assert tab.locator("#content .row").count() == 1
        tab.click("#content .row")
        assert tab.locator('[data-stop="1"]').get_attribute("aria-expanded") == "true"
        tab.click("#back")
        tab.fill("#search", "zzz")
        assert tab.locator("#content").inner_text() == "Không có kết quả"

    def test_english_is_one_click_away(self, browser: Browser, tmp_path: Path) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        assert tab.locator("h1").inner_text() == "Bản đồ tuyến bưu tá"
        tab.click("#language")
        assert tab.locator("h1").inner_text() == "Map of courier routes"
        assert tab.evaluate("document.documentElement.lang") == "en"
        tab.click("#tab-left_out")
        assert "Heavier than any vehicle may carry (1)" in tab.locator("#content").inner_text()
        assert troubles(tab) == []

    def test_the_keyboard_alone_reaches_a_stop_and_moves_the_map(
        self, browser: Browser, tmp_path: Path
    ) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        before = tab.evaluate("() => buuta.map.where(0, 0)")
        tab.focus("#map")
        tab.keyboard.press("ArrowRight")
        after = tab.evaluate("() => buuta.map.where(0, 0)")
        assert after[0] == pytest.approx(before[0] - 80)
        tab.focus("#tab-couriers")
        tab.keyboard.press("ArrowRight")
        assert tab.locator("#tab-left_out").get_attribute("aria-selected") == "true"
        tab.keyboard.press("ArrowLeft")
        tab.focus('[data-courier="1"]')
        tab.keyboard.press("Enter")
        tab.focus('[data-stop="0"]')
        tab.keyboard.press("Enter")
        assert tab.locator(".about").count() == 1

    def test_every_office_counts_in_the_totals(self, browser: Browser, tmp_path: Path) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path)
        tab.click("#tab-totals")
        last = tab.locator("table").first.locator("tr.sum td").all_inner_texts()
        assert last[:4] == ["Toàn tỉnh", "6/8", "2/3", "7"]

    def test_a_whole_province_stays_fluid(self, browser: Browser, tmp_path: Path) -> None:
        page = day_map(big_day_plan(routes=200, stops=3000), zones=ZONES, rivers=RIVERS)
        assert len(page) < 2_000_000
        tab = opened(browser, page, tmp_path)
        assert tab.locator("[data-courier]").count() == 200
        took = tab.evaluate(
            "() => { const t = performance.now(); for (let k = 0; k < 20; k++) {"
            " buuta.map.zoom(k % 2 ? 1.2 : 1 / 1.2); buuta.map.paint(); }"
            " return (performance.now() - t) / 20; }"
        )
        # About 6 ms on two slow cores without a graphics card; 16 is one frame, 100 a loaded
        # machine.
        assert took < 100
        assert troubles(tab) == []

    def test_a_phone_shows_the_map_above_the_list(self, browser: Browser, tmp_path: Path) -> None:
        tab = opened(browser, day_map(tiny_day_plan()), tmp_path, width=390)
        stage = tab.locator("#stage").bounding_box()
        panel = tab.locator("#panel").bounding_box()
        assert stage is not None
        assert panel is not None
        assert stage["width"] == panel["width"] == 390
        assert stage["y"] + stage["height"] <= panel["y"] + 1
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
