"""
A study's figures as SVG, drawn by hand: no library, no script, the same file on every machine.

Colours are chosen to stay apart for readers who do not see red and green apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dispatch.investment import Bench, Compared, figure
from dispatch.messages import Language, number, share, text
from dispatch.scenarios import setups

COLOURS = ("#123f7a", "#d9822b", "#2a9d8f", "#8e5ea2", "#7a5200", "#a3231b", "#5b6672")
_INK, _SOFT, _HAIR = "#16212e", "#5b6672", "#c9cfd6"
_WIDE, _HIGH = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 40


def colour(index: int) -> str:
    """Return the colour of the scenario with this number."""
    return COLOURS[index % len(COLOURS)]


class _Canvas:
    """A drawing with axes from value to pixel."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], high: int = _HIGH) -> None:
        self.high = high
        self.x, self.y = _wider(x), _wider(y)
        self.parts: list[str] = []

    def at_x(self, value: float) -> float:
        low, top = self.x
        return _LEFT + (value - low) / (top - low) * (_WIDE - _LEFT - _RIGHT)

    def at_y(self, value: float) -> float:
        low, top = self.y
        return self.high - _BOTTOM - (value - low) / (top - low) * (self.high - _TOP - _BOTTOM)

    def line(self, x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 1) -> None:
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{ink}" stroke-width="{width}"/>'
        )

    def dot(self, x: float, y: float, ink: str, size: float = 3, opacity: float = 0.55) -> None:
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{ink}" fill-opacity="{opacity}"/>'
        )

    def bar(self, x: float, y: float, wide: float, high: float, ink: str) -> None:
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{high:.1f}" '
            f'fill="{ink}" rx="2"/>'
        )

    def words(
        self, x: float, y: float, said: str, *, side: str = "start", ink: str = _SOFT
    ) -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{side}" fill="{ink}" '
            f'font-size="11">{escape(said)}</text>'
        )

    def grid(self, lang: Language, *, percent: bool = False, along_y: bool = True) -> None:
        for value in _ticks(*self.x):
            x = self.at_x(value)
            self.line(x, _TOP, x, self.high - _BOTTOM, _HAIR, 0.5)
            self.words(x, self.high - _BOTTOM + 16, _short(value, lang), side="middle")
        for value in _ticks(*self.y) if along_y else ():
            y = self.at_y(value)
            self.line(_LEFT, y, _WIDE - _RIGHT, y, _HAIR, 0.5)
            said = share(value, lang) if percent else _short(value, lang)
            self.words(_LEFT - 6, y + 4, said, side="end")

    def svg(self, title: str) -> str:
        inside = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {self.high}" '
            f'role="img" aria-label="{escape(title)}" font-family="sans-serif">\n'
            f"<title>{escape(title)}</title>\n{inside}\n</svg>\n"
        )


def _wider(ends: tuple[float, float]) -> tuple[float, float]:
    low, top = ends
    if top - low < 1e-9:
        room = abs(low) * 0.1 or 1.0
        return low - room, top + room
    room = (top - low) * 0.06
    return low - room, top + room


def _ticks(low: float, top: float) -> list[float]:
    raw = (top - low) / 5
    power = 10.0 ** len(str(int(raw))) if raw >= 1 else 1.0
    while power > raw:
        power /= 10
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    first = int(low / step) - 1
    values = [step * n for n in range(first, first + 14)]
    return [value for value in values if low <= value <= top]


def _short(value: float, lang: Language) -> str:
    decimals = 0 if abs(value) >= 10 or value == round(value) else 2
    return number(value, lang, decimals=decimals)


def trade_off(compared: Compared, lang: Language, title: str) -> str:
    """Draw each day as a dot, cost a stop against the share on time, and each mean as a ring."""
    dots = [
        (index, figure("cost_per_stop", day) / 1000, figure("on_time", day))
        for index, one in enumerate(compared.outcomes)
        for days in one.days.values()
        for day in days
    ]
    xs, ys = [x for _, x, _ in dots], [y for _, _, y in dots]
    canvas = _Canvas((min(xs), max(xs)), (min(ys), max(1.0, *ys)))
    canvas.grid(lang, percent=True)
    for index, x, y in dots:
        canvas.dot(canvas.at_x(x), canvas.at_y(y), colour(index), opacity=0.35)
    for index, one in enumerate(compared.outcomes):
        mine = [(x, y) for number_, x, y in dots if number_ == index]
        x = sum(x for x, _ in mine) / len(mine)
        y = sum(y for _, y in mine) / len(mine)
        canvas.dot(canvas.at_x(x), canvas.at_y(y), colour(index), size=7, opacity=1)
        canvas.words(
            canvas.at_x(x) + 10, canvas.at_y(y) + 14 * (index + 1) - 10, one.scenario.name,
            ink=colour(index),
        )  # fmt: skip
    canvas.words((_LEFT + _WIDE) / 2, _HIGH - 6, text("study.axis.per_stop", lang), side="middle")
    return canvas.svg(title)


def distributions(compared: Compared, lang: Language, title: str) -> str:
    """Draw the running cost of the days of each scenario and year: 5, 50 and 95 %, and the days."""
    rows = [
        (index, f"{one.scenario.name} · {year}", [day.running / 1e6 for day in days])
        for index, one in enumerate(compared.outcomes)
        for year, days in one.days.items()
    ]
    everything = [value for _, _, values in rows for value in values]
    high = _TOP + _BOTTOM + 34 * len(rows)
    canvas = _Canvas((min(everything), max(everything)), (0, 1), high=high)
    canvas.grid(lang, along_y=False)
    for place, (index, name, values) in enumerate(rows):
        y = _TOP + 34 * place + 22
        figures = compared.outcomes[index].figures
        year = int(name.rsplit(" ", 1)[1])
        held = figures[year]["running"]
        canvas.bar(
            canvas.at_x(held.low / 1e6), y - 5,
            canvas.at_x(held.high / 1e6) - canvas.at_x(held.low / 1e6), 10, colour(index),
        )  # fmt: skip
        for value in values:
            canvas.dot(canvas.at_x(value), y, _INK, size=1.6, opacity=0.6)
        middle = canvas.at_x(held.middle / 1e6)
        canvas.line(middle, y - 8, middle, y + 8, "#ffffff", 2)
        canvas.words(_LEFT, y - 9, name, ink=colour(index))
    return canvas.svg(title)


def worth(compared: Compared, lang: Language, title: str) -> str:
    """Draw what each scenario is worth against the baseline, with its interval."""
    rows = [
        (index, one)
        for index, one in enumerate(compared.outcomes)
        if one.scenario.name != compared.study.baseline
    ]
    ends = [0.0]
    for _, one in rows:
        half = one.npv.half or 0.0
        ends += [(one.npv.value - half) / 1e6, (one.npv.value + half) / 1e6]
    high = _TOP + _BOTTOM + 38 * max(len(rows), 1)
    canvas = _Canvas((min(ends), max(ends)), (0, 1), high=high)
    canvas.grid(lang, along_y=False)
    zero = canvas.at_x(0)
    canvas.line(zero, _TOP, zero, high - _BOTTOM, _INK, 1.2)
    for place, (index, one) in enumerate(rows):
        y = _TOP + 38 * place + 26
        half = one.npv.half or 0.0
        low, top = ((one.npv.value - half) / 1e6, (one.npv.value + half) / 1e6)
        canvas.line(canvas.at_x(low), y, canvas.at_x(top), y, colour(index), 4)
        canvas.dot(canvas.at_x(one.npv.value / 1e6), y, colour(index), size=6, opacity=1)
        canvas.words(_LEFT, y - 11, one.scenario.name, ink=colour(index))
    return canvas.svg(title)


def office_load(bench: Bench, compared: Compared) -> dict[str, float]:
    """Return, by office of the baseline, the share of its couriers' hours that are used."""
    base = compared.outcome(compared.study.baseline)
    found = {}
    for setup in setups(base.scenario):
        days = [day for block in base.blocks for day in bench.known[setup, block]]
        used = sum(day.duty_seconds for day in days)
        found[setup.office] = used / max(sum(day.available_seconds for day in days), 1)
    return found


def load_map(
    bench: Bench, compared: Compared, outlines: Sequence[Sequence[tuple[float, float]]],
    lang: Language, title: str,
) -> str:  # fmt: skip
    """
    Draw the offices where they lie, as large and dark as their couriers' hours are used.

    Parameters
    ----------
    outlines
        Rings of the districts, (lon, lat).
    """
    loads = office_load(bench, compared)
    base = compared.outcome(compared.study.baseline).scenario
    places = {s.office: s for s in setups(base)}
    lons = [lon for ring in outlines for lon, _ in ring] or [s.point.lon for s in places.values()]
    lats = [lat for ring in outlines for _, lat in ring] or [s.point.lat for s in places.values()]
    west, east, south, north = min(lons), max(lons), min(lats), max(lats)
    scale = (_WIDE - 40) / max((east - west) * 0.93, 1e-6)  # cos 21.4°
    high = round((north - south) * scale) + 40

    def at(lon: float, lat: float) -> tuple[float, float]:
        return 20 + (lon - west) * 0.93 * scale, 20 + (north - lat) * scale

    canvas = _Canvas((0, 1), (0, 1), high=high)
    for ring in outlines:
        spots = " ".join("{:.1f},{:.1f}".format(*at(lon, lat)) for lon, lat in ring)
        canvas.parts.append(
            f'<polygon points="{spots}" fill="#f1f4f7" stroke="{_HAIR}" stroke-width="1"/>'
        )
    for office, load in sorted(loads.items()):
        x, y = at(places[office].point.lon, places[office].point.lat)
        canvas.dot(
            x, y, COLOURS[0], size=8 + 26 * min(load, 1.2), opacity=0.25 + 0.6 * min(load, 1)
        )
        canvas.words(x, y + 4, f"{office} {share(load, lang)}", side="middle", ink=_INK)
    return canvas.svg(title)
