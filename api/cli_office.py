"""The commands of the office's day, `buuta day …`; `api.cli` adds them to the others."""

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
    Seconds,
    Speak,
    Store,
    Traffic,
    Valhalla,
    end,
    screen_of,
)

day_app: typer.Typer = typer.Typer(
    help="The office's day in the store: import, plan, publish, re-plan, close.",
    no_args_is_help=True,
)

Day = Annotated[str, typer.Argument(help="The day, as 2026-11-24.")]
By = Annotated[str, typer.Option("--by", envvar="USER", help="Who does it, for the audit trail.")]


@day_app.command("import", epilog=EXIT_CODES)
@guarded
def day_import(
    day: Day,
    *,
    orders: Annotated[Path | None, typer.Option("--orders", help="Table of orders.")] = None,
    fleet: Annotated[Path | None, typer.Option("--fleet", help="Table of couriers.")] = None,
    offices: Annotated[Path | None, typer.Option("--offices", help="Table of offices.")] = None,
    trucks: Annotated[Path | None, typer.Option("--trucks", help="Table of trucks.")] = None,
    by: By = "buuta",
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take the office's tables into the store."""
    from api import cli_day

    tables = cli_day.Tables(orders=orders, fleet=fleet, offices=offices, trucks=trucks)
    screen = screen_of(lang, quiet, as_json)
    end(cli_day.bring_in(store, cli_day.day_of(day), tables, by=by, screen=screen))


@day_app.command("plan", epilog=EXIT_CODES)
@guarded
def day_plan(
    day: Day,
    *,
    seconds: Seconds = 30.0,
    by: By = "buuta",
    roads: Roads = None,
    traffic: Traffic = "slowest",
    osrm: Osrm = None,
    valhalla: Valhalla = "",
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Search a plan and store it as the day's next version; Ctrl-C keeps the best so far."""
    from api import cli_day
    from dispatch.bootstrap import TravelChoice

    travel = TravelChoice(roads=roads, traffic=traffic, osrm=tuple(osrm or ()), valhalla=valhalla)
    screen = screen_of(lang, quiet, as_json)
    end(
        cli_day.plan(
            store, cli_day.day_of(day), seconds=seconds, by=by, travel=travel, screen=screen
        )
    )


@day_app.command("show", epilog=EXIT_CODES)
@guarded
def day_show(
    day: Day,
    *,
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show where a day stands: its plan versions, and the orders by state."""
    from api import cli_day

    end(cli_day.show(store, cli_day.day_of(day), screen=screen_of(lang, quiet, as_json)))


@day_app.command("publish", epilog=EXIT_CODES)
@guarded
def day_publish(
    day: Day,
    version: Annotated[int, typer.Argument(min=1, help="The plan's version.")],
    *,
    answers: Annotated[
        str, typer.Option("--answers", help="Who answers for all rules that the plan breaks.")
    ] = "",
    replacing: Annotated[
        int, typer.Option("--replacing", min=0, help="The version that couriers have now.")
    ] = 0,
    by: By = "buuta",
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a version the one that couriers drive."""
    from api import cli_day

    screen = screen_of(lang, quiet, as_json)
    on = cli_day.day_of(day)
    end(
        cli_day.publish(
            store, on, version, answers=answers, replacing=replacing, by=by, screen=screen
        )
    )


@day_app.command("replan", epilog=EXIT_CODES)
@guarded
def day_replan(
    day: Day,
    *,
    seconds: Seconds = 10.0,
    by: By = "buuta",
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what the day's events ask for, and do it: leave, insert, or plan the rest anew."""
    from api import cli_day

    screen = screen_of(lang, quiet, as_json)
    end(cli_day.replan(store, cli_day.day_of(day), seconds=seconds, by=by, screen=screen))


@day_app.command("close", epilog=EXIT_CODES)
@guarded
def day_close(
    day: Day,
    *,
    next_day: Annotated[
        str, typer.Option("--next", help="Where the rest goes; the next working day by default.")
    ] = "",
    paper: Annotated[
        bool,
        typer.Option("--paper", help="What nobody reported was done."),
    ] = False,
    by: By = "buuta",
    store: Store = STORE,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """End a day: what is done is finished, all else goes to the next one."""
    from api import cli_day

    screen = screen_of(lang, quiet, as_json)
    later = cli_day.day_of(next_day) if next_day else None
    end(
        cli_day.close(store, cli_day.day_of(day), next_day=later, paper=paper, by=by, screen=screen)
    )
