"""The commands of the store, `buuta db …` and `buuta work`; `api.cli` adds them to the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli_errors import guarded
from api.cli_options import (
    EXIT_CODES,
    STORE,
    Debug,
    Json,
    Lang,
    Osrm,
    Quiet,
    Roads,
    Speak,
    Store,
    Traffic,
    Valhalla,
    end,
    screen_of,
)

db_app: typer.Typer = typer.Typer(
    help="The store: tables, backups, personal data.", no_args_is_help=True
)


@db_app.command("upgrade", epilog=EXIT_CODES)
@guarded
def db_upgrade(
    *,
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make the store's tables, or renew them for this release."""
    from api import cli_db

    end(cli_db.db_upgrade(store, screen=screen_of(lang, quiet, as_json)))


@db_app.command("backup", epilog=EXIT_CODES)
@guarded
def db_backup(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.")],
    *,
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write the whole store to a file, while the office works."""
    from api import cli_db

    end(cli_db.db_backup(store, file, screen=screen_of(lang, quiet, as_json)))


@db_app.command("restore", epilog=EXIT_CODES)
@guarded
def db_restore(
    file: Annotated[Path, typer.Argument(help="What `db backup` wrote.")],
    *,
    store: Store = STORE,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Even where the store holds orders; they are kept aside."),
    ] = False,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Put a backup in the store's place."""
    from api import cli_db

    end(cli_db.db_restore(store, file, replace=replace, screen=screen_of(lang, quiet, as_json)))


@db_app.command("retain", epilog=EXIT_CODES)
@guarded
def db_retain(
    *,
    days: Annotated[
        int, typer.Option("--days", min=1, max=36_500, help="What is older loses its names.")
    ],
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Blank names, phones and notes of what was finished long ago."""
    from api import cli_db

    end(cli_db.db_retain(store, days=days, screen=screen_of(lang, quiet, as_json)))


@guarded
def work(
    *,
    store: Store = STORE,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Runs at the same time.")
    ] = 1,
    roads: Roads = None,
    traffic: Traffic = "slowest",
    osrm: Osrm = None,
    valhalla: Valhalla = "",
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take up plans that were asked for, beside the server or on another machine."""
    from api import cli_db
    from dispatch.bootstrap import TravelChoice

    travel = TravelChoice(roads=roads, traffic=traffic, osrm=tuple(osrm or ()), valhalla=valhalla)
    end(cli_db.work(store, workers=workers, travel=travel, screen=screen_of(lang, quiet, as_json)))
