"""Text folding: one word, many encodings."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.text import compose, fold, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Việt Trì", "viet tri"),
        ("  ĐOAN   HÙNG ", "doan hung"),
        ("Ấm Hạ", "am ha"),
        ("Thị trấn Hưng Hoá", "thi tran hung hoa"),
        ("Hà Lương\u00a0Ước", "ha luong uoc"),
        ("Ðoan Hùng", "doan hung"),  # eth, as old converters write it
        ("", ""),
    ],
)
def test_accents_case_and_blanks_are_folded_away(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_every_normal_form_folds_alike(form: str) -> None:
    text = "Xã Đại Nghĩa, huyện Đoan Hùng, tỉnh Phú Thọ"
    assert fold(unicodedata.normalize(form, text)) == "xa dai nghia, huyen doan hung, tinh phu tho"  # type: ignore[arg-type]


def test_windows_1258_leaves_a_vowel_and_a_combining_tone() -> None:
    # Code page 1258 has ê and a combining dot below, but no ệ.
    text = "Vi\u00ea\u0323t Tri\u0300".encode("cp1258").decode("cp1258")
    assert text != "Việt Trì"
    assert fold(text) == "viet tri"
    assert compose(text) == "Việt Trì"


def test_zero_width_characters_do_not_split_words() -> None:
    assert fold("Vi\u200bệt\ufeff Trì") == "viet tri"


def test_tokens_keep_alley_numbers_in_order() -> None:
    assert tokens("Số 12 ngõ 1806/127/2, P.Gia Cẩm") == [
        *("so", "12", "ngo", "1806", "127", "2"),
        *("p", "gia", "cam"),
    ]


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạệửĐẦ ,./0123", max_size=40))
def test_vietnamese_text_folds_to_plain_ascii(text: str) -> None:
    assert fold(text).isascii()
