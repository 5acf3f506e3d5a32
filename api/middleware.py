"""
What stands around every request: its number and log line, its limits, and safe headers.

Written against ASGI itself: an answer that streams for minutes passes through unbuffered.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import told
from api.metrics import Metrics
from api.problems import Problem, response_to, spoken
from api.settings import Settings

_ENCODED_SLASH = re.compile("%2[fF]")

UNMATCHED = "(none)"
"""The route of a request that no route answers, in logs and metrics."""

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
}
"""Set where a response does not set them itself."""


class Observed:
    """Numbers each request, logs and counts its answer, and turns a crash into a problem."""

    def __init__(self, app: ASGIApp, *, log: Any, metrics: Metrics, settings: Settings) -> None:
        self.app = app
        self.log = log
        self.metrics = metrics
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_number"] = number
        began = time.perf_counter()
        status = 0

        async def heard(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), number)
            await send(message)

        self.metrics.under_way.inc()
        try:
            await self.app(scope, receive, heard)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            # Not its words, which may hold a name: only what it was and where.
            self.log.error(  # noqa: TRY400
                "crashed", request=number, route=_route(scope), **told(error)
            )
            if status:
                raise ConnectionAbortedError from None
            lang = spoken(Headers(scope=scope), self.settings.language)
            problem = Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "internal",
                more={"request": number},
                request=number,
            )
            response = response_to(problem, lang=lang, path=scope["path"])
            await response(scope, receive, heard)
        finally:
            self.metrics.under_way.dec()
            self._note(scope, number, status, time.perf_counter() - began)

    def _dress(self, headers: MutableHeaders, number: str) -> None:
        headers["x-request-id"] = number
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if self.settings.secure:
            headers.setdefault("strict-transport-security", "max-age=31536000")

    def _note(self, scope: Scope, number: str, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if route != UNMATCHED else "ANY"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        self.log.info(
            "request",
            request=number,
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            account=scope.get("state", {}).get("account", ""),
        )


SLASH = "\x1f"
"""Stands for a slash within a part of a path; no id holds a control character."""


class Slashes:
    """
    Keeps `%2F` within the part of the path where it stands, so that ids may hold a slash.

    Servers hand the path on decoded, where it could not be told from one that parts; `OnceRoute`
    gives handlers the slash back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2f" in raw.lower():
            path = _ENCODED_SLASH.sub(quote(SLASH), raw.partition(b"?")[0].decode("latin-1"))
            scope = {**scope, "path": unquote(path)}
        await self.app(scope, receive, send)


class Limited:
    """Refuses callers that ask too often, and bodies that are too large."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.settings = settings
        self.clock = clock
        self.window = MovingWindowRateLimiter(MemoryStorage())
        self.usual = RateLimitItemPerMinute(settings.requests_a_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        problem = self._too_often(scope) or self._too_large(scope)
        if problem is not None:
            lang = spoken(Headers(scope=scope), self.settings.language)
            await response_to(problem, lang=lang, path=scope["path"])(scope, receive, send)
            return
        most = self.settings.most_body_bytes
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > most:
                    raise _too_large(most)
            return message

        await self.app(scope, counted, send)

    def _too_often(self, scope: Scope) -> Problem | None:
        caller = (scope.get("client") or ("unknown",))[0]
        if self.window.hit(self.usual, caller):
            return None
        self.metrics.limited.inc()
        return too_many(
            max(
                1, round(self.window.get_window_stats(self.usual, caller).reset_time - self.clock())
            )
        )

    def _too_large(self, scope: Scope) -> Problem | None:
        stated = Headers(scope=scope).get("content-length", "")
        most = self.settings.most_body_bytes
        return _too_large(most) if stated.isdecimal() and int(stated) > most else None


class Attempts:
    """
    Counts attempts to sign in, by address and by what was attempted.

    Parameters
    ----------
    a_minute
        From one address, and on one login.
    """

    def __init__(self, a_minute: int) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(a_minute)

    def require(self, *keys: str) -> None:
        """
        Count one attempt.

        Raises
        ------
        Problem
            There were too many of one of the keys in the last minute.
        """
        for key in keys:
            if not self._window.hit(self._limit, key):
                reset = self._window.get_window_stats(self._limit, key).reset_time
                raise too_many(max(1, round(reset - time.time())))


def too_many(seconds: int) -> Problem:
    """Return the answer to a caller that asks too often."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many",
        headers={"Retry-After": str(seconds)},
        seconds=seconds,
    )


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", most=most)


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", UNMATCHED))
