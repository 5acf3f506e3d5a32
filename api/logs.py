"""
The service's own log: one JSON line for each thing that happened, on the error output.

A line holds the request's number, the route's pattern, the status, the milliseconds and the id of
the account; never a path or query as it was asked, a body, a name, a phone number, or an address,
nor the words of an unexpected error, which may contain any of these: its kind and the places in
the source where it happened are enough to mend it.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO

import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def service_log(level: str, *, stream: TextIO | None = None) -> Any:
    """Return a log that writes JSON lines from a level on; nothing global is set."""
    return structlog.wrap_logger(
        structlog.PrintLogger(file=stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
    )


def told(error: BaseException) -> dict[str, Any]:
    """Return the kind of an error and where it happened, without its words."""
    return {"error": type(error).__name__, "at": _frames(error.__traceback__)}


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


class Forwarder(logging.Handler):
    """Takes the server library's log lines into the service's own, without their tracebacks."""

    def __init__(self, log: Any) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        facts = told(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        self._log.log(record.levelno, "server", said=record.getMessage(), **facts)
