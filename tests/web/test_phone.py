"""The courier's page in a real browser, against a real service that dies and comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from dispatch.clock import HANOI, ShiftedClock
from dispatch.events import OrderCancelled
from dispatch.records import StoredEvent
from dispatch.replanning import Action
from tests.web.phone_hand import Hand
from tests.web.phone_office import COURIER, DAY, PhoneOffice, phone_office

# One browser for all screens, and one plan of the day for all phones.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("web")]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PhoneOffice]:
    with phone_office(tmp_path) as office:
        yield office


@pytest.fixture
def hand(browser: Browser, office: PhoneOffice) -> Iterator[Hand]:
    """A phone whose courier has come in."""
    made = Hand(browser, office)
    made.come()
    yield made
    made.close()


def told(office: PhoneOffice, *kinds: str) -> list[StoredEvent]:
    return [one for one in office.journal() if not kinds or one.kind in kinds]


def test_a_whole_round_with_cuts_at_random_is_in_the_store_exactly_once(
    hand: Hand, office: PhoneOffice
) -> None:
    dice = random.Random(7)
    stops = [one["key"] for one in hand.kept()["meta"][0]["stops"] if one["label"]]
    assert len(stops) == 14
    for number in range(len(stops)):
        hand.offline(dice.random() < 0.5)
        if dice.random() < 0.25:
            office.restart()
        if number % 5 == 3:
            hand.failed("refused", "tomorrow")
        else:
            hand.done()
        if dice.random() < 0.25:
            hand.reload()
        if dice.random() < 0.3:
            # The answer to what was just sent may be lost as well.
            hand.offline(True)
    hand.offline(False)
    hand.wait_until_sent()
    events = told(office, "stop_done", "stop_failed")
    assert sorted(f"job:{one.order}" for one in events) == sorted(stops)
    assert len({one.id for one in office.journal()}) == len(office.journal())
    assert [one.kind for one in events].count("stop_failed") == 3
    # In the order in which the courier did them, at the office's time though the phone's clock is
    # wrong by days.
    times = [one.at for one in events]
    assert times == sorted(times)
    assert all(one.at.astimezone(HANOI).date() == DAY for one in events)
    assert all(str(DAY) not in one.body["phone_at"] for one in events)
    # Every signature is in the office's hands, and none lies on the phone any more.
    named = {one.body["signature"] for one in events if "signature" in one.body}
    assert len(named) >= 1
    for key in named:
        assert office.parts.office.proof(DAY, COURIER, key).media == "image/png"
    assert hand.kept()["proofs"] == []
    assert office.parts.office.refusals(DAY) == []


def test_without_signal_the_page_opens_and_everything_works(
    hand: Hand, office: PhoneOffice
) -> None:
    # A browser offers to install it; in a private window, as here, it never does.
    asked = hand.context.new_cdp_session(hand.page).send("Page.getInstallabilityErrors")
    assert {one["errorId"] for one in asked["installabilityErrors"]} <= {"in-incognito"}
    hand.offline(True)
    office.stop()
    hand.reload()
    hand.tab("list")
    hand.page.fill("[data-name='search']", "phuong lau")
    expect(hand.page.locator(".line")).to_have_count(1)
    hand.page.fill("[data-name='search']", "2")
    hand.page.locator(".line").first.click()
    expect(hand.page.locator(".stop .number")).to_have_text("2")
    assert hand.page.locator("[data-name='navigate']").get_attribute("href", timeout=1_000)
    hand.done()
    hand.tab("outbox")
    expect(hand.page.locator("[data-name='waiting']")).to_contain_text("1")
    expect(hand.page.locator("[data-name='signal']")).to_contain_text("Mất mạng")
    office.start()
    hand.offline(False)
    hand.wait_until_sent()
    assert len(told(office, "stop_done")) == 1
    # The place is told with the courier's consent, and teaches the address book.
    assert told(office, "stop_done")[0].body["place"] == {"lat": 21.33, "lon": 105.4}
    assert [one.seen for one in office.parts.office.learned_places().items] == [1]


def test_without_consent_no_place_is_told(hand: Hand, office: PhoneOffice) -> None:
    hand.tab("more")
    hand.tap("no")
    hand.done()
    hand.wait_until_sent()
    (event,) = told(office, "stop_done")
    assert "place" not in event.body


def test_a_phone_that_dies_in_the_middle_of_a_signature_loses_nothing(hand: Hand) -> None:
    hand.tap("done")
    hand.fill_done()
    hand.page.fill("[data-name='hint']", "cổng xanh sau chợ")
    before = hand.kept()["drafts"]
    hand.offline(True)
    hand.page.goto("about:blank")
    hand.page.goto(f"{hand.office.address}/phone")
    hand.page.locator(".app").wait_for()
    assert hand.kept()["drafts"] == before
    assert len(before[0]["strokes"]["signature"]) == 1
    hand.tap("done")
    expect(hand.page.locator("[data-name='hint']")).to_have_value("cổng xanh sau chợ")
    expect(hand.page.locator("[data-name='cash']")).to_have_value("45.000")
    hand.tap("save")
    expect(hand.page.locator("[data-name='toast']")).to_be_visible()
    assert (hand.waiting(), hand.kept()["drafts"]) == (1, [])
    hand.offline(False)


def test_what_the_office_requires_is_asked_for_before_a_stop_is_done(
    hand: Hand, office: PhoneOffice
) -> None:
    hand.tap("done")
    hand.tap("save")
    said = hand.page.locator("[data-name='missing']").inner_text()
    for word in ("Người nhận", "Chữ ký", "giấy tờ", "Tiền"):
        assert word in said
    assert told(office) == []
    # The office wants a photo from now on, and no signature.
    rules = {"deliver.dossier": {"photo": "required", "signature": "off", "identity": "off"}}
    office.parts.office.set_phone_rules("", rules, by="lan", read=0)
    hand.reload()
    hand.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(hand.page.locator("canvas")).to_have_count(0)
    hand.fill_done()
    hand.tap("save")
    expect(hand.page.locator("[data-name='missing']")).to_have_text("Còn thiếu: Ảnh")


def test_a_photo_of_twelve_megapixels_is_made_small_on_the_phone(
    hand: Hand, office: PhoneOffice
) -> None:
    data = hand.picture(4_000, 3_000)
    hand.tap("done")
    hand.fill_done()
    hand.shoot(data)
    hand.tap("save")
    hand.wait_until_sent()
    (event,) = told(office, "stop_done")
    proof = office.parts.office.proof(DAY, COURIER, event.body["photo"])
    assert proof.media == "image/jpeg"
    assert len(proof.data) < 600_000 < len(data)
    size = hand.page.evaluate(
        """async (bytes) => {
          const made = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          return [made.width, made.height];
        }""",
        list(proof.data),
    )
    assert size == [1_600, 1_200]


def test_a_full_phone_says_so_and_loses_nothing(hand: Hand, office: PhoneOffice) -> None:
    data = hand.picture(1_600, 1_200)
    hand.tap("done")
    hand.fill_done()
    hand.shoot(data)
    full = """() => {
      const put = IDBObjectStore.prototype.put;
      window.makeRoom = () => { IDBObjectStore.prototype.put = put; };
      IDBObjectStore.prototype.put = function (value, ...more) {
        if (this.name === "proofs" && value.media === "image/jpeg") {
          throw new DOMException("no room", "QuotaExceededError");
        }
        return put.call(this, value, ...more);
      };
    }"""
    hand.page.evaluate(full)
    hand.tap("save")
    expect(hand.page.locator("[data-name='trouble-full']")).to_contain_text("CHƯA ghi")
    # All or nothing: neither the event nor its signature is there without the photo.
    assert (hand.kept()["box"], hand.kept()["proofs"]) == ([], [])
    hand.tap("without-photo")
    hand.wait_until_sent()
    (event,) = told(office, "stop_done")
    assert "photo" not in event.body
    assert "signature" in event.body


def test_a_forwarded_link_is_told_plainly_and_let_in_by_the_dispatcher_only(
    browser: Browser, office: PhoneOffice
) -> None:
    link = office.link()
    mine, other = Hand(browser, office), Hand(browser, office)
    mine.come(link)
    other.page.goto(link)
    said = other.page.locator("[data-name='shut-link_elsewhere']")
    expect(said).to_contain_text("máy khác")
    assert other.kept()["meta"] == [link.partition("#")[2]]
    office.parts.accounts.admit_phone(COURIER, day=DAY, by="lan")
    other.tap("retry")
    other.page.locator(".stop").wait_for()
    # The first phone keeps what it has not sent, and is told.
    mine.done()
    expect(mine.page.locator("[data-name='shut-link_elsewhere']")).to_be_visible()
    assert mine.waiting() == 1
    office.parts.accounts.admit_phone(COURIER, day=DAY, by="lan")
    mine.wait_until_sent()
    assert len(told(office, "stop_done")) == 1
    mine.close()
    other.close()


def test_a_changed_route_comes_as_differences_to_read_and_numbers_stay(
    hand: Hand, office: PhoneOffice
) -> None:
    before = {one["order"]: one["label"] for one in hand.kept()["meta"][0]["stops"]}
    hand.done()
    hand.wait_until_sent()
    stops = [one for one in hand.kept()["meta"][0]["stops"] if one["label"]]
    gone = stops[4]["order"]
    desk = office.parts.office
    cancelled = StoredEvent(
        id="cancel", day=DAY, kind=OrderCancelled.kind, at=desk.now, received_at=desk.now,
        by="lan", order=gone,
    )  # fmt: skip
    desk.record_events(DAY, [cancelled], by="lan")
    made = desk.replan(DAY, by="lan", action=Action.INSERT)
    assert made.version is not None
    problems = made.version.plan.result.report.violations
    named = {":".join((v.code.value, v.vehicle, v.id, v.dimension)): "lan" for v in problems}
    version = made.version.head.version
    desk.publish(DAY, version, by="lan", accepted=named, replacing=1)
    hand.page.evaluate("() => dispatchEvent(new Event('online'))")
    hand.tap("news")
    item = hand.page.locator("[data-kind='gone']")
    expect(item).to_contain_text(stops[4]["label"])
    hand.tap("accept")
    hand.wait_until_sent()
    (event,) = told(office, "route_accepted")
    assert event.body["version"] == version
    after = {one["order"]: one["label"] for one in hand.kept()["meta"][0]["stops"]}
    assert gone not in after
    assert all(before[order] == label for order, label in after.items())


def test_a_refused_event_stays_on_the_phone_and_shows_what_the_dispatcher_did(
    hand: Hand, office: PhoneOffice
) -> None:
    hand.offline(True)
    hand.done()
    # Meanwhile somebody takes the order out of the office's books.
    (entry,) = hand.kept()["box"]
    store: Any = office.parts.office.store
    with store.database.begin(writes=True) as connection:
        connection.exec_driver_sql("DELETE FROM orders WHERE id = ?", (entry["order"],))
    hand.offline(False)
    hand.wait_until_sent()
    line = hand.page.locator("[data-fate='refused']")
    expect(line).to_contain_text(entry["order"])
    expect(hand.page.locator("[data-name='signal']")).to_contain_text("từ chối")
    (kept,) = office.parts.office.refusals(DAY)
    assert kept.event["body"]["recipient"]
    office.parts.office.settle_refusal(DAY, kept.seq, by="lan", note="Đã nhập lại đơn")
    hand.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(line).to_contain_text("Đã nhập lại đơn")


def test_the_order_is_changed_by_hand_with_a_reason(hand: Hand, office: PhoneOffice) -> None:
    hand.tab("list")
    hand.tap("reorder")
    third = hand.page.locator(".order li").nth(2)
    key = third.get_attribute("data-key")
    label = third.locator(".number").inner_text()
    third.locator("button").nth(2).click()
    hand.tap("save-order")
    expect(hand.page.locator(".alarm")).to_contain_text("lý do")
    hand.tap("road")
    hand.tap("save-order")
    assert hand.next_label() == label
    hand.wait_until_sent()
    (event,) = told(office, "route_reordered")
    assert event.body["stops"][0] == key
    assert event.body["note"] == "Đường tắc, hỏng"
    hand.reload()
    assert hand.next_label() == label


def test_noon_is_settled_and_signed_by_both(hand: Hand, office: PhoneOffice) -> None:
    hand.done()
    hand.failed("absent", "held")
    hand.tab("settle")
    expect(hand.page.locator("[data-name='expected-cash']")).to_have_text("45.000")
    expect(hand.page.locator("[data-name='expected-returned']")).to_have_text("2")
    hand.page.fill("input[data-name='cash']", "40000")
    expect(hand.page.locator(".warning").last).to_contain_text("Thiếu 5.000")
    hand.tap("save")
    expect(hand.page.locator("[data-name='missing']")).to_contain_text("Kế toán ký")
    hand.sign("courier-signature")
    hand.sign("clerk-signature")
    hand.page.fill("[data-name='clerk']", "Chị Thu")
    hand.tap("save")
    hand.wait_until_sent()
    (event,) = told(office, "settlement")
    assert (event.body["cash"], event.body["returned"], event.body["period"]) == (40_000, 2, "noon")
    for name in ("signature", "clerk_signature"):
        assert office.parts.office.proof(DAY, COURIER, event.body[name])
    (settled,) = office.parts.pictures.get(DAY).accounts.settled
    assert settled.cash_missing == 5_000


def test_signing_out_leaves_nothing_on_the_phone(hand: Hand) -> None:
    hand.offline(True)
    hand.done()
    hand.tab("more")
    hand.tap("sign-out")
    # What was not sent is named, and has to be said twice.
    expect(hand.page.locator(".card .alarm")).to_contain_text("1")
    hand.tap("sign-out-yes")
    hand.page.locator(".door").wait_for()
    kept = hand.kept()
    assert [kept[name] for name in ("box", "proofs", "drafts")] == [[], [], []]
    assert all(isinstance(one, int) for one in kept["meta"])


def test_after_the_day_its_data_are_gone_and_what_waits_is_sent(
    hand: Hand, office: PhoneOffice
) -> None:
    hand.offline(True)
    hand.done()
    night = datetime(2026, 11, 25, 5, 50, tzinfo=HANOI)
    office.clock = ShiftedClock(night, elapsed=time.monotonic)
    office.restart()
    hand.offline(False)
    hand.wait_until_sent()
    assert len(told(office, "stop_done")) == 1
    office.clock = ShiftedClock(night + timedelta(minutes=11), elapsed=time.monotonic)
    office.restart()
    hand.reload()
    hand.page.locator(".door").wait_for()
    kept = hand.kept()
    assert [kept[name] for name in ("box", "proofs", "drafts")] == [[], [], []]


# What came to Chrome after the version that the page is built for; taken away before it starts.
NEWER = """
for (const [owner, names] of [
  [globalThis, ["structuredClone", "BarcodeDetector", "scheduler", "navigation"]],
  [Array.prototype, ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "with"]],
  [Array, ["fromAsync"]],
  [String.prototype, ["at", "isWellFormed", "toWellFormed"]],
  [Object, ["hasOwn", "groupBy"]],
  [Promise, ["withResolvers", "try"]],
  [Crypto.prototype, ["randomUUID"]],
  [AbortSignal, ["timeout", "any"]],
  [Element.prototype, ["replaceChildren", "checkVisibility"]],
  [Navigator.prototype, ["userActivation", "virtualKeyboard"]],
]) {
  for (const name of names) delete owner[name];
}
"""

_SMALL_TARGETS = """() => [...document.querySelectorAll("button, a, input, summary, label.push")]
  .filter((own) => own.offsetParent !== null && !own.classList.contains("sr-only"))
  .filter((own) => !(own.matches("input[type=checkbox]") && own.closest("label")))
  .map((own) => [own.textContent || own.dataset.name, own.getBoundingClientRect()])
  .filter(([, box]) => box.height < 48 || box.width < 44)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""

_WIDTH = "() => Math.max(document.documentElement.scrollWidth, innerWidth)"

_PALE = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((one) => {
      const part = Number(one) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (own) => {
    for (let at = own; at; at = at.parentElement) {
      const said = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(said)) return said;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const own of document.querySelectorAll("body *")) {
    const own_text = [...own.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own_text || own.offsetParent === null || own.disabled) continue;
    const [a, b] = [light(getComputedStyle(own).color), light(ground(own))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 5.5) found.push(`${own.textContent.slice(0, 30)}: ${contrast.toFixed(1)}`);
  }
  return found;
}"""


def test_thumbs_sun_and_large_type_on_an_old_browser_without_an_error(
    browser: Browser, office: PhoneOffice
) -> None:
    hand = Hand(browser, office, script=NEWER)
    hand.come()
    hand.offline(True)
    hand.failed("absent", "later")
    pages = ["tab-next", "tab-list", "reorder", "tab-next", "done", "tab-next", "failed"]
    pages += ["tab-settle", "tab-outbox", "tab-more"]
    for size in ("100", "150"):
        hand.page.evaluate("(size) => { document.documentElement.dataset.size = size; }", size)
        # A small phone, as wide as phones of ten years ago.
        hand.page.set_viewport_size({"width": 320, "height": 560})
        for name in pages:
            hand.tap(name)
            hand.page.wait_for_timeout(50)
            assert hand.page.evaluate(_WIDTH) == 320, (name, size)
            assert hand.page.evaluate(_SMALL_TARGETS) == [], (name, size)
            assert hand.page.evaluate(_PALE) == [], (name, size)
    hand.close()


def test_english_is_spoken_on_request(hand: Hand) -> None:
    hand.tab("more")
    hand.tap("en")
    hand.tab("next")
    expect(hand.page.locator("[data-name='done']")).to_have_text("Done")
    # What the office writes is in the same language after the next asking.
    expect(hand.page.locator(".todo")).to_contain_text("identity")
    hand.reload()
    expect(hand.page.locator("[data-name='failed']")).to_have_text("Failed")


def test_a_barcode_leads_to_its_stop(browser: Browser, office: PhoneOffice) -> None:
    # A camera and a reader that see one code; what they are on a real phone the page only asks.
    eye = """
    globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: "RA009VN" }]; } };
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement("canvas");
      const pen = canvas.getContext("2d");
      setInterval(() => pen.fillRect(0, 0, Math.random() * 99, 9), 50);
      return canvas.captureStream(20);
    };
    """
    hand = Hand(browser, office, script=eye)
    hand.come()
    hand.tab("list")
    hand.tap("scan")
    expect(hand.page.locator("[data-stop='job:RA009VN']")).to_be_visible()
    hand.close()
