from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from dispatch import messages
from dispatch.messages import (
    clock,
    day_name,
    dong,
    kilometres,
    minutes,
    money,
    number,
    placeholders,
)
from dispatch.model import LeftOutReason, OrderKind, Service, VehicleKind
from dispatch.views import RowKind
from solver.model import Cost, ViolationCode

VI, EN = messages.messages("vi"), messages.messages("en")
SOURCES = Path(messages.__file__).parent


def test_both_catalogues_have_the_same_keys_in_the_same_order() -> None:
    assert list(VI) == list(EN)


@pytest.mark.parametrize("key", list(VI))
def test_a_text_has_the_same_placeholders_in_both_languages(key: str) -> None:
    assert VI[key].strip()
    assert EN[key].strip()
    assert placeholders(VI[key]) == placeholders(EN[key])


def test_everything_that_the_office_can_say_has_a_text() -> None:
    needed = {
        *(f"left_out.{reason.value}" for reason in LeftOutReason),
        *(f"remedy.{reason.value}" for reason in LeftOutReason),
        *(f"violation.{code.value}" for code in ViolationCode),
        *(f"service.{service.value}" for service in Service),
        *(f"service_short.{service.value}" for service in Service),
        *(f"order_kind.{kind.value}" for kind in OrderKind),
        *(f"vehicle.{kind.value}" for kind in VehicleKind),
        *(f"row.{kind.value}" for kind in RowKind),
        *(f"cost.{name}" for name in Cost.__dataclass_fields__),
    }
    assert needed <= set(VI)


def test_every_key_named_in_the_map_s_script_exists() -> None:
    script = (SOURCES / "templates" / "map_panel.js").read_text(encoding="utf-8")
    named = set(re.findall(r'word\("([a-z_.]+)"\)', script))
    named |= set(re.findall(r'"((?:map|kpi|column|manifest)\.[a-z_.]+[a-z])"', script))
    assert len(named) > 30
    assert named <= set(VI)


def test_every_key_named_in_the_sources_exists() -> None:
    named = {
        key
        for name in ("exports", "manifest", "views", "kpis", "day_map", "messages")
        for key in re.findall(
            r'(?<![a-z_.])text\(\s*"([a-z_]+(?:\.[a-z_]+)*)"',
            (SOURCES / f"{name}.py").read_text(encoding="utf-8"),
        )
    }
    assert "manifest.version" in named
    assert named <= set(VI)


def test_vietnamese_numbers_have_dots_for_thousands_and_a_comma_for_decimals() -> None:
    assert number(1234567.5, decimals=1) == "1.234.567,5"
    assert number(1234567.5, "en", decimals=1) == "1,234,567.5"
    assert money(125000) == "125.000 đ"
    assert kilometres(12345) == "12,3 km"


def test_thousandths_become_dong_half_up() -> None:
    assert (dong(1499), dong(1500), dong(0)) == (1, 2, 0)


def test_a_clock_shows_the_minute_that_has_begun_and_a_lateness_counts_it_whole() -> None:
    assert clock(7 * 3600 + 20 * 60 + 59) == "07:20"
    assert minutes(61) == "2 phút"


def test_a_day_is_written_with_its_weekday() -> None:
    # 24 November 2026 is a Tuesday.
    assert day_name(date(2026, 11, 24)) == "Thứ Ba, 24/11/2026"
    assert day_name(date(2026, 11, 24), "en") == "Tuesday, 24/11/2026"


def test_an_unknown_key_is_an_error_not_an_empty_text() -> None:
    with pytest.raises(KeyError):
        messages.text("no.such.key")
