"""
Server-sent events: what a browser or phone listens to, and takes up again where it broke off.

A stream asks the store again and again for what came after the last entry that was sent; the
number of an entry is the id of its event, so that `Last-Event-ID` says where to go on, whichever
process serves the next connection.

References
----------
WHATWG, "HTML Living Standard", section 9.2, server-sent events.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Header, Request
from starlette.responses import StreamingResponse

from api.deps import parts_of

_LOOK_SECONDS = 0.5
_STILL_THERE_SECONDS = 15.0

LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=30)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event of a stream; `last` ends it."""

    id: int
    kind: str
    data: Any
    last: bool = False


def after_of(last_event_id: str) -> int:
    """Return the entry after which a stream goes on, 0 where the header says nothing of use."""
    plain = last_event_id.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 18 else 0


def streamed(
    request: Request, look: Callable[[int], Sequence[Entry]], *, after: int
) -> StreamingResponse:
    """
    Return a stream.

    Parameters
    ----------
    look
        From the last entry that was sent to those that came after it; runs in a thread.
    """
    return StreamingResponse(
        _entries(request, look, after),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _entries(
    request: Request, look: Callable[[int], Sequence[Entry]], after: int
) -> AsyncIterator[str]:
    parts = parts_of(request)
    quiet = 0.0
    # A broken connection is taken up again after two seconds.
    yield "retry: 2000\n\n"
    while not parts.closing and not await request.is_disconnected():
        entries = await anyio.to_thread.run_sync(look, after)
        for entry in entries:
            data = json.dumps(entry.data, ensure_ascii=False)
            yield f"id: {entry.id}\nevent: {entry.kind}\ndata: {data}\n\n"
            after = max(after, entry.id)
            quiet = 0.0
            if entry.last:
                return
        if quiet >= _STILL_THERE_SECONDS:
            yield ": still there\n\n"
            quiet = 0.0
        await asyncio.sleep(_LOOK_SECONDS)
        quiet += _LOOK_SECONDS
