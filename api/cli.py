"""
The command line: `buuta sample`, `buuta plan`, `buuta replan`, `buuta check`, `buuta solve`,
`buuta simulate`, `buuta roads`, `buuta serve`, `buuta day`, `buuta db`, `buuta work`.

Only what `buuta --help` needs is imported here; each command imports its own work when it runs.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api import cli_office, cli_store
from api.cli_errors import guard, guarded
from api.cli_options import (
    EXIT_CODES,
    Debug,
    Engine,
    Json,
    Lang,
    Osrm,
    Quiet,
    Roads,
    Seconds,
    Seed,
    Speak,
    Threads,
    Traffic,
    Valhalla,
    end,
    screen_of,
)

app = typer.Typer(
    name="buuta",
    help="Bưu Tá: courier routes for a provincial post, planned, explained and checked.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Echelons(StrEnum):
    """What is planned: trucks and couriers, or couriers alone."""

    BOTH = "both"
    COURIERS = "couriers"


class Do(StrEnum):
    """What is done about the rest of a day."""

    LEAVE = "leave"
    INSERT = "insert"
    RE_OPTIMISE = "re_optimise"


class EveningMail(StrEnum):
    """What becomes of collected mail in the evening."""

    MUST = "must"
    MAY = "may"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"buuta {version('buuta')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.command(epilog=EXIT_CODES)
@guarded
def sample(
    *,
    orders: Annotated[int, typer.Option("--orders", min=1, max=200_000, help="How many.")] = 1500,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    date: Annotated[str, typer.Option("--date", help="The day, as 2026-11-24.")] = "2026-11-24",
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a sample day of Phú Thọ: orders.csv, fleet.csv, offices.csv and trucks.csv."""
    from api.cli_sample import write_sample

    end(
        write_sample(
            orders=orders, seed=seed, out=out, date=date, screen=screen_of(lang, quiet, as_json)
        )
    )


@app.command(epilog=EXIT_CODES)
@guarded
def plan(
    orders: Annotated[Path, typer.Argument(help="The day's orders, CSV or XLSX.")],
    *,
    fleet: Annotated[Path, typer.Option("--fleet", help="Couriers and their vehicles.")],
    offices: Annotated[Path, typer.Option("--offices", help="Post offices and their hours.")],
    date: Annotated[str, typer.Option("--date", help="The day to plan, as 2026-11-24.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that is written.")],
    trucks: Annotated[
        Path | None,
        typer.Option("--trucks", help="Trucks from the hub, a table like the fleet's."),
    ] = None,
    echelons: Annotated[
        Echelons, typer.Option("--echelons", help="Trucks and couriers, or couriers alone.")
    ] = Echelons.BOTH,
    closed_offices: Annotated[
        str,
        typer.Option(
            "--closed-offices",
            help="Offices closed today (flood, fire), as ID,ID: others take their communes.",
        ),
    ] = "",
    holidays: Annotated[
        Path | None,
        typer.Option(
            "--holidays", help="Table of days off, and of days worked on, over the public holidays."
        ),
    ] = None,
    working_days: Annotated[
        str,
        typer.Option(
            "--working-days", help="Holidays or weekend days worked on, as 2026-09-01,2026-09-02."
        ),
    ] = "",
    evening_mail: Annotated[
        EveningMail,
        typer.Option(
            "--evening-mail",
            help="Collected mail must go to the hub tonight, or may stay where a truck is dear.",
        ),
    ] = EveningMail.MUST,
    seconds: Seconds = 30.0,
    seed: Seed = 1,
    engine: Engine = "auto",
    threads: Threads = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Plan all offices in one search, not side by side."),
    ] = False,
    roads: Roads = None,
    traffic: Traffic = "slowest",
    osrm: Osrm = None,
    valhalla: Valhalla = "",
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Plan a day: routes for every courier, checked, with all that could not be planned."""
    from api.cli_plan import plan_files
    from api.cli_read_day import Inputs
    from dispatch.bootstrap import TravelChoice

    end(
        plan_files(
            Inputs(
                orders=orders,
                fleet=fleet,
                offices=offices,
                trucks=trucks if echelons is Echelons.BOTH else None,
                date=date,
                closed=closed_offices,
                holidays=holidays,
                working_days=working_days,
                mail_may_stay=evening_mail is EveningMail.MAY,
            ),
            out=out,
            seconds=seconds,
            seed=seed,
            engine=engine,
            threads=threads,
            whole=whole,
            travel=TravelChoice(
                roads=roads, traffic=traffic, osrm=tuple(osrm or ()), valhalla=valhalla
            ),
            screen=screen_of(lang, quiet, as_json),
        )
    )


@app.command(epilog=EXIT_CODES)
@guarded
def replan(
    folder: Annotated[Path, typer.Argument(help="A folder written by plan, or by replan.")],
    *,
    events: Annotated[Path, typer.Option("--events", help="What happened, JSON.")],
    now: Annotated[str, typer.Option("--now", help="The time of day, as 10:30.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the new plan; FOLDER/replan by default."),
    ] = None,
    seconds: Seconds = 10.0,
    seed: Seed = 1,
    price: Annotated[
        int, typer.Option("--price", min=0, help="Đồng that a changed stop must be worth.")
    ] = 5_000,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Most stops that may change.")] = 30,
    action: Annotated[
        Do | None, typer.Option("--action", help="Do this, whatever would be decided.")
    ] = None,
    roads: Roads = None,
    traffic: Traffic = "slowest",
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Re-plan a running day: freeze what is done or on board, change little, list every change."""
    from api.cli_replan import Asked
    from api.cli_replan import replan as run
    from dispatch.bootstrap import TravelChoice

    end(
        run(
            Asked(
                folder=folder,
                events=events,
                now=now,
                out=folder / "replan" if out is None else out,
                seconds=seconds,
                seed=seed,
                price=price,
                limit=limit,
                action=None if action is None else action.value,
                travel=TravelChoice(roads=roads, traffic=traffic),
            ),
            screen=screen_of(lang, quiet, as_json),
        )
    )


@app.command(epilog=EXIT_CODES)
@guarded
def check(
    problem: Annotated[
        Path, typer.Argument(help="A folder written by plan; or problem.json, or an instance.")
    ],
    plan: Annotated[
        Path | None, typer.Argument(help="plan.json, or a VRPLIB solution; none for a folder.")
    ] = None,
    *,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Judge a plan against its problem, or a whole day in a folder, and list every violation."""
    from api.cli_check_day import check_folder
    from api.cli_errors import Trouble
    from api.cli_solve import check as judge

    screen = screen_of(lang, quiet, as_json)
    if plan is not None:
        end(judge(problem, plan, screen=screen))
    elif problem.is_dir():
        end(check_folder(problem, screen=screen))
    else:
        raise Trouble(screen.say("check.two"))


@app.command(epilog=EXIT_CODES)
@guarded
def solve(
    file: Annotated[Path, typer.Argument(help="VRPLIB, Solomon, Li & Lim or our own JSON.")],
    *,
    seconds: Seconds = 30.0,
    seed: Seed = 1,
    engine: Engine = "auto",
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the solution goes: VRPLIB form, or our JSON."),
    ] = None,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Solve a problem file; its format is told by its content."""
    from api.cli_solve import solve as run

    end(
        run(
            file,
            seconds=seconds,
            seed=seed,
            engine=engine,
            threads=threads,
            out=out,
            screen=screen_of(lang, quiet, as_json),
        )
    )


@app.command(epilog=EXIT_CODES)
@guarded
def serve(
    *,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="Settings file (TOML).")
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Where to listen; this machine only by default.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, help="Port; 0 takes a free one.")
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", help="sqlite:///FILE or postgresql://…")
    ] = None,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Serve the office over HTTP until told to stop: its API, and a door for VROOM's clients."""
    from api.serve import serve as run

    end(
        run(
            settings,
            host=host,
            port=port,
            database=database,
            screen=screen_of(lang, quiet, as_json),
        )
    )


@app.command(epilog=EXIT_CODES)
@guarded
def simulate(
    scenarios: Annotated[Path, typer.Argument(help="The scenarios, YAML (SCENARIOS.md).")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that is written.")],
    days: Annotated[
        int, typer.Option("--days", min=1, max=1_000_000, help="Working days to live.")
    ] = 60,
    seed: Seed = 1,
    past: Annotated[
        str,
        typer.Option(
            "--past",
            help="Past days to fit the demand on: a folder of orders, each file with its date, "
            "or the office's store.",
        ),
    ] = "",
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=1024, help="Processes; all cores by default."),
    ] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", help="A Dask scheduler, as tcp://host:8786.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin even if it takes more than an hour.")
    ] = False,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say which vehicles to buy: scenarios on the same sampled days, lived and valued."""
    from api.cli_simulate import Asked
    from api.cli_simulate import simulate as run

    end(
        run(
            Asked(
                file=scenarios,
                days=days,
                seed=seed,
                out=out,
                past=past,
                workers=workers,
                cluster=cluster,
                yes=yes,
            ),
            screen=screen_of(lang, quiet, as_json),
        )
    )


roads_app = typer.Typer(help="Real roads from OpenStreetMap.", no_args_is_help=True)
app.add_typer(roads_app, name="roads")


@roads_app.command("build", epilog=EXIT_CODES)
@guarded
def roads_build(
    file: Annotated[Path, typer.Argument(help="The country's .osm.pbf, or .osm, .osm.gz.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the road graph.")],
    area: Annotated[
        Path | None, typer.Option("--area", help="GeoJSON; only roads that touch it are kept.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option("--tables", help="Folder with the office's own speed tables.")
    ] = None,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Build a road graph from an OpenStreetMap extract."""
    from api.cli_roads import build

    end(build(file, area=area, tables=tables, out=out, screen=screen_of(lang, quiet, as_json)))


@roads_app.command("info", epilog=EXIT_CODES)
@guarded
def roads_info(
    folder: Annotated[Path, typer.Argument(help="Folder of a road graph.")],
    *,
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what a road graph holds and what was cut off."""
    from api.cli_roads import info

    end(info(folder, screen=screen_of(lang, quiet, as_json)))


@roads_app.command("route", epilog=EXIT_CODES)
@guarded
def roads_route(
    folder: Annotated[Path, typer.Argument(help="Folder of a road graph.")],
    *,
    origin: Annotated[str, typer.Option("--from", help="latitude,longitude")],
    destination: Annotated[str, typer.Option("--to", help="latitude,longitude")],
    profile: Annotated[
        str, typer.Option("--profile", help="motorbike, van or truck.")
    ] = "motorbike",
    traffic: Traffic = "slowest",
    lang: Speak = Lang.VI,
    quiet: Quiet = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the way between two points, turn by turn."""
    from api.cli_roads import route

    end(
        route(
            folder,
            origin=origin,
            destination=destination,
            profile=profile,
            traffic=traffic,
            screen=screen_of(lang, quiet, as_json),
        )
    )


app.add_typer(cli_store.db_app, name="db")
app.add_typer(cli_office.day_app, name="day")
app.command("work", epilog=EXIT_CODES)(cli_store.work)


def main() -> None:
    """Run the command that the arguments name."""
    with guard(debug=False):
        app()


if __name__ == "__main__":
    main()
