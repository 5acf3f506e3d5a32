"""A hand that holds the phone: opens the page, fills in forms, signs, looks what is left."""

from __future__ import annotations

import base64
import re
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Geolocation,
    Page,
    ViewportSize,
    expect,
)

from tests.web.phone_office import PhoneOffice

SMALL: ViewportSize = {"width": 360, "height": 740}
PLACE: Geolocation = {"latitude": 21.33, "longitude": 105.4, "accuracy": 12}

_KEPT = """async () => {
  const db = await new Promise((ok) => {
    const asked = indexedDB.open("buuta");
    asked.onsuccess = () => ok(asked.result);
  });
  const all = {};
  for (const name of db.objectStoreNames) {
    all[name] = await new Promise((ok) => {
      const asked = db.transaction(name).objectStore(name).getAll();
      asked.onsuccess = () => ok(asked.result);
    });
  }
  db.close();
  return JSON.parse(JSON.stringify(all));
}"""

_PICTURE = """async ([width, height]) => {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  for (let k = 0; k < 4000; k += 1) {
    pen.fillStyle = `hsl(${(k * 47) % 360} 70% 50%)`;
    pen.fillRect((k * 97) % width, (k * 61) % height, width / 19, height / 19);
  }
  return canvas.toDataURL("image/jpeg", 1).split(",")[1];
}"""


class Hand:
    """One phone with the courier's page, and everything that went wrong in it."""

    def __init__(self, browser: Browser, office: PhoneOffice, *, script: str = "") -> None:
        self.office = office
        self.context: BrowserContext = browser.new_context(
            viewport=SMALL,
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            locale="vi-VN",
            geolocation=PLACE,
            permissions=["geolocation"],
        )
        if script:
            self.context.add_init_script(script)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_default_timeout(20_000)

    def close(self) -> None:
        self.context.close()
        assert self.errors == []

    def come(self, link: str = "", place: bool = True) -> None:
        """Open the link of the manifest and wait for the round."""
        self.page.goto(link or self.office.link())
        self.page.locator(".stop").wait_for()
        # From here on the page opens without a signal.
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
        self.page.evaluate(
            f"() => localStorage.setItem('buuta.place', '{'yes' if place else 'no'}')"
        )

    def tap(self, name: str) -> None:
        self.page.click(f"[data-name='{name}']")

    def tab(self, name: str) -> None:
        self.tap(f"tab-{name}")

    def sees(self, name: str) -> bool:
        return self.page.locator(f"[data-name='{name}']").count() > 0

    def offline(self, off: bool) -> None:
        self.context.set_offline(off)

    def reload(self) -> None:
        """The phone dies and is switched on again."""
        self.page.reload()
        self.page.locator(".app").wait_for()

    def next_label(self) -> str:
        self.tab("next")
        return self.page.locator(".stop .number").inner_text()

    def sign(self, name: str = "signature") -> None:
        pad = self.page.locator(f"canvas[data-name='{name}']")
        pad.evaluate("own => own.scrollIntoView({ block: 'center' })")
        box = pad.bounding_box()
        assert box is not None
        x, y = box["x"], box["y"]
        self.page.mouse.move(x + 30, y + 40)
        self.page.mouse.down()
        for dx, dy in ((90, 90), (150, 30), (220, 80)):
            self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up()

    def picture(self, width: int = 800, height: int = 600) -> bytes:
        """Return a JPEG as a camera would make it."""
        return base64.b64decode(self.page.evaluate(_PICTURE, [width, height]))

    def shoot(self, data: bytes) -> None:
        file: Any = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data}
        self.page.set_input_files("input[data-name='photo']", file)
        self.page.locator("[data-name='photo-size']").wait_for()

    def fill_done(self) -> None:
        """Fill in what the office asks for at the stop whose form is open."""
        self.page.locator("form.form").wait_for()
        if self.sees("cash-exact"):
            self.tap("cash-exact")
        if self.sees("recipient"):
            self.page.locator(".choice .chip").first.click()
        if self.sees("identity"):
            self.page.check("[data-name='identity']")
        if self.sees("signature"):
            self.sign()

    def done(self) -> None:
        """Deliver or collect at the next stop."""
        label = self.next_label()
        self.tap("done")
        self.fill_done()
        self.tap("save")
        self._is_told(label)
        self.page.locator(".stop, .card.big").first.wait_for()

    def failed(self, reason: str, again: str) -> None:
        label = self.next_label()
        self.tap("failed")
        self.tap(reason)
        self.tap(again)
        self.tap("save")
        self._is_told(label)

    def _is_told(self, label: str) -> None:
        """Wait for the word that this very stop is kept: that of the last may still stand there."""
        told = self.page.locator("[data-name='toast']")
        expect(told).to_contain_text(re.compile(rf"số {re.escape(label)}$"))

    def kept(self) -> Any:
        """Return all that lies on the phone."""
        return self.page.evaluate(_KEPT)

    def waiting(self) -> int:
        return sum(one["fate"] == "waiting" for one in self.kept()["box"])

    def wait_until_sent(self) -> None:
        """Wait until nothing waits any more."""
        self.tab("outbox")
        for _ in range(60):
            if self.waiting() == 0:
                return
            if self.page.locator("[data-name='send']").is_enabled():
                self.tap("send")
            self.page.wait_for_timeout(200)
        raise AssertionError(f"still {self.waiting()} to send")
