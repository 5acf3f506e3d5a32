"""What the handlers share: made once when the app is made, found on the app's state."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api.access import Principal, Right
from api.accounts import Accounts
from api.gates import Gates
from api.metrics import Metrics
from api.middleware import Attempts
from api.pictures import Pictures
from api.plan_cache import PlanCache
from api.problems import FieldFinding, Problem, spoken
from api.settings import Settings
from dispatch.bootstrap import Providers
from dispatch.clock import Clock
from dispatch.messages import Language
from dispatch.office import Dispatch
from dispatch.runs import RunManager
from dispatch.search_pool import SearchPool
from dispatch.vroom_door import VroomDoor

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True, kw_only=True)
class Parts:
    """
    The parts of one running service.

    Parameters
    ----------
    checks
        By name, what must hold for the service to be of use; each raises when it does not.
    closing
        Set when the service stops: it is no longer ready, and what streams comes to its end.
    forgot
        When old answers to repeated requests were last forgotten.
    """

    settings: Settings
    log: Any
    metrics: Metrics
    clock: Clock
    pool: SearchPool
    vroom: VroomDoor
    means: Callable[[date], Providers]
    office: Dispatch
    accounts: Accounts
    attempts: Attempts
    plans: PlanCache
    pictures: Pictures
    runs: RunManager
    gates: Gates = field(default_factory=Gates)
    checks: dict[str, Callable[[], None]] = field(default_factory=dict)
    closing: bool = False
    forgot: datetime | None = None


def parts_of(request: Request) -> Parts:
    """Return the parts of the service that a request came to."""
    parts: Parts = request.app.state.parts
    return parts


# These wait for nothing: as coroutines they run where they are, without a thread for each.
async def lang_of(request: Request) -> Language:
    """Return the language to answer in."""
    said = spoken(request.headers, parts_of(request).settings.language)
    return "en" if said == "en" else "vi"


async def office_of(request: Request) -> Dispatch:
    """Return the office's use cases."""
    return parts_of(request).office


Office = Annotated[Dispatch, Depends(office_of)]
Spoken = Annotated[Language, Depends(lang_of)]


def cookie_name(settings: Settings) -> str:
    """Return the name of the session's cookie; the prefix makes browsers insist on https."""
    return "__Host-buuta" if settings.secure else "buuta"


def principal_of(request: Request) -> Principal | None:
    """Return who is behind a request, None where nobody is; asked of the store once."""
    state = request.state
    if not hasattr(state, "principal"):
        _noted(request, _asked(request))
    found: Principal | None = state.principal
    return found


def _known(request: Request) -> bool:
    """Tell whether who is behind a request can be said without the store, and note it."""
    if hasattr(request.state, "principal"):
        return True
    parts = parts_of(request)
    token = bearer(request)
    cookie = request.cookies.get(cookie_name(parts.settings), "")
    if not token and not cookie:
        _noted(request, None)
        return True
    found = parts.accounts.remembered(token or cookie, key=bool(token))
    if found is not None:
        _noted(request, found)
    return found is not None


def _asked(request: Request) -> Principal | None:
    parts = parts_of(request)
    token = bearer(request)
    if token:
        return parts.accounts.by_key(token)
    cookie = request.cookies.get(cookie_name(parts.settings), "")
    return parts.accounts.by_cookie(cookie) if cookie else None


def _noted(request: Request, principal: Principal | None) -> None:
    request.state.principal = principal
    request.state.account = principal.id if principal is not None else ""


class Needs(SecurityBase):
    """
    Lets a request through when who is behind it has one of the rights; none asks for any account.

    A change that comes by cookie must bring the session's token along, so that no other site can
    make a browser send it.
    """

    def __init__(self, *rights: Right) -> None:
        self.rights = frozenset(rights)
        # For the description: a session's cookie does as well.
        self.model = HTTPBearer(description="An API key, or a session's cookie.")
        self.scheme_name = "key"

    async def __call__(self, request: Request) -> Principal:
        """Return who it is, or refuse."""
        if not _known(request):
            await anyio.to_thread.run_sync(principal_of, request)
        principal = principal_of(request)
        if principal is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "unauthenticated",
                headers={"WWW-Authenticate": 'Bearer realm="buuta"'},
            )
        if principal.csrf and request.method not in _SAFE:
            brought = request.headers.get("x-csrf-token", "")
            if not hmac.compare_digest(brought.encode(), principal.csrf.encode()):
                raise Problem(HTTPStatus.FORBIDDEN, "csrf")
        if self.rights and not principal.rights & self.rights:
            raise Problem(HTTPStatus.FORBIDDEN, "forbidden")
        return principal


async def version_read(request: Request) -> int:
    """
    Return the version that a change was made from, by its If-Match.

    Raises
    ------
    Problem
        There is none, or it is no version of ours.
    """
    given = request.headers.get("if-match", "").strip()
    if not given:
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, "if_match")
    number = given.removeprefix('"').removesuffix('"')
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "if_match")
    return int(number)


Read = Annotated[int, Depends(version_read)]


def tagged(response: Response, version: int) -> None:
    """Say which version a thing has, for If-Match."""
    response.headers["ETag"] = f'"{version}"'


def wrong(where: str, what: str, remedy: str = "") -> Problem:
    """Return the refusal of one field."""
    finding = FieldFinding(where=where, what=what, remedy=remedy)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=[finding], count=1)


def bearer(request: Request) -> str:
    """Return the token that a request bears, empty where it bears none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def require_vroom_key(request: Request) -> None:
    """
    Refuse VROOM's clients without a key, where the settings ask for one.

    They send it as openrouteservice's clients do, as the whole of Authorization, or as a bearer.
    """
    parts = parts_of(request)
    if not parts.settings.vroom_key_needed:
        return
    given = bearer(request) or request.headers.get("authorization", "").strip()
    principal = parts.accounts.by_key(given) if given else principal_of(request)
    if principal is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "unauthenticated")
    if Right.VROOM not in principal.rights:
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden")
    request.state.account = principal.id


def require_metrics_token(request: Request) -> None:
    """Refuse who asks for the metrics without the token that the settings name."""
    wanted = parts_of(request).settings.metrics_token
    if wanted and not hmac.compare_digest(bearer(request).encode(), wanted.encode()):
        raise Problem(HTTPStatus.UNAUTHORIZED, "unauthenticated")
