"""Offices and vehicles, which every day is made of; a vehicle goes by its courier's id."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from api import tables_in
from api.access import Principal, Right
from api.deps import Needs, Office, Read, Spoken, tagged
from api.once import OnceRoute
from api.problems import Problem
from api.schemas import Given
from api.tables_in import FileName, Table, TableOut
from dispatch import model
from dispatch.import_writers import write_fleet, write_offices
from dispatch.records import StoredCourier, StoredOffice

router = APIRouter(prefix="/api", tags=["offices and vehicles"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Writer = Annotated[Principal, Depends(Needs(Right.WRITE))]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


class OfficeOut(BaseModel):
    """A post office with its version."""

    office: model.Office
    version: int


class VehicleOut(BaseModel):
    """A courier with the vehicle of the day, or a truck of the hub, with its version."""

    courier: model.Courier
    truck: bool
    active: bool
    version: int


class VehicleChange(Given):
    """Whether a vehicle is planned."""

    active: bool


@router.get("/offices")
def offices(office: Office, _: Reader) -> list[OfficeOut]:
    """Return all offices."""
    return [_office(one) for one in office.offices()]


@router.get("/offices/export", response_class=Response, responses=_CSV)
def export_offices(office: Office, _: Reader) -> Response:
    """Return the offices as a table that can be imported again."""
    return _table(write_offices(one.office for one in office.offices()), "offices.csv")


@router.get("/offices/{key}")
def one_office(key: str, office: Office, _: Reader, response: Response) -> OfficeOut:
    """Return an office."""
    found = next((one for one in office.offices() if one.office.id == key), None)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    tagged(response, found.stamp.version)
    return _office(found)


@router.post("/offices/import", openapi_extra=tables_in.OPENAPI)
def import_offices(
    data: Table, office: Office, writer: Writer, lang: Spoken, file: FileName = "offices.csv"
) -> TableOut:
    """Read a file of offices (CSV or XLSX); those that are not in it stay."""
    report = office.import_offices(data, file=file, by=writer.by, lang=lang)
    return tables_in.told(
        report.findings,
        stored=True,
        added=report.added,
        changed=report.changed,
        retired=report.retired,
    )


@router.get("/vehicles")
def vehicles(office: Office, _: Reader) -> list[VehicleOut]:
    """Return all couriers' vehicles and trucks."""
    return [_vehicle(one) for one in office.couriers()]


@router.get("/vehicles/export", response_class=Response, responses=_CSV)
def export_vehicles(office: Office, _: Reader, trucks: bool = False) -> Response:
    """Return the couriers, or the trucks, as a table that can be imported again."""
    rows = [one.courier for one in office.couriers() if one.active and one.truck is trucks]
    return _table(write_fleet(rows), "trucks.csv" if trucks else "fleet.csv")


@router.get("/vehicles/{key}")
def one_vehicle(key: str, office: Office, _: Reader, response: Response) -> VehicleOut:
    """Return a vehicle."""
    found = _found(office, key)
    tagged(response, found.stamp.version)
    return _vehicle(found)


@router.patch("/vehicles/{key}")
def change_vehicle(
    key: str, given: VehicleChange, office: Office, writer: Writer, read: Read, response: Response
) -> VehicleOut:
    """Say whether a vehicle is planned from now on."""
    before = _found(office, key)
    wanted = replace(before, active=given.active, stamp=replace(before.stamp, version=read))
    after = office.put_courier(wanted, by=writer.by)
    tagged(response, after.stamp.version)
    return _vehicle(after)


@router.post("/vehicles/import", openapi_extra=tables_in.OPENAPI)
def import_vehicles(
    data: Table,
    office: Office,
    writer: Writer,
    lang: Spoken,
    trucks: bool = False,
    file: FileName = "fleet.csv",
) -> TableOut:
    """Read a file of couriers, or of trucks; who is not in it is not planned any more."""
    report = office.import_fleet(data, file=file, by=writer.by, trucks=trucks, lang=lang)
    return tables_in.told(
        report.findings,
        stored=True,
        added=report.added,
        changed=report.changed,
        retired=report.retired,
    )


def _found(office: Office, key: str) -> StoredCourier:
    found = next((one for one in office.couriers() if one.courier.id == key), None)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    return found


def _office(stored: StoredOffice) -> OfficeOut:
    return OfficeOut(office=stored.office, version=stored.stamp.version)


def _vehicle(stored: StoredCourier) -> VehicleOut:
    return VehicleOut(
        courier=stored.courier,
        truck=stored.truck,
        active=stored.active,
        version=stored.stamp.version,
    )


def _table(text: str, name: str) -> Response:
    return Response(
        text.encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
