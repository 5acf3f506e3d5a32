"""
Single values as people write them: numbers, amounts, dates, times, phones, yes and no.

Every function takes one cell and returns the value or a `Bad`, never an exception: a wrong cell is
a finding in somebody's table. The cell may be a text or what a spreadsheet holds (numbers, dates,
times, truth values). Vietnamese habits come first: day before month, a comma for decimals, a point
between thousands, `7h30` for half past seven.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import phonenumbers

from geo.text import compose, fold

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""What a table can hold in one cell."""

_LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A cell that cannot be read: the key of its message, and what the message names."""

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell holds nothing to read."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_of(cell: Cell) -> str:
    """Return the cell as a person sees it: composed letters, whole numbers without `.0`."""
    if isinstance(cell, str):
        shown = " ".join(cell.split()) if cell.isascii() else compose(cell)
        # The apostrophe is the spreadsheet's own "this is text" mark, also written by our files.
        return shown[1:] if len(shown) > 1 and shown[0] == "'" and shown[1] in "'=+-@" else shown
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "có" if cell else "không"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        return clock(int(cell.total_seconds()))
    return str(cell)


def clock(seconds: int) -> str:
    """Return seconds since midnight as `7:30`, with seconds only where there are any."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}" + (f":{left:02}" if left else "")


# Numbers and amounts

_SPREADSHEET_SHORTENED = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_AMOUNT = re.compile(r"([+-]?)\s*(\d[\d.,' ]*|[.,]\d+)\s*([a-z][a-z0-9 ]*)?\.?")
_GROUPS = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*")
_BOX = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*[x*×]\s*(\d+(?:[.,]\d+)?)\s*[x*×]\s*(\d+(?:[.,]\d+)?)\s*(cm|mm|m)?"
)

MASS: Mapping[str, int] = {
    **dict.fromkeys(("g", "gr", "gam", "gram", "grams"), 1),
    "lang": 100,
    **dict.fromkeys(("kg", "kgs", "ky", "ki", "kilogram", "kilograms"), 1000),
    "ta": 100_000,
    **dict.fromkeys(("tan", "ton", "t"), 1_000_000),
}
VOLUME: Mapping[str, int] = {
    **dict.fromkeys(("cm3", "cc", "ml"), 1),
    **dict.fromkeys(("l", "lit", "litre", "liter", "dm3"), 1000),
    "m3": 1_000_000,
}
MONEY: Mapping[str, int] = {
    **dict.fromkeys(("d", "dong", "vnd", "vn d"), 1),
    **dict.fromkeys(("k", "nghin", "ngan", "nghin dong", "ngan dong"), 1000),
    **dict.fromkeys(("tr", "trieu", "trieu dong"), 1_000_000),
}
LENGTH: Mapping[str, int] = {"m": 1, "met": 1, "metres": 1, "km": 1000, "kilomet": 1000}
DURATION: Mapping[str, int] = {
    **dict.fromkeys(("s", "giay", "sec", "seconds"), 1),
    **dict.fromkeys(("p", "ph", "phut", "min", "minutes"), 60),
    **dict.fromkeys(("h", "g", "gio", "tieng", "hour", "hours"), 3600),
}
COUNT: Mapping[str, int] = dict.fromkeys(
    ("", "lan", "kien", "cai", "chiec", "goi", "bo", "diem", "ho so", "x"), 1
)


def parse_number(cell: Cell, *, decimal: bool = False) -> Decimal | Bad:
    """
    Return a plain number.

    Parameters
    ----------
    decimal
        How to read one separator before exactly three digits, as in `1.500`: True makes it one
        and a half, False fifteen hundred.
    """
    found = _split_amount(cell, decimal=lambda _unit: decimal)
    if isinstance(found, Bad):
        return found
    value, unit = found
    return value if not unit else Bad(key="not_a_number")


def parse_amount(
    cell: Cell, *, units: Mapping[str, int], default: str, least: int = 0, whole: bool = False
) -> int | Bad:
    """
    Return an amount in its smallest unit, rounded half up.

    Parameters
    ----------
    units
        Folded names of the units with their factors.
    default
        The unit of a value that names none.
    least
        The smallest value that makes sense.
    whole
        Refuse fractions instead of rounding them.
    """

    def decimal(unit: str) -> bool:
        # Nobody sends 1.500 kg in a letter bag, and nobody weighs 1.5 g.
        return units.get(unit or default, 1) > 1

    if units is VOLUME and isinstance(cell, str) and (box := _BOX.fullmatch(fold(cell))):
        sides = [Decimal(side.replace(",", ".")) for side in box.groups()[:3]]
        scale = {"mm": Decimal("0.1"), "m": Decimal(100)}.get(box[4] or "cm", Decimal(1))
        return _rounded(sides[0] * sides[1] * sides[2] * scale**3, least)
    found = _split_amount(cell, decimal=decimal)
    if isinstance(found, Bad):
        return found
    value, unit = found
    factor = units.get(unit or default)
    if factor is None:
        shown = {factor: name for name, factor in reversed(list(units.items())) if name}
        return Bad(key="unknown_unit", facts={"units": ", ".join(reversed(list(shown.values())))})
    if whole and value % 1:
        return Bad(key="not_whole")
    return _rounded(value * factor, least)


def is_shortened(shown: str) -> bool:
    """Tell whether a spreadsheet has written a long number as `1.23E+11` and lost its digits."""
    return _SPREADSHEET_SHORTENED.fullmatch(shown) is not None


def names_no_unit(cell: Cell) -> bool:
    """Tell whether a cell is a bare number with a fraction, which hints at the unit meant."""
    found = _split_amount(cell, decimal=lambda _unit: False)
    return not isinstance(found, Bad) and not found[1] and found[0] % 1 != 0


def _rounded(value: Decimal, least: int) -> int | Bad:
    if value < least:
        return Bad(key="negative" if least == 0 else "too_small", facts={"least": str(least)})
    if value > _LARGEST:
        return Bad(key="too_large")
    return int(value + Decimal("0.5"))


def _split_amount(cell: Cell, *, decimal: Callable[[str], bool]) -> tuple[Decimal, str] | Bad:
    if isinstance(cell, bool) or cell is None:
        return Bad(key="not_a_number")
    if isinstance(cell, int | float):
        value = Decimal(str(cell))
        if not value.is_finite():
            return Bad(key="not_a_number")
        return (value, "") if abs(value) <= _LARGEST else Bad(key="too_large")
    if not isinstance(cell, str):
        return Bad(key="became_a_date")
    if cell.isascii() and cell.isdigit() and len(cell) <= 12:
        return Decimal(cell), ""
    shown = fold(cell).lstrip("'").strip()
    if is_shortened(shown):
        return Bad(key="shortened_number")
    match = _AMOUNT.fullmatch(shown.replace("₫", "d").replace("−", "-"))
    if match is None or len(shown) > 40:
        return Bad(key="not_a_number")
    sign, digits, unit = match[1], match[2].strip(), (match[3] or "").strip()
    plain = _plain_digits(digits, decimal=decimal(unit))
    if plain is None:
        return Bad(key="not_a_number")
    value = -Decimal(plain) if sign == "-" else Decimal(plain)
    return (value, unit) if abs(value) <= _LARGEST else Bad(key="too_large")


def _plain_digits(digits: str, *, decimal: bool) -> str | None:
    """Take out what groups thousands and make the decimal sign a point; None if it is neither."""
    digits = digits.rstrip(".,")
    if digits.isdigit():
        return digits
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last = max(digits.rfind("."), digits.rfind(","))
        whole, fraction = digits[:last], digits[last + 1 :]
        if digits[last] in whole or not fraction.isdigit() or not _GROUPS.fullmatch(whole):
            return None
        return _only_digits(whole) + "." + fraction
    if points + commas == 1 and " " not in digits and "'" not in digits:
        whole, fraction = re.split("[.,]", digits)
        if len(fraction) != 3 or decimal or whole in ("", "0") or len(whole) > 3:
            return (whole or "0") + "." + fraction
    return _only_digits(digits) if _GROUPS.fullmatch(digits) else None


def _only_digits(text: str) -> str:
    return re.sub(r"\D", "", text)


# Phones, yes and no

# A part of what is valid, for speed; all else is asked of the phone library.
_MOBILE = re.compile(r"(?:\+?84|0)?((?:3\d|5[689]|7[06-9]|8[1-8]|9[0-8])\d{7})")
_NUMBERS_APART = re.compile(r"[/;,\n|]|\s-\s|\bhoặc\b|\bhoac\b")
_WITHIN = re.compile(r"(?:\+?84|0)\d{9}")
# Eleven-digit mobile numbers became ten-digit ones on 2018-09-15.
_MOVED = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    **{f"16{digit}": f"3{digit}" for digit in range(2, 10)},
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
_OLD_MOBILE = re.compile(rf"(?:\+?84|0)?({'|'.join(_MOVED)})(\d{{7}})")


def is_mobile(phone: str) -> bool:
    """Tell whether a phone in E.164 is a Vietnamese mobile number."""
    return phone.startswith("+84") and _MOBILE.fullmatch(phone) is not None


def parse_phone(cell: Cell) -> str | Bad:
    """Return the first valid phone of the cell in E.164; without a country it is Vietnamese."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return Bad(key="not_a_phone")
    shown = text_of(cell).lstrip("'")
    if is_shortened(shown):
        return Bad(key="shortened_number")
    for part in [*_NUMBERS_APART.split(shown), *_WITHIN.findall(shown)]:
        digits = re.sub(r"\(0\)|[^\d+]", "", part)
        if match := _MOBILE.fullmatch(digits):
            return f"+84{match[1]}"
        if match := _OLD_MOBILE.fullmatch(digits):
            return f"+84{_MOVED[match[1]]}{match[2]}"
        if len(digits) < 7 or len(part) > 60:
            continue
        # A landline that a spreadsheet took for a number has lost its leading 0 as well.
        for tried in (part, f"0{digits}"):
            try:
                number = phonenumbers.parse(tried, "VN")
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Bad(key="not_a_phone")


_YES = frozenset(("co", "x", "1", "yes", "y", "true", "dung", "✓", "✔", "v", "bat buoc", "c"))
_NO = frozenset(("khong", "0", "no", "n", "false", "sai", "-", "ko", "k"))


def parse_yes_no(cell: Cell) -> bool | Bad:
    """Return yes or no; a blank cell is no."""
    if isinstance(cell, bool):
        return cell
    shown = fold(text_of(cell))
    if shown in _YES:
        return True
    return False if not shown or shown in _NO else Bad(key="not_yes_no")
