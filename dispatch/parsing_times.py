"""
Dates, times of day and time windows as people write them; see `dispatch.parsing` for the rest.

Day comes before month; `7h30`, `7g30`, `07.30` and `7:30 SA` are all half past seven.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dispatch.parsing import Bad, Cell, clock
from geo.text import fold
from solver.model import TimeWindow

DAY = 86_400
_LAST_SECOND = 2 * DAY - 1

MORNING = TimeWindow(start=7 * 3600 + 1800, end=11 * 3600 + 1800)
AFTERNOON = TimeWindow(start=13 * 3600 + 1800, end=17 * 3600)
_NOON = TimeWindow(start=11 * 3600 + 1800, end=13 * 3600 + 1800)
_EVENING = TimeWindow(start=17 * 3600 + 1800, end=20 * 3600)

# Dates

_EPOCH = date(1899, 12, 30)
_DATE_NOISE = re.compile(
    r"^(?:(?:thu|t)\s*(?:[2-7]|hai|ba|tu|nam|sau|bay)|chu nhat|cn|mon|tue|wed|thu|fri|sat|sun)"
    r"\b[a-z]*[\s,.]*"
)
_TRAILING_TIME = re.compile(
    r"(?:[t\s,]+\d{1,2}[:hg]\d{0,2}(?::\d{2})?(?:\.\d+)?\s*(?:am|pm|sa|ch|z)?)$"
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})(?:\s*[-/. ]\s*(\d{4}|\d{2}))?")
_NAMED_MONTH = re.compile(r"(\d{1,2})[-/. ]([a-z]{3})[a-z]*[-/. ,]*(\d{4}|\d{2})?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_date(cell: Cell, *, near: date) -> date | Bad:
    """
    Return a day; a date without a year gets the year that puts it closest to `near`.

    Day comes before month. A text in which only month before day makes sense is refused, because
    the other rows of such a file would be read wrong without a word.
    """
    if isinstance(cell, datetime):
        found: date | Bad = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, bool) or cell is None or isinstance(cell, time | timedelta):
        return Bad(key="not_a_date")
    elif isinstance(cell, int | float):
        if not 1 <= cell < 200_000:
            return Bad(key="not_a_date")
        found = _EPOCH + timedelta(days=int(cell))
    else:
        found = _date_from_text(cell, near)
    if isinstance(found, date) and not 2000 <= found.year <= 2100:
        return Bad(key="not_a_date")
    return found


@lru_cache(maxsize=4096)
def _date_from_text(text: str, near: date) -> date | Bad:
    shown = fold(text).lstrip("'")
    for words, shift in ((("hom nay", "today"), 0), (("mai", "ngay mai", "tomorrow"), 1)):
        if shown in words:
            return near + timedelta(days=shift)
    shown = _TRAILING_TIME.sub("", shown)
    shown = _DATE_NOISE.sub("", shown)
    shown = re.sub(r"^\s*ngay\s*", "", shown)
    shown = re.sub(r"\s*(?:thang|nam)\s*", "/", shown).strip(" ,.")
    if re.fullmatch(r"\d{8}", shown):
        parts = (
            (shown[:4], shown[4:6], shown[6:])
            if shown[:2] in ("19", "20")
            else (
                shown[4:],
                shown[2:4],
                shown[:2],
            )
        )
        return _day(*parts)
    if re.fullmatch(r"\d{5}(?:\.\d+)?", shown):
        return _EPOCH + timedelta(days=int(shown[:5]))
    if match := _YEAR_FIRST.fullmatch(shown):
        return _day(match[1], match[2], match[3])
    if match := _DAY_FIRST.fullmatch(shown):
        day, month, year = match.groups()
    elif (match := _NAMED_MONTH.fullmatch(shown)) and match[2] in _MONTHS:
        day, month, year = match[1], str(_MONTHS.index(match[2]) + 1), match[3]
    else:
        return Bad(key="not_a_date")
    if year is not None:
        return _day(year if len(year) == 4 else f"20{year}", month, day)
    nearest = [_day(str(near.year + shift), month, day) for shift in (0, 1, -1)]
    days = [found for found in nearest if isinstance(found, date)]
    return min(days, key=lambda found: abs(found - near)) if days else nearest[0]


def _day(year: str, month: str, day: str) -> date | Bad:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        swapped = 12 < int(month) <= 31 and 1 <= int(day) <= 12
        return Bad(key="month_before_day" if swapped else "not_a_date")


# Times of day and windows

_TIME = re.compile(
    r"(\d{1,2})"
    r"(?:\s*(?:(h|g|gio|:)\s*(\d{1,2}|ruoi)?|([.])\s*(\d{2}))"
    r"(?:\s*(?::|p|ph|phut|m)\s*(\d{1,2})?)?)?"
    r"\s*(am|pm|a\.m\.|p\.m\.|sa|ch|sang|trua|chieu|toi)?"
)
_RANGE = re.compile(r"\s*(?:[-–—−~→]|\bden\b|\btoi\b(?=\s*\d)|\bto\b|\buntil\b)\s*")
_BETWEEN = re.compile(r"[;,\n&+/|]|\bva\b|\bhoac\b|\band\b|\bor\b")
_HALF = re.compile(r"(sang|trua|chieu|toi)\s+(?=.*\d)(.*)")
_ANY_TIME = frozenset(
    (
        "ca ngay",
        "bat ky",
        "bat ki",
        "bat ky luc nao",
        "luc nao cung duoc",
        "khong hen",
        "any",
        "all day",
    )
)
_PARTS_OF_DAY: Mapping[str, tuple[TimeWindow, ...]] = {
    **dict.fromkeys(("sang", "morning", "am"), (MORNING,)),
    **dict.fromkeys(("chieu", "afternoon", "pm"), (AFTERNOON,)),
    **dict.fromkeys(("trua", "noon"), (_NOON,)),
    **dict.fromkeys(("toi", "evening"), (_EVENING,)),
    **dict.fromkeys(("hanh chinh", "gio hanh chinh", "office hours"), (MORNING, AFTERNOON)),
}


def parse_time(cell: Cell) -> int | Bad:
    """Return a time of day in seconds since midnight; a bare whole number is the hour."""
    if isinstance(cell, datetime | time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return seconds if 0 <= seconds <= _LAST_SECOND else Bad(key="not_a_time")
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return Bad(key="not_a_time")
    if isinstance(cell, int | float):
        if float(cell).is_integer() and 0 <= cell <= 47:
            return int(cell) * 3600
        # A fraction is a spreadsheet's time; 7.3 could be 7:30 or 7:18, so it is not guessed.
        return round(cell * DAY) if 0 < cell < 1 else Bad(key="not_a_time")
    return _time_from_text(fold(cell).lstrip("'"), "")


@lru_cache(maxsize=4096)
def _time_from_text(shown: str, half: str) -> int | Bad:
    match = _TIME.fullmatch(re.sub(r"^(?:luc|vao luc|at)\s+", "", shown))
    if match is None:
        return Bad(key="not_a_time")
    hour, minute = int(match[1]), match[3] or match[5] or "0"
    minutes, seconds = 30 if minute == "ruoi" else int(minute), int(match[6] or "0")
    half = (match[7] or half).replace(".", "")
    if half and hour > 12 and half in ("am", "sa", "sang"):
        return Bad(key="not_a_time")
    if (half in ("pm", "ch", "chieu", "toi") and hour < 12) or (half == "trua" and hour < 4):
        hour += 12
    elif half in ("am", "sa") and hour == 12:
        hour = 0
    if hour > 47 or minutes > 59 or seconds > 59:
        return Bad(key="not_a_time")
    return hour * 3600 + minutes * 60 + seconds


def parse_windows(cell: Cell) -> tuple[TimeWindow, ...] | Bad:
    """
    Return when service may begin, sorted and merged; an empty tuple means at any time.

    Reads `7h30-11h`, `7:30-11:30; 13:00-17:00`, `sáng`, `trước 10h`, `sau 15h`, `2-4h chiều`.
    """
    if not isinstance(cell, str):
        return Bad(key="not_a_window")
    return _windows_from_text(cell)


@lru_cache(maxsize=4096)
def _windows_from_text(text: str) -> tuple[TimeWindow, ...] | Bad:
    windows: list[TimeWindow] = []
    # Line ends separate windows, and folding would make them blanks.
    for part in _BETWEEN.split(fold(text.replace("\n", ";"))):
        shown = re.sub(r"^(?:buoi|khung gio|gio phat|hen)\s+", "", part.strip(" ().'"))
        if not shown:
            continue
        if shown in _ANY_TIME:
            return ()
        found = _PARTS_OF_DAY.get(shown) or _window(shown)
        if isinstance(found, Bad):
            return found
        windows.extend(found)
    return merged(windows)


def merged(windows: list[TimeWindow]) -> tuple[TimeWindow, ...]:
    """Return the windows sorted, those that touch or overlap joined."""
    joined: list[TimeWindow] = []
    for window in sorted(windows, key=lambda w: (w.start, w.end)):
        if joined and window.start <= joined[-1].end:
            last = joined.pop()
            window = TimeWindow(start=last.start, end=max(last.end, window.end))
        joined.append(window)
    return tuple(joined)


def window_between(start: int, end: int) -> TimeWindow | Bad:
    """Return the window, or what is wrong with it."""
    if end < start:
        return Bad(key="window_ends_first", facts={"start": clock(start), "end": clock(end)})
    return TimeWindow(start=start, end=end)


def _window(shown: str) -> tuple[TimeWindow, ...] | Bad:
    half = ""
    if match := _HALF.fullmatch(shown):
        half, shown = match[1], match[2]
    if match := re.fullmatch(r"(?:truoc|before|cham nhat|muon nhat|<)\s*(.+)", shown):
        limit = _time_from_text(match[1], half)
        return limit if isinstance(limit, Bad) else (TimeWindow(start=0, end=limit),)
    if match := re.fullmatch(r"(?:sau|after|from|>)\s*(.+)", shown):
        since = _time_from_text(match[1], half)
        return since if isinstance(since, Bad) else (TimeWindow(start=since, end=DAY),)
    ends = _RANGE.split(re.sub(r"^(?:tu|from)\s+", "", shown))
    if len(ends) != 2:
        lone = len(ends) == 1 and isinstance(_time_from_text(ends[0], half), int)
        return Bad(key="window_one_time" if lone else "not_a_window")
    end = _time_from_text(ends[1], half)
    tail = re.search(r"(am|pm|sa|ch|sang|trua|chieu|toi)$", ends[1])
    start = _time_from_text(ends[0], half or (tail[1] if tail else ""))
    if isinstance(start, int) and isinstance(end, int) and start > end:
        # In "10h-2h chiều" the half of the day belongs to the end only.
        plain = _time_from_text(ends[0], "")
        start = plain if isinstance(plain, int) and plain <= end else start
    if isinstance(start, Bad) or isinstance(end, Bad):
        return Bad(key="not_a_window")
    window = window_between(start, end)
    return window if isinstance(window, Bad) else (window,)
