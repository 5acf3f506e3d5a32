"""
A study's figures as SVG, drawn by hand: no library, the same file on every machine.

What belongs to one scenario is a group (`class="one"`), so that a screen can put it forward; each
mark has its words as a title, which browsers show under the pointer.

Colours are chosen to stay apart for readers who do not see red and green apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import fmean

from dispatch.investment import Bench, Compared, Outcome, figure
from dispatch.messages import Language, number, share, text
from dispatch.money import Interval, weighted_mean
from dispatch.scenarios import setups

COLOURS = ("#123f7a", "#d9822b", "#2a9d8f", "#8e5ea2", "#7a5200", "#a3231b", "#5b6672")
_INK, _SOFT, _HAIR = "#16212e", "#5b6672", "#c9cfd6"
_WIDE, _HIGH = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district's code, name and outer rings, (lon, lat)."""

    code: str
    name: str
    rings: tuple[tuple[tuple[float, float], ...], ...]


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

    def dot(
        self, x: float, y: float, ink: str, size: float = 3, opacity: float = 0.55, tip: str = ""
    ) -> None:
        drawn = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{ink}" fill-opacity="{opacity}"'
        )
        self.parts.append(f"{drawn}><title>{escape(tip)}</title></circle>" if tip else f"{drawn}/>")

    def begin(self, index: int) -> None:
        """Begin what belongs to one scenario."""
        self.parts.append(f'<g class="one" data-one="{index}">')

    def end(self) -> None:
        """End what belongs to one scenario."""
        self.parts.append("</g>")

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
        if along_y:
            self.scale(lang, percent=percent)

    def scale(self, lang: Language, *, percent: bool = False) -> None:
        """Draw the lines and figures of the y axis."""
        for value in _ticks(*self.y):
            if percent and value > 1 + 1e-9:
                continue
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


def mean_of(one: Outcome, name: str, size: int) -> Interval:
    """Return the mean of a figure over all days, with its interval over blocks of `size` days."""
    values = [
        fmean(figure(name, day) for day in days[start : start + size])
        for days in one.days.values()
        for start in range(0, len(days), size)
    ]
    return weighted_mean({0: values}, {0: 1.0}, confidence=0.95)


def trade_off(compared: Compared, lang: Language, title: str) -> str:
    """Draw each day as a dot, cost a stop against the share on time, and each mean's interval."""
    size = compared.study.block_days
    days = [
        (index, year, number_, figure("cost_per_stop", day) / 1000, figure("on_time", day))
        for index, one in enumerate(compared.outcomes)
        for year, found in one.days.items()
        for number_, day in enumerate(found, start=1)
    ]
    xs, ys = [x for *_, x, _ in days], [y for *_, y in days]
    canvas = _Canvas((min(xs), max(xs)), (min(0.95, *ys), 1.0))
    canvas.grid(lang, percent=True)
    means = [
        (mean_of(one, "cost_per_stop", size), mean_of(one, "on_time", size))
        for one in compared.outcomes
    ]
    for index, one in enumerate(compared.outcomes):
        canvas.begin(index)
        for _, year, number_, x, y in (each for each in days if each[0] == index):
            facts = f"{number(x, lang, decimals=1)} · {share(y, lang)}"
            when = f"{text('study.column.year', lang)} {year}, {number_}"
            tip = f"{one.scenario.name} · {when}: {facts}"
            canvas.dot(canvas.at_x(x), canvas.at_y(y), colour(index), opacity=0.35, tip=tip)
        canvas.end()
    for index, (one, (cost, kept)) in enumerate(zip(compared.outcomes, means, strict=True)):
        x, y = canvas.at_x(cost.value / 1000), canvas.at_y(kept.value)
        canvas.begin(index)
        if cost.half is not None and kept.half is not None:
            low, top = canvas.at_x(cost.low / 1000), canvas.at_x(cost.high / 1000)
            canvas.line(low, y, top, y, colour(index), 2.5)
            canvas.line(
                x, canvas.at_y(kept.low), x, canvas.at_y(min(kept.high, 1.0)), colour(index), 2.5
            )
        said = interval(cost, lang, unit=1000)
        tip = f"{one.scenario.name}: {said} · {interval(kept, lang, unit=0.01)} %"
        canvas.dot(x, y, colour(index), size=6, opacity=1, tip=tip)
        canvas.words(
            _WIDE - _RIGHT - 4, canvas.high - _BOTTOM - 8 - 15 * index,
            f"{one.scenario.name}: {said}", side="end", ink=colour(index),
        )  # fmt: skip
        canvas.end()
    canvas.words((_LEFT + _WIDE) / 2, _HIGH - 6, text("study.axis.per_stop", lang), side="middle")
    return canvas.svg(title)


def interval(one: Interval, lang: Language, *, unit: float) -> str:
    """Write an estimate with its half width in a unit."""
    value = number(one.value / unit, lang, decimals=1)
    return value if one.half is None else f"{value} ± {number(one.half / unit, lang, decimals=1)}"


def distributions(compared: Compared, lang: Language, title: str) -> str:
    """Draw the running cost of the days of each scenario and year: 5, 50 and 95 %, and the days."""
    rows = [
        (index, year, one.figures[year]["running"], [day.running / 1e6 for day in days])
        for index, one in enumerate(compared.outcomes)
        for year, days in one.days.items()
    ]
    everything = [value for *_, values in rows for value in values]
    high = _TOP + _BOTTOM + 34 * len(rows)
    canvas = _Canvas((min(everything), max(everything)), (0, 1), high=high)
    canvas.grid(lang, along_y=False)
    for place, (index, year, held, values) in enumerate(rows):
        y = _TOP + 34 * place + 22
        name = (
            f"{compared.outcomes[index].scenario.name} · {text('study.column.year', lang)} {year}"
        )
        ends = " – ".join(
            number(value / 1e6, lang, decimals=2) for value in (held.low, held.middle, held.high)
        )
        canvas.begin(index)
        canvas.bar(
            canvas.at_x(held.low / 1e6), y - 5,
            canvas.at_x(held.high / 1e6) - canvas.at_x(held.low / 1e6), 10, colour(index),
        )  # fmt: skip
        for value in values:
            tip = f"{name}: {number(value, lang, decimals=2)}"
            canvas.dot(canvas.at_x(value), y, _INK, size=1.8, opacity=0.6, tip=tip)
        middle = canvas.at_x(held.middle / 1e6)
        canvas.line(middle, y - 8, middle, y + 8, "#ffffff", 2)
        canvas.words(_LEFT, y - 9, f"{name}: {ends}", ink=colour(index))
        canvas.end()
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
        said = f"{one.scenario.name}: {interval(one.npv, lang, unit=1e6)}"
        canvas.begin(index)
        canvas.line(canvas.at_x(low), y, canvas.at_x(top), y, colour(index), 4)
        canvas.dot(canvas.at_x(one.npv.value / 1e6), y, colour(index), size=6, opacity=1, tip=said)
        canvas.words(_LEFT, y - 11, said, ink=colour(index))
        canvas.end()
    return canvas.svg(title)


def purchase_years(compared: Compared, lang: Language, title: str) -> str:
    """Draw what each scenario is worth against the baseline by the year in which it is bought."""
    rows = [(index, one) for index, one in enumerate(compared.outcomes) if one.timing]
    ends = [0.0]
    for _, one in rows:
        for each in one.timing[1.0]:
            half = each.npv.half or 0.0
            ends += [(each.npv.value - half) / 1e6, (each.npv.value + half) / 1e6]
    years = compared.study.horizon
    canvas = _Canvas((0.6, years + 0.4), (min(ends), max(ends)), high=240)
    for year in range(1, years + 1):
        x = canvas.at_x(year)
        canvas.line(x, _TOP, x, canvas.high - _BOTTOM, _HAIR, 0.5)
        canvas.words(x, canvas.high - _BOTTOM + 16, str(year), side="middle")
    canvas.scale(lang)
    canvas.line(_LEFT, canvas.at_y(0), _WIDE - _RIGHT, canvas.at_y(0), _INK, 1.2)
    for place, (index, one) in enumerate(rows):
        aside = 7 * (place - (len(rows) - 1) / 2)
        canvas.begin(index)
        spots = [
            (canvas.at_x(each.year) + aside, canvas.at_y(each.npv.value / 1e6), each)
            for each in one.timing[1.0]
        ]
        for (x1, y1, _), (x2, y2, _) in pairwise(spots):
            canvas.line(x1, y1, x2, y2, colour(index), 1.2)
        for x, y, each in spots:
            if each.npv.half is not None:
                low, top = canvas.at_y(each.npv.low / 1e6), canvas.at_y(each.npv.high / 1e6)
                canvas.line(x, low, x, top, colour(index), 2.5)
            tip = f"{one.scenario.name} · {each.year}: {interval(each.npv, lang, unit=1e6)}"
            best = each is one.best_year and each.npv.value > 0
            canvas.dot(x, y, colour(index), size=7 if best else 4.5, opacity=1, tip=tip)
        canvas.end()
    said = text("study.axis.purchase_year", lang)
    canvas.words((_LEFT + _WIDE) / 2, canvas.high - 6, said, side="middle")
    return canvas.svg(title)


def office_load(bench: Bench, one: Outcome) -> dict[str, float]:
    """Return, by office of a scenario, the share of its couriers' hours that are used."""
    found = {}
    for setup in setups(one.scenario):
        days = [day for block in one.blocks for day in bench.known[setup, block]]
        used = sum(day.duty_seconds for day in days)
        found[setup.office] = used / max(sum(day.available_seconds for day in days), 1)
    return found


def load_map(
    bench: Bench, compared: Compared, districts: Sequence[District], lang: Language, title: str
) -> str:
    """
    Draw the districts as dark as their couriers' hours are used, a layer for each scenario.

    A district that several offices serve has the colour of the one that is used most.
    """
    lons = [lon for each in districts for ring in each.rings for lon, _ in ring]
    lats = [lat for each in districts for ring in each.rings for _, lat in ring]
    if not lons:
        return _Canvas((0, 1), (0, 1), high=60).svg(title)
    west, east, south, north = min(lons), max(lons), min(lats), max(lats)
    # Fitted into a fixed height, so that the map is no longer than the figures beside it.
    scale = min((_WIDE - 40) / ((east - west) * 0.93), 430 / (north - south))  # cos 21.4°
    left = (_WIDE - (east - west) * 0.93 * scale) / 2
    high = round((north - south) * scale) + 40

    def at(lon: float, lat: float) -> tuple[float, float]:
        return left + (lon - west) * 0.93 * scale, 20 + (north - lat) * scale

    canvas = _Canvas((0, 1), (0, 1), high=high)
    for index, one in enumerate(compared.outcomes):
        loads = office_load(bench, one)
        serving = setups(one.scenario)
        hidden = "" if one.scenario.name == compared.study.baseline else ' style="display:none"'
        canvas.parts.append(f'<g class="layer" data-layer="{index}"{hidden}>')
        for each in districts:
            mine = [loads[s.office] for s in serving if each.code in s.districts]
            load = max(mine, default=0.0)
            tip = f"<title>{escape(each.name)}: {share(load, lang)}</title>"
            for ring in each.rings:
                spots = " ".join("{:.1f},{:.1f}".format(*at(lon, lat)) for lon, lat in ring)
                canvas.parts.append(
                    f'<polygon points="{spots}" fill="{shade(load)}" stroke="#ffffff" '
                    f'stroke-width="1.5">{tip}</polygon>'
                )
        for setup in serving:
            load = loads[setup.office]
            x, y = at(setup.point.lon, setup.point.lat)
            names = [each.name for each in districts if each.code in setup.districts]
            said = f"{names[0] if names else setup.office} {number(load * 100, lang)} %"
            canvas.dot(x, y, _INK, size=2.5, opacity=1)
            canvas.parts.append(
                # A white rim keeps the words readable on every colour, and over a neighbour's.
                f'<text x="{x:.1f}" y="{y - 6:.1f}" text-anchor="middle" fill="{_INK}" '
                f'font-size="11" font-weight="600" stroke="#ffffff" stroke-width="3" '
                f'stroke-linejoin="round" paint-order="stroke">{escape(said)}</text>'
            )
        canvas.parts.append("</g>")
    return canvas.svg(title)


def shade(load: float) -> str:
    """Return the colour of a share of used hours: the darker the fuller, red beyond all of them."""
    if load > 1:
        return "#a3231b"
    low, top = (0xE8, 0xEE, 0xF5), (0x12, 0x3F, 0x7A)
    part = min(max(load, 0.0), 1.0) ** 1.2
    mixed = [round(a + (b - a) * part) for a, b in zip(low, top, strict=True)]
    return "#" + "".join(f"{each:02x}" for each in mixed)
