"""
A change that is asked for twice happens once: what a request with an Idempotency-Key was answered
is kept, and the same request again gets the same answer.

The answer is stored with what the request did, as one: a service that dies has done both or
nothing. Two at the same moment wait for each other. Answers of 500 and more are not kept: what they
began is undone, and they are asked again. The key belongs to who sent it; with another request it
is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import anyio
import anyio.to_thread
from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.deps import Parts, parts_of, principal_of
from api.middleware import SLASH
from api.problems import FieldFinding, Problem
from dispatch.records import Answer
from dispatch.repository import Joined

KEPT = timedelta(days=2)
_FORGET_EVERY = timedelta(minutes=10)
_LONGEST = 128
_HEADERS = ("content-type", "location", "etag")


class OnceRoute(APIRoute):
    """A route whose POST obeys an Idempotency-Key, and whose ids may hold an encoded slash."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the memory around it."""
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            given = request.scope.get("path_params", {})
            if any(isinstance(value, str) and SLASH in value for value in given.values()):
                request.scope["path_params"] = {
                    name: value.replace(SLASH, "/") if isinstance(value, str) else value
                    for name, value in given.items()
                }
            key = request.headers.get("idempotency-key", "")
            if request.method != "POST" or not key:
                return await usual(request)
            if len(key) > _LONGEST or not key.isprintable():
                finding = FieldFinding(where="header.Idempotency-Key", what=f"1 … {_LONGEST}")
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=[finding], count=1)
            principal = await anyio.to_thread.run_sync(principal_of, request)
            if principal is None:
                return await usual(request)
            parts = parts_of(request)
            body = await request.body()
            asked = hashlib.sha256(
                f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
            ).hexdigest()
            gate = parts.gates.gate((principal.by, key))
            await anyio.to_thread.run_sync(gate.acquire, abandon_on_cancel=False)
            try:
                before = await anyio.to_thread.run_sync(_kept, parts, key, principal.by)
                if before is not None:
                    if before.fingerprint != asked:
                        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused")
                    return Response(
                        before.body,
                        status_code=before.status,
                        headers={**before.headers, "Idempotent-Replay": "true"},
                    )
                with parts.office.store.joined() as joined:
                    try:
                        response = await usual(request)
                        if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                            await anyio.to_thread.run_sync(
                                _keep, parts, joined, key, principal.by, asked, response
                            )
                        return response
                    finally:
                        with anyio.CancelScope(shield=True):
                            await anyio.to_thread.run_sync(joined.close)
            finally:
                gate.release()

        return handle


def _kept(parts: Parts, key: str, by: str) -> Answer | None:
    with parts.office.store.reading() as uow:
        return uow.answers.get(key, by)


def _keep(parts: Parts, joined: Joined, key: str, by: str, asked: str, response: Response) -> None:
    body = bytes(response.body)
    answer = Answer(
        key=key,
        by=by,
        fingerprint=asked,
        status=response.status_code,
        headers={name: response.headers[name] for name in _HEADERS if name in response.headers},
        body=body.decode(),
        at=parts.clock.now(),
    )
    with parts.office.store.writing(by=by, at=answer.at) as uow:
        uow.answers.put(answer)
        if parts.forgot is None or answer.at - parts.forgot > _FORGET_EVERY:
            uow.answers.forget(before=answer.at - KEPT)
            parts.forgot = answer.at
    joined.keep()
