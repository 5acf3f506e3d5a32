"""
How large the console is and how fast with 3,000 stops: `python -m benchmarks.console`.

The sizes are of what a browser fetches, squeezed (Brotli), by what needs it. For the times a
service of its own is started, a sample day planned, and the plan opened in a real Chromium without
anything cached: when the first lanes stand, when the map is drawn, when the page is at rest; then
how long a selection, a letter in the filter and each frame of scrolling take.

    python -m benchmarks.console --orders 3000 --write
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.client import Client
from api.screens import BUILT
from benchmarks.serving import DAY, PASSWORD, started
from dispatch.bootstrap import phu_tho_providers
from dispatch.office.desk import day_input
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion
from dispatch.samples import sample_day, write_day
from dispatch.service import Search, plan_day
from dispatch.sql import open_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_STOPS = 15
_MORNING = "2026-11-24T05:00:00+07:00"

RESULTS = Path(__file__).parent / "results"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"),
)
NO_WEBGL = (
    "const real = HTMLCanvasElement.prototype.getContext;"
    "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
    " return kind === 'webgl2' ? null : real.call(this, kind, ...more); };"
)

# Frames are counted while a list is scrolled from its top to its end in steps.
SCROLL = """
async (which) => {
  const box = document.querySelector(which);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const times = [];
  const steps = 60;
  for (let k = 0; k <= steps; k += 1) {
    const began = performance.now();
    box.scrollTop = (box.scrollHeight - box.clientHeight) * k / steps;
    await frame();
    await frame();
    times.push((performance.now() - began) / 2);
  }
  return times;
}
"""

# From an act to the second frame after it: by then what it changed has been painted.
ACTS = """
async ([which, what, values]) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const times = [];
  for (const value of values) {
    const at = document.querySelector(which.replace('VALUE', value));
    if (!at) continue;
    await frame();
    const began = performance.now();
    if (what === 'click') at.click();
    else {
      at.value = value;
      at.dispatchEvent(new Event('input', { bubbles: true }));
    }
    await frame();
    await frame();
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 200));
  }
  return times;
}
"""

LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longTasks.push([one.startTime, one.duration]);
}).observe({ type: 'longtask', buffered: true });
"""


def main() -> None:
    """Run the benchmark, print it, and write it down where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=3_000)
    parser.add_argument("--iterations", type=int, default=2_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    facts: dict[str, Any] = {"sizes": sizes(), **timed(asked.orders, asked.iterations)}
    text = shown(facts)
    print(text)
    if asked.write:
        stem = RESULTS / f"{date.today().isoformat()}-console"  # noqa: DTZ011 - of this machine
        stem.with_suffix(".md").write_text(text, encoding="utf-8")
        stem.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


# ---- sizes --------------------------------------------------------------------------------------


def sizes() -> dict[str, dict[str, int]]:
    """Return bytes, plain and as sent, by what a part of the screens needs beside the others."""
    return {
        "console, first page": _sum(_of_page("index.html")),
        "views (plan and day)": _sum(_named(r"(view|plan|run|chart)-.*\.(js|css)")),
        "map (WebGL2)": _sum(_named(r"maplibre-.*\.(js|css)")),
        "map (canvas)": _sum(_named(r"leaflet-.*\.(js|css)")),
        "fonts": _sum(_named(r".*\.woff2")),
        "courier's page": _sum(_of_page("phone.html")),
    }


def _of_page(name: str) -> list[Path]:
    page = BUILT / name
    text = page.read_text(encoding="utf-8")
    return [page, *(BUILT / one for one in re.findall(r'(?:src|href)="/(assets/[^"]+)"', text))]


def _named(pattern: str) -> list[Path]:
    return [p for p in (BUILT / "assets").iterdir() if re.fullmatch(pattern, p.name)]


def _sum(paths: list[Path]) -> dict[str, int]:
    def sent(path: Path) -> int:
        squeezed = path.with_name(path.name + ".br")
        return (squeezed if squeezed.exists() else path).stat().st_size

    return {"plain": sum(p.stat().st_size for p in paths), "sent": sum(map(sent, paths))}


# ---- times --------------------------------------------------------------------------------------


def timed(orders: int, iterations: int) -> dict[str, Any]:
    """Plan a day of that many orders and return how fast the console shows it."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/console.sqlite"
        process, address, token = started(Path(folder), database)
        try:
            version, stops, routes = _planned(address, token, database, orders, iterations)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
                url = f"{address}/days/{DAY}/plan?version={version}"
                cookies = _cookies(browser, address)
                found = {
                    kind: _measured(browser, cookies, url, plain=plain)
                    for kind, plain in (("webgl", False), ("canvas", True))
                }
                chromium = browser.version
                browser.close()
        finally:
            process.terminate()
            process.wait(60)
    return {
        "stops": stops,
        "routes": routes,
        "times": found,
        "machine": (
            f"{platform.machine()}, {platform.system()}, Chromium {chromium} headless, drawn "
            f"without a graphics card, load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
        ),
    }


def _planned(
    address: str, token: str, database: str, orders: int, iterations: int
) -> tuple[int, int, int]:
    """Plan the day here and store the plan; return its version, stops and routes."""
    day = sample_day(orders=orders, seed=1, day=DAY)
    # As many routes as a whole province has couriers on the road.
    couriers = tuple(replace(one, max_stops=_STOPS) for one in day.couriers)
    tables = write_day(replace(day, couriers=couriers))
    with Client(address, lang="en", timeout=600) as office:
        office.set_up(token=token, login="lan", name="", password=PASSWORD)
        office.import_offices(tables["offices.csv"].encode())
        office.import_vehicles(tables["fleet.csv"].encode())
        office.import_vehicles(tables["trucks.csv"].encode(), trucks=True, file="trucks.csv")
        office.import_orders(DAY, tables["orders.csv"].encode())
        version = _stored(database, iterations)
        routes = office.routes(DAY, version)
    stops = sum(stop.number is not None for route in routes for stop in route.stops)
    return version, stops, len(routes)


def _stored(database: str, iterations: int) -> int:
    store = open_store(database)
    means = phu_tho_providers(DAY)
    with store.reading() as uow:
        given, closed = day_input(uow, DAY)
    plan = plan_day(
        given,
        geocoder=means.geocoder,
        travel=means.travel,
        territory=means.territory,
        clock=time.monotonic,
        search=Search(seconds=None, iterations=iterations, workers=1, coupled=False),
        closed=closed,
        travel_note=means.travel_note,
    )
    with store.writing(by="worker", at=datetime.fromisoformat(_MORNING)) as uow:
        head = head_of(plan, uow=uow, kind=PlanKind.RUN, parent=0)
        version = uow.plans.add(PlanVersion(head=head, plan=plan)).head.version
    store.close()
    return version


def _cookies(browser: Browser, address: str) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.locator("input[name=login]").fill("lan")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button").click()
    page.wait_for_selector(".frame")
    state = context.storage_state()
    context.close()
    return state


def _measured(browser: Browser, cookies: Any, url: str, *, plain: bool) -> dict[str, float]:
    context = browser.new_context(
        storage_state=cookies, viewport={"width": 1366, "height": 768}, locale="vi-VN"
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(LONG_TASKS)
    if plain:
        page.add_init_script(NO_WEBGL)
    page.goto(url, wait_until="commit")
    page.wait_for_selector(".timeline .mark")
    first = float(page.evaluate("performance.now()"))
    page.wait_for_selector("[data-map]")
    drawn = float(page.evaluate("performance.now()"))
    rest = _at_rest(page)
    couriers = page.evaluate(
        "[...document.querySelectorAll('.lane[data-courier]')].slice(0, 9)"
        ".map((one) => one.dataset.courier)"
    )
    lanes = ".lane[data-courier='VALUE'] .name"
    field = ".table input[type=search]"
    words = ["h", "hu", "hun", "hung", "xa", "viet tri", ""]
    picked = page.evaluate(ACTS, [lanes, "click", couriers])
    page.keyboard.press("Escape")
    typed = page.evaluate(ACTS, [field, "type", words])
    scrolled = {
        name: page.evaluate(SCROLL, which)
        for name, which in (("table", ".table .rows"), ("timeline", ".timeline .lanes"))
    }
    context.close()
    return {
        "first lanes, ms": round(first),
        "map there, ms": round(drawn),
        "at rest, ms": round(rest),
        "select a route, median ms": round(statistics.median(picked), 1),
        "select a route, worst ms": round(max(picked), 1),
        "a letter in the filter, median ms": round(statistics.median(typed), 1),
        "a letter in the filter, worst ms": round(max(typed), 1),
        **{
            f"frame while scrolling the {k}, p95 ms": round(_p95(v), 1) for k, v in scrolled.items()
        },
    }


def _at_rest(page: Page) -> float:
    """Return when the last task over 50 ms ended, once two seconds have passed without one."""
    page.wait_for_function(
        "() => { const last = Math.max(0, ...window.longTasks.map(([at, long]) => at + long));"
        " return performance.now() - last > 2000; }"
    )
    return float(page.evaluate("Math.max(0, ...window.longTasks.map(([at, long]) => at + long))"))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


# ---- shown --------------------------------------------------------------------------------------


def shown(facts: dict[str, Any]) -> str:
    """Return the figures as a page."""
    lines = ["# The console", "", "`python -m benchmarks.console --write`", ""]
    lines += ["| part | kB | kB as sent |", "| --- | --- | --- |"]
    for name, size in facts["sizes"].items():
        lines.append(f"| {name} | {size['plain'] / 1000:,.0f} | {size['sent'] / 1000:,.0f} |")
    lines += ["", f"{facts['stops']:,} stops on {facts['routes']} routes; {facts['machine']}.", ""]
    kinds = list(facts["times"])
    lines += [f"| | {' | '.join(kinds)} |", f"| --- |{' --- |' * len(kinds)}"]
    for name in facts["times"][kinds[0]]:
        cells = " | ".join(f"{facts['times'][kind][name]:,}" for kind in kinds)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
