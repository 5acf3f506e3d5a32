"""What the commands share: their common options, what they show on, and how they end."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import ExitCode

if TYPE_CHECKING:
    from api.cli_screen import Screen

EXIT_CODES = (
    "Exit codes: 0 done (check: clean); 1 done, but the plan breaks rules; 2 the input cannot be "
    "used; 3 nothing could be planned; 4 the results cannot be written; 70 an error in Bưu Tá "
    "itself; 130 given up. The first Ctrl-C stops the search, keeps the best plan so far and ends "
    "as usual; the second one gives up."
)


class Lang(StrEnum):
    """Languages that the screens and outputs speak."""

    VI = "vi"
    EN = "en"


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of tables.")]
Speak = Annotated[Lang, typer.Option("--lang", help="Language of tables and outputs.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")]
Seconds = Annotated[
    float, typer.Option("--seconds", min=0, max=86_400, help="Wall time for the search.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed draws the same numbers.")]
Engine = Annotated[str, typer.Option("--engine", help='Search engine, or "auto".')]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, max=1024, help="Cores to keep busy; all by default."),
]
Roads = Annotated[
    Path | None, typer.Option("--roads", help="Folder of a road graph (`buuta roads build`).")
]
Osrm = Annotated[
    list[str] | None,
    typer.Option(
        "--osrm", help="Address of an OSRM server; again as van=ADDRESS where one differs."
    ),
]
Valhalla = Annotated[str, typer.Option("--valhalla", help="Address of a Valhalla server.")]
Traffic = Annotated[
    str,
    typer.Option("--traffic", help='Period of the day whose times count, or "slowest" of all.'),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="BUUTA_DATABASE",
        help="The office's store: an SQLite file or postgresql://user@host/name.",
    ),
]
STORE = "sqlite:///buuta.sqlite"


def screen_of(lang: Lang, quiet: bool, as_json: bool) -> Screen:
    """Return the screen that the common options ask for."""
    from api.cli_screen import Screen

    return Screen(lang=lang.value, quiet=quiet, as_json=as_json)


def end(code: ExitCode) -> None:
    """End the command with its exit code."""
    if code is not ExitCode.DONE:
        raise typer.Exit(code)
