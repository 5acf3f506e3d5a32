"""Accounts and keys, for administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.access import SCOPES, Principal, Right
from api.deps import Needs, Read, parts_of, tagged, wrong
from api.once import OnceRoute
from api.problems import Problem
from api.schemas import KeyIn, KeyOut, NewKeyOut, PersonChange, PersonIn, PersonOut

router = APIRouter(prefix="/api", tags=["accounts"])
once = APIRouter(prefix="/api", tags=["accounts"], route_class=OnceRoute)

Admin = Annotated[Principal, Depends(Needs(Right.ACCOUNTS))]


@router.get("/people")
def people(_: Admin, request: Request) -> list[PersonOut]:
    """Return all accounts."""
    return [PersonOut.of(one) for one in parts_of(request).accounts.people()]


@once.post("/people", status_code=HTTPStatus.CREATED)
def add_person(given: PersonIn, admin: Admin, request: Request, response: Response) -> PersonOut:
    """Make an account."""
    person = parts_of(request).accounts.add_person(
        login=given.login,
        name=given.name,
        role=given.role,
        password=given.password,
        courier=given.courier,
        by=admin.by,
    )
    tagged(response, person.stamp.version)
    return PersonOut.of(person)


@router.patch("/people/{person}")
def change_person(
    person: str, given: PersonChange, admin: Admin, read: Read, request: Request, response: Response
) -> PersonOut:
    """Change an account; a new password, role or end of activity ends its sessions."""
    changed = parts_of(request).accounts.change_person(
        person, read=read, by=admin.by, **given.model_dump()
    )
    if changed is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    tagged(response, changed.stamp.version)
    return PersonOut.of(changed)


@router.get("/keys")
def keys(_: Admin, request: Request) -> list[KeyOut]:
    """Return all keys, revoked ones too."""
    return [KeyOut.of(one) for one in parts_of(request).accounts.all_keys()]


# No memory of the answer here: a secret is shown once and kept nowhere.
@router.post("/keys", status_code=HTTPStatus.CREATED)
def add_key(given: KeyIn, admin: Admin, request: Request) -> NewKeyOut:
    """Make a key for a machine; its secret is in this answer and nowhere else."""
    beyond = sorted(set(given.scopes) - SCOPES)
    if beyond:
        known = ", ".join(sorted(SCOPES))
        raise wrong("body.scopes", ", ".join(beyond), known)
    made = parts_of(request).accounts.add_key(
        name=given.name, scopes=given.scopes, expires_at=given.expires_at, by=admin.by
    )
    return NewKeyOut(**KeyOut.of(made.key).model_dump(), secret=made.secret)


@router.delete("/keys/{key}", status_code=HTTPStatus.NO_CONTENT)
def revoke_key(key: str, admin: Admin, request: Request) -> None:
    """Revoke a key."""
    if not parts_of(request).accounts.revoke_key(key, by=admin.by):
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
