"""Orders: imported, listed, added, changed, their addresses found and corrected."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from api import tables_in
from api.access import Principal, Right
from api.deps import Needs, Office, Read, Spoken, tagged
from api.once import OnceRoute
from api.schemas import AddressCorrection, OrderFields, OrderIn, OrderOut, PageOut
from api.tables_in import FileName, Table, TableOut
from dispatch.geocoding import Unplaced
from dispatch.import_columns import ORDERS
from dispatch.import_writers import write_orders
from dispatch.messages import Language, text
from dispatch.model import OrderState
from dispatch.records import OrderFilter, StoredEvent
from dispatch.repository import PAGE
from geo.types import LatLon

router = APIRouter(prefix="/api", tags=["orders"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Writer = Annotated[Principal, Depends(Needs(Right.WRITE))]
After = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Words = Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


@router.get("/orders")
def orders(
    office: Office,
    _: Reader,
    day: date | None = None,
    state: OrderState | None = None,
    at: Annotated[Words, Query(alias="office")] = "",
    text: Words = "",
    unplaced: bool = False,
    after: After = "",
    limit: Limit = PAGE,
) -> PageOut[OrderOut]:
    """Return orders by id, some at a time; `text` looks in ids, addresses, names and phones."""
    which = OrderFilter(day=day, state=state, office=at, text=text, unplaced=unplaced)
    page = office.orders(which, after=after, limit=limit)
    return PageOut(items=[OrderOut.of(one) for one in page.items], after=page.after)


@router.get("/orders/count")
def count(
    office: Office,
    _: Reader,
    day: date | None = None,
    at: Annotated[Words, Query(alias="office")] = "",
) -> dict[OrderState, int]:
    """Return how many orders there are in each state."""
    return dict(office.count_orders(OrderFilter(day=day, office=at)))


@router.post("/orders", status_code=HTTPStatus.CREATED)
def add(given: OrderIn, office: Office, writer: Writer, response: Response) -> OrderOut:
    """Put a new order onto a day."""
    stored = office.add_order(given.order(given.id), day=given.day, by=writer.by)
    tagged(response, stored.stamp.version)
    response.headers["Location"] = f"/api/orders/{quote(given.id, safe='')}"
    return OrderOut.of(stored)


@router.get("/orders/{order}")
def one(order: str, office: Office, _: Reader, response: Response) -> OrderOut:
    """Return an order; its version is the ETag."""
    stored = office.order(order)
    tagged(response, stored.stamp.version)
    return OrderOut.of(stored)


@router.put("/orders/{order}")
def change(
    order: str, given: OrderFields, office: Office, writer: Writer, read: Read, response: Response
) -> OrderOut:
    """Write an order over the version that was read (If-Match)."""
    before = office.order(order).order
    stored = office.change_order(given.order(order, before), read=read, by=writer.by)
    tagged(response, stored.stamp.version)
    return OrderOut.of(stored)


@router.patch("/orders/{order}/address")
def correct(
    order: str,
    given: AddressCorrection,
    office: Office,
    writer: Writer,
    read: Read,
    response: Response,
) -> OrderOut:
    """Say where an order really goes; a pin is remembered for its address."""
    stored = office.correct_address(
        order,
        by=writer.by,
        read=read,
        point=None if given.point is None else given.point.point(),
        written=given.written,
        commune=given.commune,
        district=given.district,
        destination=given.destination,
        always=given.always,
    )
    tagged(response, stored.stamp.version)
    return OrderOut.of(stored)


@router.get("/orders/{order}/events")
def journal(order: str, office: Office, _: Reader) -> list[StoredEvent]:
    """Return what happened to an order, on all days."""
    return list(office.order_journal(order))


@router.post("/days/{day}/orders/import", openapi_extra=tables_in.OPENAPI)
def import_orders(
    day: date,
    data: Table,
    office: Office,
    writer: Writer,
    lang: Spoken,
    file: FileName = "orders.csv",
    look: Annotated[bool, Query(description="Only tell what would be done.")] = False,
    column: tables_in.Columns = (),
) -> TableOut:
    """
    Read a file of orders (CSV or XLSX) onto a day; the same file again changes nothing.

    What `column` says of the columns is remembered, where the file is stored, for all files with
    the same header, and stands in for it where nothing is said.
    """
    source = office.source(data, file=file, lang=lang)
    said = tables_in.mapping_of(column)
    mapping = source.mapping if said is None else said
    report = office.import_orders(
        data, file=file, day=day, by=writer.by, mapping=mapping, lang=lang, store=not look
    )
    if said is not None and report.stored:
        office.remember_columns(source.key, said, by=writer.by)
    return tables_in.told(
        report.table,
        header=source.header,
        sample=source.sample,
        mapping=dict(mapping or {}),
        remembered=said is None and mapping is not None,
        cells=[
            tables_in.RowOut(row=one.row, cells=one.cells)
            for one in report.table.rejected[: tables_in.MOST_CELLS]
        ],
        stored=report.stored,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        over=report.over,
    )


@router.get(
    "/days/{day}/orders/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def export(day: date, office: Office, _: Reader) -> Response:
    """Return a day's orders as a table that can be imported again."""
    found = []
    after = ""
    while True:
        page = office.orders(OrderFilter(day=day), after=after, limit=1_000)
        found += [one.order for one in page.items]
        after = page.after
        if not after:
            break
    return Response(
        write_orders(found).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="orders-{day}.csv"'},
    )


class ColumnOut(BaseModel):
    """A column that a table of orders may have."""

    key: str
    header: str
    required: bool


@router.get("/tables/orders/columns")
def columns(_: Reader, lang: Spoken) -> list[ColumnOut]:
    """Return the columns that a table of orders may have."""
    return [
        ColumnOut(key=one.key, header=one.header(lang), required=one.required) for one in ORDERS
    ]


class CandidateOut(BaseModel):
    """
    A place that an address may mean; quality from 0 to 1.

    `commune` names the commune whose middle it is, where the place is no more exact than that.
    """

    label: str
    point: LatLon
    quality: float
    commune: str


class UnplacedOut(BaseModel):
    """
    An order whose place is not certain, and the places that it may mean.

    `destination` where it is the place that a transfer goes to.
    """

    order: str
    address: str
    district: str
    customer: str
    destination: bool
    reason: str
    sentence: str
    remedy: str
    candidates: list[CandidateOut]


class PlacesOut(BaseModel):
    """How a day's addresses stand; `approximate` are known to their commune only."""

    located: int
    approximate: list[str]
    doubtful: list[UnplacedOut]
    not_found: list[UnplacedOut]


@router.get("/days/{day}/addresses")
def addresses(day: date, office: Office, _: Reader, lang: Spoken) -> PlacesOut:
    """Find the places of a day's orders."""
    found = office.locate(day)
    return PlacesOut(
        located=len(found.located),
        approximate=sorted(found.approximate),
        doubtful=[_unplaced(one, lang) for one in found.doubtful],
        not_found=[_unplaced(one, lang) for one in found.not_found],
    )


def _unplaced(one: Unplaced, lang: Language) -> UnplacedOut:
    return UnplacedOut(
        order=one.order.id,
        address=one.address.text,
        district=one.address.district,
        customer=one.order.customer,
        destination=one.address == one.order.to_address,
        reason=one.reason.value,
        sentence=text(f"left_out.{one.reason.value}", lang),
        remedy=text(f"remedy.{one.reason.value}", lang),
        candidates=[
            CandidateOut(
                label=candidate.label,
                point=candidate.point,
                quality=candidate.quality,
                commune="" if candidate.level in ("address", "street") else candidate.commune_code,
            )
            for candidate in (one.match.candidates if one.match is not None else ())
        ],
    )
