"""The commands `roads build`, `roads info` and `roads route`."""

from __future__ import annotations

from pathlib import Path

from api.cli_errors import ExitCode, Trouble
from api.cli_files import read_text
from api.cli_screen import Screen
from dispatch.bootstrap import build_roads, road_directions, road_facts
from dispatch.directions import sentence
from dispatch.messages import Language
from geo.types import LatLon


def build(
    file: Path, *, area: Path | None, tables: Path | None, out: Path, screen: Screen
) -> ExitCode:
    """Build a road graph and say what was kept and what was cut off."""
    if out.is_file():
        raise Trouble(f"{out} is a file; name a folder for --out", ExitCode.CANNOT_WRITE)
    outline = None if area is None else read_text(area)
    begun: list[str] = []
    with screen.steps() as steps:

        def progress(step: str, done: int) -> None:
            if step not in begun:
                begun.append(step)
                steps.begin(f"step.roads.{step}")
            if done:
                steps.state(f"{done:,}")

        build_roads(file, out=out, area=outline, tables=tables, progress=progress)
        steps.end()
    return info(out, screen=screen)


def info(folder: Path, *, screen: Screen) -> ExitCode:
    """Say what a road graph holds."""
    facts = road_facts(folder)
    summary = facts["summary"]
    screen.show(
        screen.say(
            "roads.kept",
            source=facts["source"],
            nodes=summary["nodes"],
            edges=summary["edges"],
            km=summary["kilometres"],
            raw=summary["raw_nodes"],
        ),
        style="bold",
    )
    screen.table(
        screen.say("roads.cut"),
        [
            (screen.say("column.profile"), "left"),
            (screen.say("column.roads"), "right"),
            (screen.say("column.parts"), "right"),
            (screen.say("column.km"), "right"),
        ],
        [
            (
                profile,
                str(summary["cut_edges"][profile]),
                str(summary["cut_parts"][profile]),
                f"{summary['cut_kilometres'][profile]:g}",
            )
            for profile in facts["profiles"]
        ],
    )
    screen.show(screen.say("roads.periods", periods=", ".join(facts["periods"])))
    screen.show(screen.say("roads.stored", folder=folder))
    screen.json(facts)
    return ExitCode.DONE


def route(
    folder: Path, *, origin: str, destination: str, profile: str, traffic: str, screen: Screen
) -> ExitCode:
    """Show one way: its time, its length and its turns."""
    ends = (_point(origin), _point(destination))
    seconds, metres, steps, line = road_directions(
        folder, origin=ends[0], destination=ends[1], profile=profile, traffic=traffic
    )
    lang: Language = "en" if screen.lang == "en" else "vi"
    words = [sentence(step, lang) for step in steps]
    screen.show(
        screen.say("roads.way", minutes=f"{seconds / 60:.0f}", km=f"{metres / 1000:.1f}"),
        style="bold",
    )
    for number, said in enumerate(words, start=1):
        screen.show(f"{number:3d}. {said}")
    screen.json(
        {
            "seconds": seconds,
            "metres": metres,
            "steps": words,
            "line": [[point.lon, point.lat] for point in line],
        }
    )
    return ExitCode.DONE


def _point(text: str) -> LatLon:
    try:
        lat, lon = (float(part) for part in text.replace(";", ",").split(","))
        return LatLon(lat=lat, lon=lon)
    except ValueError as error:
        raise Trouble(
            f"{text!r} is no point ({error}); write latitude,longitude as 21.32,105.40"
        ) from None
