"""Signing in and out: people by password, couriers by their link, the first one by a token."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.access import Principal
from api.account_values import SignedIn
from api.deps import Needs, Parts, cookie_name, parts_of
from api.schemas import LinkIn, PasswordIn, SessionOut, SetUpIn, SignInIn

router = APIRouter(prefix="/api", tags=["session"])

Anybody = Annotated[Principal, Depends(Needs())]


@router.post("/setup", status_code=HTTPStatus.CREATED)
def set_up(given: SetUpIn, request: Request, response: Response) -> SessionOut:
    """Make the first administrator and sign in; possible until there is one."""
    parts = _counted(request, "setup")
    signed_in = parts.accounts.set_up(
        token=given.token, login=given.login, name=given.name, password=given.password
    )
    return _in(parts, response, signed_in)


@router.post("/session", status_code=HTTPStatus.CREATED)
def sign_in(given: SignInIn, request: Request, response: Response) -> SessionOut:
    """Sign in with name and password; the session is a cookie."""
    parts = _counted(request, f"login {given.login.strip().lower()}")
    signed_in = parts.accounts.sign_in(login=given.login, password=given.password)
    return _in(parts, response, signed_in)


@router.post("/session/link", status_code=HTTPStatus.CREATED)
def come_by_link(given: LinkIn, request: Request, response: Response) -> SessionOut:
    """Exchange a courier's link for a session of its day; it works on one phone."""
    # Many phones of one office come from one address at half past six: the token cannot be guessed,
    # so that only the general limit counts here.
    parts = parts_of(request)
    return _in(parts, response, parts.accounts.come_by_link(given.token, device=given.device))


@router.get("/session")
def who(principal: Anybody, request: Request) -> SessionOut:
    """Say who is signed in, and the token that changes must bring along."""
    return _out(parts_of(request), principal)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def sign_out(principal: Anybody, request: Request, response: Response) -> None:
    """End the session."""
    parts = parts_of(request)
    if principal.session:
        parts.accounts.sign_out(principal)
    response.delete_cookie(cookie_name(parts.settings), path="/", secure=parts.settings.secure)


@router.post("/session/password")
def change_password(
    given: PasswordIn, principal: Anybody, request: Request, response: Response
) -> SessionOut:
    """Change one's own password; all other sessions end."""
    parts = _counted(request, f"password {principal.id}")
    signed_in = parts.accounts.change_own_password(principal, old=given.old, new=given.new)
    return _in(parts, response, signed_in)


def _counted(request: Request, what: str) -> Parts:
    parts = parts_of(request)
    caller = request.client.host if request.client is not None else "unknown"
    parts.attempts.require(f"from {caller}", what)
    return parts


def _in(parts: Parts, response: Response, signed_in: SignedIn) -> SessionOut:
    session = signed_in.session
    response.set_cookie(
        cookie_name(parts.settings),
        signed_in.cookie,
        max_age=max(int((session.expires_at - session.created_at).total_seconds()), 0),
        path="/",
        secure=parts.settings.secure,
        httponly=True,
        samesite="strict",
    )
    return _out(parts, signed_in.principal)


def _out(parts: Parts, principal: Principal) -> SessionOut:
    return SessionOut(
        id=principal.id,
        login=principal.by,
        role=principal.role,
        rights=sorted(principal.rights),
        courier=principal.courier,
        day=principal.day,
        csrf=principal.csrf,
        now=parts.clock.now(),
    )
