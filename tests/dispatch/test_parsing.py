"""Single values as people write them."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import parsing
from dispatch.parsing import Bad, Cell, clock, parse_amount, parse_number, parse_phone, parse_yes_no
from dispatch.parsing_times import DAY, parse_date, parse_time, parse_windows
from solver.model import TimeWindow

NEAR = date(2026, 11, 24)


def key_of(found: object) -> str:
    assert isinstance(found, Bad), found
    return found.key


@pytest.mark.parametrize(
    "written",
    [
        "24/11/2026",
        "24-11-26",
        "2026-11-24",
        "24.11",
        "24/11",
        "24 / 11 / 2026",
        "46350",
        46350,
        46350.75,
        "ngày 24 tháng 11 năm 2026",
        "24 tháng 11",
        "Thứ ba, 24/11/2026",
        "thứ 3 ngày 24/11",
        "T3 24/11/2026",
        "24/11/2026 17:00",
        "2026-11-24T10:00:00",
        "24-Nov-26",
        "24112026",
        "20261124",
        "hôm nay",
        "'24/11/2026",
        datetime(2026, 11, 24, 8, 0),  # noqa: DTZ001 - a spreadsheet's times know no zone
        date(2026, 11, 24),
    ],
)
def test_a_date_is_read_however_it_is_written(written: Cell) -> None:
    assert parse_date(written, near=NEAR) == NEAR


def test_a_date_without_a_year_is_the_one_nearest_to_the_day() -> None:
    # From 24 November 2026 the third of January is 40 days ahead, not 325 days back.
    assert parse_date("3/1", near=NEAR) == date(2027, 1, 3)
    assert parse_date("28/12", near=date(2027, 1, 2)) == date(2026, 12, 28)
    assert parse_date("mai", near=NEAR) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("11/24/2026", "month_before_day"),
        ("31/02/2026", "not_a_date"),
        ("x", "not_a_date"),
        ("24/11/1026", "not_a_date"),
        (0.5, "not_a_date"),
        (True, "not_a_date"),
        (time(7), "not_a_date"),
    ],
)
def test_what_is_no_date_is_told_apart(written: Cell, key: str) -> None:
    assert key_of(parse_date(written, near=NEAR)) == key


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((text, "7:30") for text in ("7h30", "7:30", "7g30", "07.30", "7 giờ 30", "7h rưỡi")),
        *((text, "7:30") for text in ("7h30p", "7:30 SA", "7:30 AM", "07:30:00", "7h30 sáng")),
        ("7h", "7:00"),
        ("7", "7:00"),
        (7, "7:00"),
        (0.3125, "7:30"),
        (time(7, 30), "7:30"),
        (timedelta(hours=7, minutes=30), "7:30"),
        ("7:30:15", "7:30:15"),
        ("2h chiều", "14:00"),
        ("1:30 CH", "13:30"),
        ("12:30 PM", "12:30"),
        ("12:00 AM", "0:00"),
        ("11h trưa", "11:00"),
        ("1h trưa", "13:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(written: Cell, expected: str) -> None:
    seconds = parse_time(written)
    assert isinstance(seconds, int)
    assert clock(seconds) == expected


@pytest.mark.parametrize("written", ["7:75", "abc", "48:00", 7.3, True, date(2026, 1, 1), -0.1])
def test_what_is_no_time_is_not_guessed(written: Cell) -> None:
    assert key_of(parse_time(written)) == "not_a_time"


@given(st.integers(0, 2 * DAY - 1))
def test_every_second_of_two_days_is_written_and_read_back(second: int) -> None:
    assert parse_time(clock(second)) == second


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7h30-11h", "7:30-11:00"),
        ("7:30-11:30; 13:00-17:00", "7:30-11:30 13:00-17:00"),
        ("13:00-17:00, 7:30-11:30", "7:30-11:30 13:00-17:00"),
        ("7:30 – 11:30 và 13:30 – 16:30", "7:30-11:30 13:30-16:30"),
        ("7:30-11:30\n13:00-17:00", "7:30-11:30 13:00-17:00"),
        ("8h-10h; 9h-11h", "8:00-11:00"),
        ("sáng", "7:30-11:30"),
        ("Buổi chiều", "13:30-17:00"),
        ("sáng 8h-10h", "8:00-10:00"),
        ("2-4h chiều", "14:00-16:00"),
        ("10h-2h chiều", "10:00-14:00"),
        ("trước 10h", "0:00-10:00"),
        ("sau 15h", "15:00-24:00"),
        ("từ 8h đến 10h", "8:00-10:00"),
        ("8h tới 10h", "8:00-10:00"),
        ("8:00 AM - 1:00 PM", "8:00-13:00"),
        ("giờ hành chính", "7:30-11:30 13:30-17:00"),
        ("cả ngày", ""),
    ],
)
def test_a_window_is_read_however_it_is_written(written: str, expected: str) -> None:
    windows = parse_windows(written)
    assert isinstance(windows, tuple)
    assert " ".join(f"{clock(w.start)}-{clock(w.end)}" for w in windows) == expected


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("17h-8h", "window_ends_first"),
        ("7:30-11:30; 17h-13h", "window_ends_first"),
        ("9h", "window_one_time"),
        ("mưa thì thôi", "not_a_window"),
        ("8h-25x", "not_a_window"),
        (8, "not_a_window"),
    ],
)
def test_a_wrong_window_says_what_is_wrong(written: Cell, key: str) -> None:
    assert key_of(parse_windows(written)) == key


@given(st.lists(st.tuples(st.integers(0, DAY), st.integers(0, 9000)), min_size=1, max_size=5))
def test_windows_come_back_sorted_and_apart(parts: list[tuple[int, int]]) -> None:
    text = "; ".join(f"{clock(start)}-{clock(start + length)}" for start, length in parts)
    windows = parse_windows(text)
    assert isinstance(windows, tuple)
    assert all(a.end < b.start for a, b in itertools.pairwise(windows))
    for start, length in parts:
        inside = TimeWindow(start=start, end=start + length)
        assert any(w.start <= inside.start and inside.end <= w.end for w in windows)


@pytest.mark.parametrize(
    ("written", "default", "grams"),
    [
        ("1,5 kg", "g", 1500),
        ("1.500 g", "g", 1500),
        ("0.8kg", "g", 800),
        ("1.500 kg", "g", 1500),  # three decimals of a kilogram, not a tonne and a half
        ("1.500", "kg", 1500),
        ("1500", "g", 1500),
        ("1.250,5 g", "g", 1251),  # rounded half up
        ("2 ký", "g", 2000),
        ("3 lạng", "g", 300),
        (1.5, "kg", 1500),
        (0, "g", 0),
    ],
)
def test_weights_come_out_in_grams(written: Cell, default: str, grams: int) -> None:
    assert parse_amount(written, units=parsing.MASS, default=default) == grams


@pytest.mark.parametrize(
    ("written", "dong"),
    [
        ("1.250.000đ", 1_250_000),
        ("1,250,000 đồng", 1_250_000),
        ("1 250 000 VNĐ", 1_250_000),
        ("35.000", 35_000),
        ("150k", 150_000),
        ("1,5 triệu", 1_500_000),
        ("12 nghìn", 12_000),
        (35000.0, 35_000),
    ],
)
def test_money_comes_out_in_dong(written: Cell, dong: int) -> None:
    assert parse_amount(written, units=parsing.MONEY, default="d") == dong


@pytest.mark.parametrize(
    ("written", "cubic_cm"),
    [("30x20x10", 6000), ("30 x 20 x 10 cm", 6000), ("300×200×100mm", 6000), ("6 lít", 6000)],
)
def test_a_size_is_a_volume(written: str, cubic_cm: int) -> None:
    assert parse_amount(written, units=parsing.VOLUME, default="cm3") == cubic_cm


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("-3", "negative"),
        (-0.5, "negative"),
        ("abc", "not_a_number"),
        ("1.25.5", "not_a_number"),
        ("", "not_a_number"),
        (None, "not_a_number"),
        (True, "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
        ("3 thùng", "unknown_unit"),
        ("1.23E+11", "shortened_number"),
        ("9" * 14, "too_large"),
        (date(2026, 11, 24), "became_a_date"),
    ],
)
def test_a_wrong_amount_says_what_is_wrong(written: Cell, key: str) -> None:
    assert key_of(parse_amount(written, units=parsing.MASS, default="g")) == key


def test_fractions_of_things_are_refused() -> None:
    found = parse_amount("1,5", units=parsing.COUNT, default="", least=1, whole=True)
    assert key_of(found) == "not_whole"
    assert parse_amount("3 kiện", units=parsing.COUNT, default="", least=1, whole=True) == 3
    assert key_of(parse_amount("0", units=parsing.COUNT, default="", least=1)) == "too_small"


@given(st.integers(0, 10**11))
def test_grouped_thousands_are_read_back(number: int) -> None:
    for written in (f"{number}", f"{number:,}", f"{number:,}".replace(",", ".")):
        assert parse_number(written) == Decimal(number)


@pytest.mark.parametrize(
    "written",
    [
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "(0912) 345678",
        "+84 912 345 678",
        "+84 (0)912345678",
        "84912345678",
        "912345678",
        912345678,
        912345678.0,
        "'0912345678",
        "0912345678 / 0987654321",
        "0912345678; 0987654321",
        "0912345678 0987654321",
        "0912345678 - 0987",
        "ĐT: 0912 345 678",
    ],
)
def test_a_phone_in_any_form_becomes_the_same_number(written: Cell) -> None:
    assert parse_phone(written) == "+84912345678"


def test_other_phones() -> None:
    assert parse_phone("(0210) 3846 123") == "+842103846123"
    assert parse_phone(2103846123) == "+842103846123"
    assert parse_phone("+86 138 0013 8000") == "+8613800138000"
    # Numbers of eleven digits were moved in September 2018: 0168 became 038.
    assert parse_phone("0168 234 5678") == "+84382345678"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("12", "not_a_phone"),
        ("không có", "not_a_phone"),
        ("0112345678", "not_a_phone"),
        ("9.12E+08", "shortened_number"),
        (True, "not_a_phone"),
        (date(2026, 1, 1), "not_a_phone"),
    ],
)
def test_what_is_no_phone(written: Cell, key: str) -> None:
    assert key_of(parse_phone(written)) == key


@given(st.integers(300_000_000, 999_999_999))
def test_the_short_cut_for_mobiles_agrees_with_the_phone_library(number: int) -> None:
    parsed = phonenumbers.parse(f"+84{number}", None)
    if parsing.is_mobile(f"+84{number}"):
        assert phonenumbers.is_valid_number(parsed)
    if phonenumbers.is_valid_number(parsed):
        assert parse_phone(f"0{number}") == f"+84{number}"


def test_yes_and_no() -> None:
    assert [parse_yes_no(cell) for cell in ("có", "X", "1", "yes", True, 1)] == [True] * 6
    assert [parse_yes_no(cell) for cell in ("không", "0", "", None, False, "no")] == [False] * 6
    assert key_of(parse_yes_no("có lẽ")) == "not_yes_no"


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.text(alphabet="0123456789.,:;-/hgkđ sáng", max_size=20),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@given(CELLS)
def test_no_cell_whatever_raises(cell: Cell) -> None:
    assert isinstance(parsing.text_of(cell), str)
    parse_number(cell)
    parse_amount(cell, units=parsing.MASS, default="g")
    parse_amount(cell, units=parsing.VOLUME, default="cm3")
    parse_date(cell, near=NEAR)
    parse_time(cell)
    parse_windows(cell)
    parse_phone(cell)
    parse_yes_no(cell)
    parsing.names_no_unit(cell)
