"""
How a command ends: exit codes, and a guard that lets no stack trace reach a person.

    0    done; for `check`: the plan is clean
    1    done, but the plan breaks rules (each is listed)
    2    the input cannot be used: a file is missing, unreadable or not what it should be, or a
         command was typed wrong
    3    nothing could be planned; what was left out, and why, is written
    4    the results cannot be written
    70   an error in Bưu Tá itself (`--debug` shows where)
    130  given up with a second Ctrl-C; a first one keeps the best plan and ends as usual
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ParamSpec

import typer

P = ParamSpec("P")


class ExitCode(IntEnum):
    """What the shell is told; the module's text explains each."""

    DONE = 0
    RULES_BROKEN = 1
    UNUSABLE_INPUT = 2
    NOTHING_PLANNED = 3
    CANNOT_WRITE = 4
    INTERNAL = 70
    GIVEN_UP = 130


class Trouble(Exception):  # noqa: N818 - reads as what it is to the person
    """A command cannot go on; the message says what to do, `code` is the exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.UNUSABLE_INPUT) -> None:
        self.code = code
        super().__init__(message)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn whatever a command raises into one message on stderr and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with guard(debug=bool(kwargs.get("debug")), lang=str(kwargs.get("lang") or "vi")):
            command(*args, **kwargs)

    return run


@contextmanager
def guard(*, debug: bool, lang: str = "vi") -> Iterator[None]:
    """Let nothing through but the ends that a command asks for."""
    try:
        yield
    except (typer.Exit, typer.Abort, SystemExit):
        raise
    except Trouble as trouble:
        _tell(str(trouble), debug=debug)
        raise typer.Exit(trouble.code) from None
    except KeyboardInterrupt:
        _tell("given up", debug=False)
        raise typer.Exit(ExitCode.GIVEN_UP) from None
    except BrokenPipeError:
        # The reader of our output has gone (`buuta check … | head`): nobody is left to tell, and
        # Python's own flush at the end must find something that takes the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.DONE) from None
    except Exception as error:  # noqa: BLE001 - this is the place where everything ends
        message, code = _explained(error, lang)
        _tell(message, debug=debug)
        raise typer.Exit(code) from None


def _explained(error: Exception, lang: str) -> tuple[str, ExitCode]:
    # Imported here, so that `buuta --help` need not wait for the packages.
    from dispatch.errors import DispatchError, OfficeError
    from dispatch.trouble import explained
    from geo.errors import GeoError
    from solver.errors import SolverError

    if isinstance(error, GeoError):
        return explained(error, "en" if lang == "en" else "vi"), ExitCode.UNUSABLE_INPUT
    if isinstance(error, OfficeError):
        return error.said("en" if lang == "en" else "vi"), ExitCode.UNUSABLE_INPUT
    if isinstance(error, DispatchError | SolverError):
        return str(error), ExitCode.UNUSABLE_INPUT
    if isinstance(error, MemoryError):
        message = (
            "there is not enough memory for a day of this size; close other programs, plan with "
            "fewer --threads, or plan fewer offices at a time"
        )
        return message, ExitCode.INTERNAL
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}", ExitCode.CANNOT_WRITE
    message = (
        f"an error in Bưu Tá itself ({type(error).__name__}: {_one_line(error)}); your files are "
        "unchanged. Run the command again with --debug and send what it shows with your input"
    )
    return message, ExitCode.INTERNAL


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words if len(words) <= 200 else words[:199] + "…"


def _tell(message: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    print(f"buuta: {message}", file=sys.stderr)
