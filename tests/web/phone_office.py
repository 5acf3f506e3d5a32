"""An office whose service can be killed and started again under a browser, with a planned round."""

from __future__ import annotations

import atexit
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from api.app import create_app
from api.deps import Parts
from api.logs import service_log
from dispatch.clock import HANOI, ShiftedClock
from dispatch.import_writers import write_fleet, write_offices, write_orders
from dispatch.model import Address, Order, OrderKind, Service
from dispatch.office.desk import day_input
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion
from dispatch.service import Search, plan_day
from geo.types import LatLon
from solver.model import TimeWindow
from tests.api import days
from tests.api.serving import Heard, settings_in

DAY = date(2026, 11, 24)
EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=HANOI)
COURIER = "vt1"

_PEOPLE = (
    "Nguyễn Thị Hạnh", "Trần Văn Bình", "Lê Thị Thu Hà", "Phạm Quốc Khánh", "Hoàng Thị Mai",
    "Bùi Đức Thắng", "Đỗ Thị Ngọc", "Vũ Minh Tuấn", "Đặng Thị Hoà", "Ngô Xuân Trường",
    "Dương Thị Lan", "Hà Văn Sơn", "Công ty TNHH Vật tư Nông nghiệp Hùng Vương", "Lý Thị Kim Oanh",
)  # fmt: skip
_STREETS = (
    "Số 1806/127/2 đường Hùng Vương, P. Gia Cẩm", "Tổ 4 khu 6, P. Nông Trang",
    "Số 25 đường Trần Phú, P. Tân Dân", "Khu 9, xã Phượng Lâu", "Số 7 ngõ 12 phố Minh Lang",
    "Chợ Gát, P. Gia Cẩm", "Số 180 đường Châu Phong", "Xóm Đồi, xã Kim Đức",
    "Số 3 đường Nguyễn Du", "Khu 2, xã Hùng Lô", "Số 44 đường Lạc Long Quân", "Tổ 11, P. Vân Cơ",
    "Lô B5 khu công nghiệp Thụy Vân", "Số 9 phố Hoà Phong, P. Tiên Cát",
)  # fmt: skip


def orders() -> list[Order]:
    """Fourteen orders of every product, with cash, windows and two collections."""
    services = (Service.DOSSIER, Service.REGISTERED, Service.EMS, Service.PARCEL, Service.ORDINARY)
    made = []
    for k in range(14):
        service = services[k % 5]
        made.append(
            Order(
                id=f"RA{k + 1:03}VN",
                kind=OrderKind.COLLECTION if k in (5, 10) else OrderKind.DELIVERY,
                service=service,
                address=Address(
                    text=_STREETS[k],
                    point=LatLon(lat=21.3227 + (k + 1) / 1500, lon=105.402 + (k % 3) / 900),
                ),
                customer=_PEOPLE[k],
                phone=f"09123456{k:02}",
                content="Hồ sơ đất đai" if service is Service.DOSSIER else "",
                note="Gọi trước khi đến" if k == 2 else "",
                grams=4_500 if service is Service.PARCEL else 200,
                items=2 if k == 3 else 1,
                cash=45_000 if service is Service.DOSSIER else 385_000 if k == 3 else 0,
                windows=(TimeWindow(start=8 * 3600, end=11 * 3600 + 1800),) if k == 7 else (),
            )
        )
    return made


_STORES: list[Path] = []
"""A store with the published round, made once in this process and copied for each office."""


@dataclass
class PhoneOffice:
    """A service on a port of its own over a store that outlives it."""

    folder: Path
    clock: ShiftedClock
    port: int
    more: dict[str, Any] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    app: Any = None
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    def start(self) -> None:
        """Start the service, as after a crash: from what lies in the store."""
        self.app = create_app(
            settings_in(self.folder, language="vi", port=self.port, **self.more),
            clock=self.clock,
            log=service_log("info", stream=self.heard.stream),
        )
        # Without a lifespan: no search processes, which no phone needs.
        config = uvicorn.Config(
            self.app, port=self.port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        end = time.monotonic() + 30
        while not self.server.started and time.monotonic() < end:
            time.sleep(0.01)
        assert self.server.started

    def stop(self) -> None:
        """End the service without letting anybody finish."""
        if self.server is None or self.thread is None:
            return
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(30)
        self.server = self.thread = None
        self.parts.office.store.close()  # type: ignore[attr-defined]

    def restart(self) -> None:
        self.stop()
        self.start()

    def fill(self) -> None:
        """Import the day, plan it, and publish it."""
        desk = self.parts.office
        given = orders()
        desk.import_offices(write_offices([days.office()]).encode(), file="o.csv", by="lan")
        fleet = write_fleet([days.courier(COURIER), days.courier("vt2")])
        desk.import_fleet(fleet.encode(), file="f.csv", by="lan")
        read = desk.import_orders(write_orders(given).encode(), file="d.csv", day=DAY, by="lan")
        assert len(read.added) == len(given), read.table.findings
        means = desk.means(DAY)
        with desk.store.reading() as uow:
            day, closed = day_input(uow, DAY)
        plan = plan_day(
            replace(day, couriers=tuple(c for c in day.couriers if c.id == COURIER)),
            geocoder=means.geocoder,
            travel=means.travel,
            territory=means.territory,
            clock=time.monotonic,
            search=Search(seconds=1.0, workers=1),
            closed=closed,
        )
        with desk.store.writing(by="worker", at=desk.now) as uow:
            head = head_of(plan, uow=uow, kind=PlanKind.RUN, parent=0)
            uow.plans.add(PlanVersion(head=head, plan=plan))
        desk.publish(DAY, 1, by="lan")

    def link(self, courier: str = COURIER) -> str:
        """Return what a manifest's QR says."""
        (made,) = self.parts.accounts.link([courier], day=DAY, by="lan")
        return f"{self.address}/phone#{made.token}"

    def journal(self) -> list[Any]:
        return list(self.parts.office.events(DAY, limit=None))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _template() -> Path:
    if not _STORES:
        folder = Path(tempfile.mkdtemp(prefix="buuta-phones-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # Planned before anybody sets out.
        seven = ShiftedClock(EIGHT - timedelta(hours=1), elapsed=time.monotonic)
        made = PhoneOffice(folder=folder, clock=seven, port=free_port())
        made.start()
        try:
            made.fill()
        finally:
            made.stop()
        _STORES.append(folder)
    return _STORES[0]


def _eight() -> ShiftedClock:
    return ShiftedClock(EIGHT, elapsed=time.monotonic)


@contextmanager
def phone_office(folder: Path, **more: Any) -> Iterator[PhoneOffice]:
    """Return an office with a published round, at eight in the morning."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    office = PhoneOffice(folder=folder, clock=_eight(), port=free_port(), more=more)
    office.start()
    try:
        yield office
    finally:
        office.stop()
