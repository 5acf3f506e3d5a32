"""Reading what the user names and making room for what will be written, with plain messages."""

from __future__ import annotations

import os
import tempfile
from datetime import date, datetime
from pathlib import Path

from api.cli_errors import ExitCode, Trouble

LARGEST_INPUT = 512 * 1024 * 1024
"""Bytes; beyond this a file is surely not a day's table, nor an instance."""

_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d")


def read_bytes(path: Path) -> bytes:
    """
    Return a file's content.

    Raises
    ------
    Trouble
        There is no such file, it is a directory, may not be read, or is far too large.
    """
    try:
        if path.is_dir():
            raise Trouble(f"{path} is a folder; name the file in it")
        if path.stat().st_size > LARGEST_INPUT:
            raise Trouble(
                f"{path} is larger than {LARGEST_INPUT // 1024**2} MB; split it by office or day"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise Trouble(_missing(path)) from None
    except PermissionError:
        raise Trouble(f"{path} may not be read by you; ask for the right to read it") from None
    except OSError as error:
        raise Trouble(f"{path} cannot be read ({error.strerror or error})") from None


def read_text(path: Path) -> str:
    """
    Return a file's text.

    Raises
    ------
    Trouble
        As `read_bytes`, or the file is not text.
    """
    content = read_bytes(path)
    if b"\0" in content[:4096]:
        raise Trouble(f"{path} is not a text file; name a VRPLIB, Solomon, Li & Lim or JSON file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old benchmark files carry an author's name in Latin letters; no byte of it is refused.
        return content.decode("latin-1")


def folder_for(path: Path) -> Path:
    """
    Make the folder that results go to, and prove that it can be written, before any long work.

    Raises
    ------
    Trouble
        It cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path, prefix=".buuta-"):
            pass
    except FileExistsError:
        raise Trouble(f"{path} is a file; name a folder for --out", ExitCode.CANNOT_WRITE) from None
    except NotADirectoryError:
        raise Trouble(
            f"a part of {path} is a file; name another folder for --out", ExitCode.CANNOT_WRITE
        ) from None
    except OSError as error:
        raise Trouble(
            f"{path} cannot be written ({error.strerror or error}); name another folder for --out",
            ExitCode.CANNOT_WRITE,
        ) from None
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """
    Write a file whole or not at all: a stop in between leaves the old one.

    Raises
    ------
    Trouble
        It cannot be written.
    """
    if path.is_dir():
        raise Trouble(f"{path} is a folder; name a file", ExitCode.CANNOT_WRITE)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Trouble(
            f"{path} cannot be written ({error.strerror or error}); name another place",
            ExitCode.CANNOT_WRITE,
        ) from None


def read_date(text: str) -> date:
    """
    Read a date as 2026-11-24, or as people here write it: 24/11/2026.

    Raises
    ------
    Trouble
        It is no date.
    """
    for form in _DATES:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
    raise Trouble(f"{text!r} is not a date; write it as 2026-11-24 or 24/11/2026")


def _missing(path: Path) -> str:
    parent = path.parent
    if not parent.exists():
        return f"there is no folder {parent}, so no {path.name} in it; check the path"
    near = sorted(p.name for p in parent.iterdir() if p.suffix == path.suffix)[:5]
    hint = f"; in that folder there is {', '.join(near)}" if near else ""
    return f"there is no file {path}{hint}"
