"""Turns in words, and the sheet of turns that a courier takes along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from dispatch.messages import Language, clock, text
from dispatch.views import CourierSheet
from geo.types import LatLon


class Instruction(Protocol):
    """One step of a way."""

    @property
    def turn(self) -> str:
        """What to do, such as "left"."""
        ...

    @property
    def road(self) -> str:
        """The road that follows, or ""."""
        ...

    @property
    def metres(self) -> int:
        """Until the next step."""
        ...


Directions = Callable[[LatLon, LatLon, str], Sequence[Instruction]]
"""The steps of the way from one point to another for a travel profile."""


def sentence(step: Instruction, lang: Language = "vi") -> str:
    """Say a step: "Rẽ trái vào đường Hùng Vương, đi 350 m"."""
    said = text(f"turn.{step.turn}", lang)
    if step.road:
        said += text("turn.onto", lang, road=step.road)
    if step.metres:
        far = f"{step.metres} m" if step.metres < 1000 else f"{step.metres / 1000:.1f} km"
        if lang == "vi":
            far = far.replace(".", ",")
        said += text("turn.go", lang, far=far)
    return said


def turn_sheet(
    sheet: CourierSheet, directions: Directions, profile: str, lang: Language = "vi"
) -> str:
    """Return a courier's whole way in words, stop by stop."""
    lines = [f"{sheet.courier} {sheet.name}".strip(), ""]
    stops = [(row.point, row) for row in sheet.rows if row.point is not None]
    points: list[LatLon] = [point for point, _ in stops]
    titles = [
        " ".join(
            part
            for part in (
                clock(row.arrival),
                f"{row.number}." if row.number is not None else "",
                text(f"row.{row.kind.value}", lang),
                row.order,
                row.address,
            )
            if part
        )
        for _, row in stops
    ]
    if sheet.start is not None:
        points.insert(0, sheet.start)
    elif titles:
        titles.pop(0)
    if sheet.end is not None and stops:
        points.append(sheet.end)
        titles.append(
            f"{clock(sheet.finish)} " + text("manifest.end", lang, office=sheet.office_name)
        )
    for (origin, destination), title in zip(pairwise(points), titles, strict=True):
        lines.append(f"→ {title}")
        if origin != destination:
            lines += [
                f"   {sentence(step, lang)}" for step in directions(origin, destination, profile)
            ]
        lines.append("")
    return "\n".join(lines)
