"""Opening hours of offices and desks: weekdays, hours, the gap at noon."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

_RULE = re.compile(r"^(?P<days>[A-Za-z,-]+) (?P<spans>[0-9:,-]+)$")
_SPAN = re.compile(r"^(\d{2}):(\d{2})-(\d{2}):(\d{2})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours:
    """
    When a place is open on each day of the week.

    Parameters
    ----------
    spans
        Seven tuples, Monday first, of (opens, closes) in seconds since midnight, in order and
        apart. A noon gap is the time between two spans.
    """

    spans: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def parse(cls, text: str) -> WeeklyHours:
        """
        Read hours written as "Mo-Fr 07:30-11:30,13:00-17:00; Sa 07:30-11:30".

        The form is the plain part of the OpenStreetMap opening hours. Days not named are closed.

        Raises
        ------
        ValueError
            A rule cannot be read, or a span ends before it begins or overlaps another.
        """
        week: list[tuple[tuple[int, int], ...]] = [()] * 7
        for part in filter(None, (p.strip() for p in text.split(";"))):
            rule = _RULE.match(part)
            if rule is None:
                raise ValueError(f"{part!r} is not like 'Mo-Fr 07:30-11:30,13:00-17:00'")
            spans = tuple(_span(s) for s in rule["spans"].split(","))
            for earlier, later in itertools.pairwise(spans):
                if later[0] <= earlier[1]:
                    raise ValueError(f"the hours in {part!r} overlap or are out of order")
            for day in _days(rule["days"]):
                week[day] = spans
        return cls(spans=tuple(week))

    def on(self, day: date) -> tuple[tuple[int, int], ...]:
        """Return the (opens, closes) of that day, in seconds since midnight; empty if closed."""
        return self.spans[day.weekday()]


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f"{part!r} is no day: use {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        if end < begin:
            raise ValueError(f"{part!r} runs backwards")
        days.extend(range(begin, end + 1))
    return days


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not like '07:30-11:30'")
    h1, m1, h2, m2 = (int(g) for g in match.groups())
    begin, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
    if m1 > 59 or m2 > 59 or not begin < end <= 86_400:
        raise ValueError(f"{text!r} does not begin before it ends within one day")
    return begin, end
