"""Which days count for a promise: Mondays to Fridays that are no public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

_SATURDAY = 5
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """
    The office's working days.

    Parameters
    ----------
    closed
        Public holidays, and whatever other days the post does not work on.
    working
        Days that count all the same: a Saturday made up for, a holiday that the post works through.
    """

    closed: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Tell whether a day counts."""
        if day in self.working:
            return True
        return day.weekday() < _SATURDAY and day not in self.closed

    def after(self, day: date, count: int) -> date:
        """Return the working day that is so many working days after a day; 0 = that day itself."""
        while count > 0:
            day += _ONE
            count -= self.works(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after the first day, up to the last one with it."""
        days = range(first.toordinal() + 1, last.toordinal() + 1)
        return sum(self.works(date.fromordinal(day)) for day in days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A day that the office takes off, or works on though others do not."""

    day: date
    works: bool = False


def vietnam(
    around: date, *, closed: Collection[date] = (), working: Collection[date] = ()
) -> Calendar:
    """
    Return Vietnam's calendar of the year before a day to the year after it.

    Parameters
    ----------
    around
        The day that is planned. It counts as a working day: a post that works on a public holiday
        keeps its promises on it.
    closed, working
        What the office itself decides, over the public holidays.
    """
    import holidays  # only who counts days needs it

    public = holidays.country_holidays("VN", years=range(around.year - 1, around.year + 2))
    return Calendar(
        closed=(frozenset(public) | frozenset(closed)) - frozenset(working),
        working=frozenset(working) | {around},
    )
