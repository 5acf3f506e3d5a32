"""Orders and master data in, their places found and corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from uuid import uuid4

from dispatch import geocoding, importing, learning
from dispatch.errors import RefusedError
from dispatch.geocoding import Located
from dispatch.import_rows import Imported
from dispatch.journey import state_of
from dispatch.messages import Language
from dispatch.model import Address, Courier, Office, Order, OrderState
from dispatch.office.desk import Desk, open_day, order_of, require_version, with_places
from dispatch.records import (
    LearnedPlace,
    OrderFilter,
    Sighting,
    Stamp,
    StoredCourier,
    StoredEvent,
    StoredOffice,
    StoredOrder,
)
from dispatch.repository import PAGE, Page, UnitOfWork
from geo.types import LatLon

T = TypeVar("T")

OVER = frozenset({OrderState.DELIVERED, OrderState.RETURNED})
"""States after which nothing more is planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """
    What an import of orders did, by order id; the table's own findings are in `table`.

    Parameters
    ----------
    unchanged
        Were there already, saying the same.
    over
        Are finished; the file's row was passed over.
    stored
        False for a look ahead, which stores nothing.
    """

    table: Imported[Order]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    over: tuple[str, ...]
    stored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What an import of offices, couriers or trucks did, by id; `retired` are not in the file."""

    findings: Imported[Courier] | Imported[Office]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...] = ()


class OrderDesk(Desk):
    """Use cases around orders and master data."""

    # ---- orders ---------------------------------------------------------------------------------

    def import_orders(
        self,
        data: bytes,
        *,
        file: str,
        day: date,
        by: str,
        mapping: Mapping[str, str] | None = None,
        lang: Language = "vi",
        store: bool = True,
    ) -> ImportReport:
        """
        Read a file of orders onto a day; the same file again changes nothing.

        An order that is there already takes what the file says, but keeps its journey (state,
        attempts) where the file is silent, and its point where the address is written as before.

        Parameters
        ----------
        store
            False only tells what would be done.

        Raises
        ------
        TableError
            The file is no table.
        RefusedError
            The day is closed.
        """
        table = importing.read_orders(data, file=file, day=day, mapping=mapping, lang=lang)
        if not store:
            with self.store.reading() as uow:
                return _merge(uow, table, day)[0]
        with self._writing(by) as uow:
            open_day(uow, day)
            report, orders = _merge(uow, table, day)
            uow.orders.put_all(orders)
            uow.audit.add(
                "orders.imported",
                subject="day",
                key=day.isoformat(),
                added=len(report.added),
                changed=len(report.changed),
                unchanged=len(report.unchanged),
                over=len(report.over),
                rejected=len(table.rejected),
            )
        return replace(report, stored=True)

    def add_order(self, order: Order, *, day: date, by: str) -> StoredOrder:
        """
        Put a new order onto a day.

        Raises
        ------
        ConflictError
            There is one of that id.
        RefusedError
            The day is closed.
        """
        with self._writing(by) as uow:
            open_day(uow, day)
            stored = uow.orders.put(StoredOrder(order=order, day=day, stamp=_new(uow)))
            uow.audit.add("order.added", subject="order", key=order.id, day=day.isoformat())
        return stored

    def change_order(self, order: Order, *, read: int | None, by: str) -> StoredOrder:
        """
        Write an order over the version that was read.

        Raises
        ------
        UnknownError
            There is none of that id.
        ConflictError
            Somebody changed it meanwhile.
        RefusedError
            It is over, or its day is closed.
        """
        with self._writing(by) as uow:
            before = order_of(uow, order.id)
            require_version(before, read)
            _require_live(before)
            if before.day is not None:
                open_day(uow, before.day)
            stored = uow.orders.put(replace(before, order=order))
            uow.audit.add(
                "order.changed",
                subject="order",
                key=order.id,
                version=stored.stamp.version,
                fields=_changed(before.order, stored.order),
            )
        return stored

    def order(self, key: str) -> StoredOrder:
        """Return an order; UnknownError where there is none."""
        with self.store.reading() as uow:
            return order_of(uow, key)

    def orders(
        self, which: OrderFilter, *, after: str = "", limit: int = PAGE
    ) -> Page[StoredOrder]:
        """Return the next orders of a list, by id."""
        with self.store.reading() as uow:
            return uow.orders.page(which, after=after, limit=limit)

    def count_orders(self, which: OrderFilter) -> Mapping[OrderState, int]:
        """Return how many orders there are in each state."""
        with self.store.reading() as uow:
            return uow.orders.count(which)

    def order_journal(self, key: str) -> Sequence[StoredEvent]:
        """Return what happened to an order, on all days."""
        with self.store.reading() as uow:
            order_of(uow, key)
            return uow.events.of_order(key)

    # ---- addresses ------------------------------------------------------------------------------

    def locate(self, day: date) -> Located:
        """
        Find the places of a day's orders: located, doubtful with candidates, not found.

        Raises
        ------
        GeocodeError
            The address service failed.
        """
        means = self.means(day)
        with self.store.reading() as uow:
            orders = with_places(uow, [one.order for one in uow.orders.of_day(day)])
        return geocoding.locate(orders, means.geocoder, territory=means.territory, on=day)

    def correct_address(
        self,
        key: str,
        *,
        by: str,
        read: int | None,
        point: LatLon | None = None,
        written: str = "",
        commune: str = "",
        district: str = "",
        destination: bool = False,
        always: bool = True,
    ) -> StoredOrder:
        """
        Say where an order really goes: a pin, a commune, or the address written better.

        A pin is remembered: the same address is found there from then on.

        Parameters
        ----------
        always
            False where the pin holds for this order only.
        destination
            Of a transfer: the place it goes to, not the one where it is fetched.

        Raises
        ------
        UnknownError
            There is no such order.
        ConflictError
            Somebody changed it meanwhile.
        RefusedError
            It is over, or its day is closed.
        """
        with self._writing(by) as uow:
            before = order_of(uow, key)
            require_version(before, read)
            _require_live(before)
            if before.day is not None:
                open_day(uow, before.day)
            order = before.order
            old = order.to_address if destination and order.to_address else order.address
            new = replace(
                old,
                text=written or old.text,
                district=district or old.district,
                commune=commune or ("" if point is not None or written else old.commune),
                point=point if point is not None or not written else None,
                quality=1.0 if point is not None or commune else 0.0,
            )
            if old is order.to_address:
                order = replace(order, to_address=new)
            else:
                order = replace(order, address=new)
            stored = uow.orders.put(replace(before, order=order))
            if point is not None and always:
                pin = Sighting(
                    id=uuid4().hex,
                    address=learning.key(new),
                    point=point,
                    at=uow.at,
                    by=by,
                    corrected=True,
                )
                remember(uow, [pin])
            uow.audit.add(
                "order.address_corrected",
                subject="order",
                key=key,
                version=stored.stamp.version,
                pin=point is not None,
                always=point is not None and always,
            )
        return stored

    def learned_places(self, *, after: str = "", limit: int = PAGE) -> Page[LearnedPlace]:
        """Return what the office has learned of addresses."""
        with self.store.reading() as uow:
            return uow.places.page(after=after, limit=limit)

    # ---- master data ----------------------------------------------------------------------------

    def import_offices(
        self,
        data: bytes,
        *,
        file: str,
        by: str,
        mapping: Mapping[str, str] | None = None,
        lang: Language = "vi",
    ) -> TableReport:
        """Read the file of offices; those that are not in it stay."""
        table = importing.read_offices(data, file=file, mapping=mapping, lang=lang)
        with self._writing(by) as uow:
            known = {one.office.id: one for one in uow.days.offices()}
            added, changed = [], []
            for row in table.good:
                office = replace(row, row=0)
                before = known.get(office.id)
                if before is None:
                    uow.days.put_office(StoredOffice(office=office, stamp=_new(uow)))
                    added.append(office.id)
                elif before.office != office:
                    uow.days.put_office(replace(before, office=office))
                    changed.append(office.id)
            uow.audit.add(
                "offices.imported",
                subject="offices",
                key="",
                added=added,
                changed=changed,
                rejected=len(table.rejected),
            )
        return TableReport(findings=table, added=tuple(added), changed=tuple(changed))

    def import_fleet(
        self,
        data: bytes,
        *,
        file: str,
        by: str,
        trucks: bool = False,
        mapping: Mapping[str, str] | None = None,
        lang: Language = "vi",
    ) -> TableReport:
        """
        Read the file of couriers, or of trucks; who is not in it is not planned any more.

        A file without one good row retires nobody.
        """
        table = importing.read_fleet(data, file=file, mapping=mapping, lang=lang)
        with self._writing(by) as uow:
            known = {one.courier.id: one for one in uow.days.couriers()}
            added, changed, retired = [], [], []
            for row in table.good:
                courier = replace(row, row=0)
                before = known.get(courier.id)
                if before is None:
                    uow.days.put_courier(
                        StoredCourier(courier=courier, truck=trucks, stamp=_new(uow))
                    )
                    added.append(courier.id)
                elif (before.courier, before.truck, before.active) != (courier, trucks, True):
                    uow.days.put_courier(
                        replace(before, courier=courier, truck=trucks, active=True)
                    )
                    changed.append(courier.id)
            named = {row.id for row in table.good}
            # A row with a mistake is still a row: its courier is not retired by a typing error.
            if table.good and not table.rejected:
                for one in known.values():
                    if one.truck is trucks and one.active and one.courier.id not in named:
                        uow.days.put_courier(replace(one, active=False))
                        retired.append(one.courier.id)
            uow.audit.add(
                "fleet.imported",
                subject="fleet",
                key="trucks" if trucks else "couriers",
                added=added,
                changed=changed,
                retired=retired,
                rejected=len(table.rejected),
            )
        return TableReport(
            findings=table, added=tuple(added), changed=tuple(changed), retired=tuple(retired)
        )

    def offices(self) -> Sequence[StoredOffice]:
        """Return all offices."""
        with self.store.reading() as uow:
            return uow.days.offices()

    def couriers(self) -> Sequence[StoredCourier]:
        """Return all couriers and trucks."""
        with self.store.reading() as uow:
            return uow.days.couriers()

    def put_office(self, stored: StoredOffice, *, by: str) -> StoredOffice:
        """Store an office over the version that was read (0 = new)."""
        with self._writing(by) as uow:
            after = uow.days.put_office(stored)
            uow.audit.add(
                "office.stored", subject="office", key=stored.office.id, version=after.stamp.version
            )
        return after

    def put_courier(self, stored: StoredCourier, *, by: str) -> StoredCourier:
        """Store a courier or truck over the version that was read (0 = new)."""
        with self._writing(by) as uow:
            after = uow.days.put_courier(stored)
            uow.audit.add(
                "courier.stored",
                subject="courier",
                key=stored.courier.id,
                version=after.stamp.version,
                active=stored.active,
            )
        return after


def remember(uow: UnitOfWork, sightings: Sequence[Sighting]) -> None:
    """Add evidence of where addresses are, and say anew where they lie."""
    by_address: dict[str, list[Sighting]] = {}
    for one in sightings:
        if one.address:
            by_address.setdefault(one.address, []).append(one)
    for address, fresh in by_address.items():
        known = {one.id: one for one in uow.places.sightings(address)}
        known |= {one.id: one for one in fresh}
        ordered = sorted(known.values(), key=lambda one: (one.at, one.id))
        place, judged = learning.learn(address, ordered, at=uow.at)
        uow.places.put(place, judged)


def _new(uow: UnitOfWork) -> Stamp:
    return Stamp(version=0, by=uow.by, at=uow.at)


def _require_live(stored: StoredOrder) -> None:
    state = state_of(stored.order)
    if state in OVER:
        raise RefusedError("order_over", order=stored.order.id, state=state.value)


def _merge(
    uow: UnitOfWork, table: Imported[Order], day: date
) -> tuple[ImportReport, list[StoredOrder]]:
    known = uow.orders.many([order.id for order in table.good])
    added, changed, unchanged, over = [], [], [], []
    put: list[StoredOrder] = []
    for row in table.good:
        before = known.get(row.id)
        if before is None:
            order = replace(row, row=0, state=state_of(row))
            put.append(StoredOrder(order=order, day=day, stamp=_new(uow)))
            added.append(row.id)
            continue
        if state_of(before.order) in OVER:
            over.append(row.id)
            continue
        order = _merged(row, before.order)
        if order == before.order and before.day == day:
            unchanged.append(row.id)
        else:
            put.append(replace(before, order=order, day=day))
            changed.append(row.id)
    report = ImportReport(
        table=table,
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        over=tuple(over),
        stored=False,
    )
    return report, put


def _merged(row: Order, before: Order) -> Order:
    return replace(
        row,
        row=0,
        state=row.state or before.state,
        attempts=max(row.attempts, before.attempts),
        accepted=row.accepted or before.accepted,
        due=row.due or before.due,
        address=_kept(row.address, before.address) or row.address,
        to_address=_kept(row.to_address, before.to_address),
    )


def _kept(row: Address | None, before: Address | None) -> Address | None:
    """Return the address as known, where the file writes it as before and has no point."""
    if row is None or before is None or row.point is not None or row.text != before.text:
        return row
    return replace(before, district=row.district or before.district)


def _changed(before: Order, after: Order) -> list[str]:
    names = ("address", "to_address", "windows", "grams", "cubic_cm", "items", "cash", "due")
    more = ("office", "required", "kind", "service", "state", "customer", "phone", "note")
    return [n for n in (*names, *more) if getattr(before, n) != getattr(after, n)]
