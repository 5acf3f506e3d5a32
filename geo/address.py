"""
A Vietnamese address taken apart: words, segments, what each word may be, which stand in a street.

Nothing here knows the names of places; it knows how addresses are written: "số 12 ngõ 5 đường
Hùng Vương, P. Gia Cẩm, TP Việt Trì".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from geo.text import compose, fold

_SEGMENT = re.compile(r"[,;|()\[\]\n\t•]+|\s+[-–—]+\s+")
_WORD = re.compile(r"[^\W_]+(?:/[^\W_]+)*")
# T.P., T.X. and T.T. with or without blanks are one word.
_DOTTED = re.compile(r"\bt\s?\.\s?([pxt])\b\.?", re.IGNORECASE)
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")

# Words before a name that tell what it is. With accents the word must be the right one: "xá" in
# Cao Xá is no "xã", "ngô" in Ngô Xá no "ngõ".
_KINDS: dict[tuple[str, ...], str] = {
    ("xã",): "xã",
    ("x",): "xã",
    ("phường",): "phường",
    ("p",): "phường",
    ("ph",): "phường",
    ("f",): "phường",
    ("thị", "trấn"): "thị trấn",
    ("t", "trấn"): "thị trấn",
    ("tt",): "thị trấn",
    ("ttr",): "thị trấn",
    ("huyện",): "huyện",
    ("h",): "huyện",
    ("thị", "xã"): "thị xã",
    ("t", "xã"): "thị xã",
    ("tx",): "thị xã",
    ("txã",): "thị xã",
    ("thành", "phố"): "thành phố",
    ("t", "phố"): "thành phố",
    ("tp",): "thành phố",
    ("tph",): "thành phố",
    ("quận",): "quận",
    ("q",): "quận",
    ("tỉnh",): "tỉnh",
    ("t",): "tỉnh",
}
COMMUNE_KINDS = frozenset({"xã", "phường", "thị trấn"})

# Words that open a street, an alley or a house: a name right behind belongs to them.
_STREETS = frozenset({
    *("số", "sn", "nhà", "ngõ", "ngách", "hẻm", "kiệt", "đường", "đg", "phố", "lộ", "ql"),
    *("tl", "dốc", "cầu", "chợ", "ngã", "trường", "cty", "công", "tòa", "tầng", "căn", "kcn"),
    *("cạnh", "gần", "cổng", "chung", "cụm"),
})  # fmt: skip
# Words that open a hamlet: a number closes it ("khu 3 Gia Cẩm"), a name does not.
_HAMLETS = frozenset({"khu", "k", "xóm", "thôn", "tổ", "tdp", "đội", "ấp", "bản", "kdc"})
_COUNTRY = frozenset({"vietnam", "vn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """
    One word of an address.

    Parameters
    ----------
    plain
        Folded.
    marked
        With its accents, the tone moved to the end, so that "hoà" and "hòa" are the same.
    accented
        Whether the writer put any accent on a word of its segment.
    segment
        Which part between commas it stands in.
    """

    plain: str
    marked: str
    accented: bool
    segment: int

    @property
    def number(self) -> bool:
        """Whether it has a digit."""
        return any(c.isdigit() for c in self.plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    The words of an address and what is known of them without knowing any place.

    Parameters
    ----------
    kinds
        For each word, the kind of unit that the words right before it announce, or "".
    prefix_lengths
        For each word, how many words that announcement takes, or 0.
    street_depth
        For each word, how many words after a street or hamlet word it stands; 0 for none.
    street_openers
        For each word, which word is that street or hamlet word (itself for one), or -1.
    silent
        Words that say nothing about the place: numbers, the country, announcements.
    """

    words: tuple[Word, ...]
    kinds: tuple[str, ...]
    prefix_lengths: tuple[int, ...]
    street_depth: tuple[int, ...]
    street_openers: tuple[int, ...]
    silent: tuple[bool, ...]

    def joined(self, first: int, after: int) -> str:
        """Return the folded words without blanks."""
        return "".join(w.plain for w in self.words[first:after])

    def marked(self, first: int, after: int) -> str:
        """Return the words with accents, tones last, without blanks."""
        return "".join(w.marked for w in self.words[first:after])


def read(text: str) -> Address:
    """Return an address taken apart."""
    tidy = _DOTTED.sub(r" t\1 ", compose(text).replace("\n", ","))
    words: list[Word] = []
    for number, segment in enumerate(_SEGMENT.split(tidy)):
        parts = [_word(raw) for raw in _WORD.findall(segment)]
        accented = any(mark for _, _, mark in parts)
        words += [
            Word(plain=plain, marked=marked, accented=accented, segment=number)
            for plain, marked, _ in parts
        ]
    size = len(words)
    kinds, lengths, silent = [""] * size, [0] * size, [False] * size
    for i, word in enumerate(words):
        silent[i] = word.number or word.plain in _COUNTRY
        for length in (2, 1):
            kind = _announced(words, i, length)
            if kind:
                kinds[i], lengths[i] = kind, length
                break
    for i in range(size):
        for k in range(i - lengths[i], i):
            silent[k] = True
    if size >= 2 and (words[-2].plain, words[-1].plain) == ("viet", "nam"):
        silent[-1] = silent[-2] = True
    depths, openers = _streets(words, lengths)
    return Address(
        words=tuple(words),
        kinds=tuple(kinds),
        prefix_lengths=tuple(lengths),
        street_depth=depths,
        street_openers=openers,
        silent=tuple(silent),
    )


@lru_cache(maxsize=65_536)
def marks(text: str) -> str:
    """Return a name with its accents, tones at the end of each word, without blanks."""
    return "".join(_word(raw)[1] for raw in _WORD.findall(compose(text)))


@lru_cache(maxsize=65_536)
def _word(raw: str) -> tuple[str, str, bool]:
    spread = unicodedata.normalize("NFD", raw.lower())
    tones = "".join(c for c in spread if c in _TONES)
    letters = "".join(c for c in spread if c not in _TONES)
    return fold(raw), unicodedata.normalize("NFC", letters) + tones, not raw.isascii()


def _same(word: Word, known: str) -> bool:
    plain, marked, _ = _word(known)
    return word.plain == plain and (not word.accented or word.marked == marked)


def _announced(words: list[Word], at: int, length: int) -> str:
    if at < length:
        return ""
    before = words[at - length : at]
    if any(w.segment != words[at].segment for w in before):
        return ""
    for known, kind in _ANNOUNCED.get(tuple(w.plain for w in before), ()):
        if all(map(_same, before, known)):
            return kind
    return ""


def _streets(words: list[Word], lengths: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    depths, openers = [0] * len(words), [-1] * len(words)
    depth, opener, hamlet = 0, -1, False
    for i, word in enumerate(words):
        if lengths[i] or (i and words[i - 1].segment != word.segment):
            depth, opener = 0, -1
        if any(_same(word, known) for known in _OPENINGS.get(word.plain, ())):
            depth, opener, hamlet = 1, i, word.plain in _HAMLET_WORDS
            openers[i] = i
            continue
        if opener < 0:
            continue
        openers[i] = opener
        if word.number:
            # "ngõ 5 Hùng Vương" goes on, "khu 3 Gia Cẩm" does not.
            depth, opener = (0, -1) if hamlet else (1, opener)
            continue
        depths[i] = depth
        depth += 1
    return tuple(depths), tuple(openers)


_ANNOUNCED: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = {}
for _known, _kind in _KINDS.items():
    _ANNOUNCED.setdefault(tuple(fold(w) for w in _known), []).append((_known, _kind))
_HAMLET_WORDS = frozenset(fold(w) for w in _HAMLETS)
_OPENINGS: dict[str, tuple[str, ...]] = {}
for _w in sorted(_STREETS | _HAMLETS):
    _OPENINGS[fold(_w)] = (*_OPENINGS.get(fold(_w), ()), _w)
