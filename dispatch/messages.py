"""
Every text that people read in outputs, one catalogue per language, and how figures are written.

Texts are found by key; `{placeholders}` are filled with values already written for the reader.
Vietnamese comes first: it is the language of the office, English is the courtesy. The catalogues
are `templates/messages_vi.json` and `templates/messages_en.json`, for translators to edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Literal

Language = Literal["vi", "en"]

LANGUAGES: tuple[Language, ...] = ("vi", "en")


@cache
def messages(lang: Language) -> Mapping[str, str]:
    """Return the whole catalogue of one language, by key."""
    file = files("dispatch").joinpath("templates", f"messages_{lang}.json")
    return MappingProxyType(json.loads(file.read_text(encoding="utf-8")))


def text(key: str, lang: Language = "vi", **values: object) -> str:
    """
    Return one text of the catalogue with its placeholders filled.

    Raises
    ------
    KeyError
        No text has this key, or a placeholder of it has no value.
    """
    return messages(lang)[key].format(**values)


def known(key: str) -> bool:
    """Tell whether the catalogue has a text of this key."""
    return key in messages("vi")


def catalogue(prefix: str, lang: Language = "vi") -> dict[str, str]:
    """Return all texts whose keys begin with `prefix`, by the rest of their keys."""
    return {
        key.removeprefix(prefix): words
        for key, words in messages(lang).items()
        if key.startswith(prefix)
    }


def placeholders(words: str) -> frozenset[str]:
    """Return the names of the placeholders in a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


# ---- figures ------------------------------------------------------------------------------------


def number(value: float, lang: Language = "vi", *, decimals: int = 0) -> str:
    """Write a number: 1.234,5 in Vietnamese, 1,234.5 in English."""
    written = f"{value:,.{decimals}f}"
    if lang == "vi":
        written = written.translate(str.maketrans(",.", ".,"))
    return written


def dong(thousandths: int) -> int:
    """Turn thousandths of a đồng, as `solver` counts, into whole đồng, half up."""
    return (thousandths + 500) // 1000


def money(amount: int, lang: Language = "vi") -> str:
    """Write whole đồng: 125.000 đ."""
    return f"{number(amount, lang)} đ"


def clock(seconds: int) -> str:
    """Write a time of day as hours and minutes, the begun minute: 07:20."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def hours(seconds: int, lang: Language = "vi") -> str:
    """Write a length of time as hours with one decimal."""
    return number(seconds / 3600, lang, decimals=1)


def minutes(seconds: int, lang: Language = "vi") -> str:
    """Write a length of time in minutes, a begun minute counting whole."""
    return text("unit.minutes", lang, value=number(-(-seconds // 60), lang))


def kilometres(metres: int, lang: Language = "vi") -> str:
    """Write a distance: 12,3 km."""
    return f"{number(metres / 1000, lang, decimals=1)} km"


def kilograms(grams: int, lang: Language = "vi") -> str:
    """Write a weight: 3,5 kg."""
    return f"{number(grams / 1000, lang, decimals=1)} kg"


def share(part: float, lang: Language = "vi") -> str:
    """Write a share of 1 as a percentage: 97,5 %."""
    return f"{number(part * 100, lang, decimals=1)} %"


def day_name(day: date, lang: Language = "vi") -> str:
    """Write a date with its weekday: Thứ Ba, 24/11/2026."""
    return f"{text(f'weekday.{day.weekday()}', lang)}, {day:%d/%m/%Y}"
