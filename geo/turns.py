"""Instructions of a way, and how the moves from road to road become few enough to be read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from geo.types import LatLon

_SLIGHT = frozenset({"slight_left", "slight_right"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One instruction of a way.

    Parameters
    ----------
    turn
        "start", "straight", "slight_left", "left", "sharp_left", the same to the right, "u_turn",
        "roundabout" or "arrive".
    road
        The name of the road that follows, or "".
    metres
        Until the next step.
    point
        Where it is.
    """

    turn: str
    road: str
    metres: int
    point: LatLon


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """
    One stretch of a way, and how it is entered.

    Parameters
    ----------
    turn, road, metres, point
        As in `Step`, metres unrounded.
    ring
        It lies in a roundabout.
    choice
        Another road could be taken where it begins; without one nobody needs to be told.
    """

    turn: str
    road: str
    metres: float
    point: LatLon
    ring: bool = False
    choice: bool = True


def steps(moves: Iterable[Move], *, destination: LatLon) -> list[Step]:
    """
    Return the instructions of a way.

    A road that goes on is one step, even where it bends, as long as it keeps its name or no other
    road leaves it; a roundabout is one step with the road on which it is left.
    """
    held: list[Move] = []
    for move in moves:
        if not held:
            held.append(replace(move, turn="start"))
            continue
        last = held[-1]
        if last.ring:
            # In the roundabout, or out of it: the first road after it gives the step its name.
            held[-1] = replace(
                last, road=move.road, metres=last.metres + move.metres, ring=move.ring
            )
        elif move.ring:
            held.append(replace(move, turn="roundabout", road=""))
        elif _goes_on(last, move):
            held[-1] = replace(last, metres=last.metres + move.metres)
        else:
            held.append(move if move.choice else replace(move, turn="straight"))
    told = [Step(turn=m.turn, road=m.road, metres=round(m.metres), point=m.point) for m in held]
    return [*told, Step(turn="arrive", road="", metres=0, point=destination)]


def turn_by(degrees: float) -> str:
    """Return the word for a turn by so many degrees, to the right where positive."""
    turned = (degrees + 180) % 360 - 180
    size = abs(turned)
    if size < 20:
        return "straight"
    if size > 165:
        return "u_turn"
    side = "right" if turned > 0 else "left"
    if size < 45:
        return f"slight_{side}"
    return f"sharp_{side}" if size > 130 else side


def bearing(a: LatLon, b: LatLon) -> float:
    """Return the direction from one near point to another, degrees from north over east."""
    east = (b.lon - a.lon) * math.cos(math.radians(a.lat))
    return math.degrees(math.atan2(east, b.lat - a.lat))


def _goes_on(last: Move, move: Move) -> bool:
    if move.turn == "straight" or not move.choice:
        return move.road in (last.road, "")
    return move.turn in _SLIGHT and move.road == last.road != ""
