"""
How large the courier's page is and how fast it opens: `python -m benchmarks.phone`.

A service of its own is started behind a port of this machine, a sample day is planned and
published, and Chromium opens a courier's link as a phone does: with its processor slowed down and,
the first time, over a slow connection. Shown is the time from the opening of the address until the
next stop is painted, the median and the worst of `--rounds`:

    cold        nothing on the phone, the link of the manifest, 1.6 Mbit/s with 150 ms each way
    cached      the page opened again with a signal
    offline     the page opened again without one

    python -m benchmarks.phone --rounds 10 --slower 4

The promise: under 60 kB to first use, and open in a second from the cache.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from api.client import Client
from api.screens import BUILT
from benchmarks.serving import DAY, PASSWORD, started
from dispatch.samples import sample_day, write_day

MOST_BYTES = 60_000
MOST_CACHED_MS = 1_000
_NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}

_WATCH = """
const look = () => {
  if (document.querySelector(".stop")) {
    requestAnimationFrame(() => { window.shownAfter = performance.now(); });
  } else {
    requestAnimationFrame(look);
  }
};
requestAnimationFrame(look);
"""


def main() -> None:
    """Run the benchmark and print its table; the exit code tells whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--slower", type=float, default=4.0)
    parser.add_argument("--json", type=Path, default=None)
    asked = parser.parse_args()
    facts: dict[str, Any] = sizes()
    with tempfile.TemporaryDirectory() as folder:
        process, address, token = started(Path(folder), "")
        try:
            facts |= opened(address, token, asked)
        finally:
            process.terminate()
            process.wait(60)
    kept = facts["bytes to first use (gzip)"] < MOST_BYTES
    kept = kept and facts["offline, median ms"] < MOST_CACHED_MS
    facts["promise kept"] = kept
    for name, value in facts.items():
        print(f"{name:<32} {value}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(0 if kept else 1)


def sizes() -> dict[str, Any]:
    """Return the bytes that a phone loads before it can be used, squeezed and not."""
    page = (BUILT / "phone.html").read_text(encoding="utf-8")
    names = ["/phone.html", *re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)]
    held = [(BUILT / name.lstrip("/")).read_bytes() for name in names]
    worker = (BUILT / "phone-sw.js").read_bytes()
    return {
        "files to first use": len(names),
        "bytes to first use": sum(map(len, held)),
        "bytes to first use (gzip)": sum(len(gzip.compress(one, 9)) for one in held),
        "service worker (gzip)": len(gzip.compress(worker, 9)),
    }


def opened(address: str, token: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Plan a day, open the page again and again, and return what was measured."""
    from playwright.sync_api import sync_playwright  # only this benchmark needs a browser

    office = Client(address, lang="en", timeout=600)
    office.set_up(token=token, login="bench", name="", password=PASSWORD)
    tables = write_day(sample_day(orders=asked.orders, seed=1, day=DAY))
    office.import_offices(tables["offices.csv"].encode())
    office.import_vehicles(tables["fleet.csv"].encode())
    office.import_orders(DAY, tables["orders.csv"].encode())
    run = office.plan(DAY, seconds=10)
    shown = office.plan_version(DAY, run.result)
    office.publish(DAY, run.result, accepted={one.key: "bench" for one in shown.violations})
    routes = sorted(office.routes(DAY, run.result), key=lambda one: len(one.stops))
    courier = routes[-1].courier
    times: dict[str, list[float]] = {"cold": [], "cached": [], "offline": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(asked.rounds):
            link = office.links(DAY, [courier])[0]
            for kind, ms in _round(browser, f"{address}/phone#{link.token}", asked.slower).items():
                times[kind].append(ms)
        browser.close()
    answers = [_asked(address, office, courier) for _ in range(20)]
    office.close()
    return {
        "stops of the round": len(routes[-1].stops),
        "processor slower by": asked.slower,
        **{
            f"{kind}, {name} ms": round(figure(found))
            for kind, found in times.items()
            for name, figure in (("median", statistics.median), ("worst", max))
        },
        "the day's JSON, bytes": answers[0][1],
        "the day asked for, median ms": round(statistics.median(ms for ms, _ in answers), 1),
    }


def _round(browser: Any, link: str, slower: float) -> dict[str, float]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    context.add_init_script(_WATCH)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    devtools.send("Network.emulateNetworkConditions", _NETWORK)
    found = {"cold": _until_shown(page, lambda: page.goto(link))}
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    found["cached"] = _until_shown(page, page.reload)
    context.set_offline(True)
    found["offline"] = _until_shown(page, page.reload)
    context.close()
    return found


def _until_shown(page: Any, go: Any) -> float:
    go()
    page.wait_for_function("() => window.shownAfter")
    return float(page.evaluate("() => window.shownAfter"))


def _asked(address: str, office: Client, courier: str) -> tuple[float, int]:
    """Return the milliseconds and bytes of one answer to a phone that has nothing yet."""
    with Client(address, timeout=60) as phone:
        phone.come_by_link(office.links(DAY, [courier])[0].token)
        began = time.perf_counter()
        held = phone.own_day()
        return (time.perf_counter() - began) * 1_000, len(held.model_dump_json())


if __name__ == "__main__":
    main()
