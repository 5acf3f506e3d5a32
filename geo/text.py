"""
Vietnamese text made comparable: letters without marks, lower case, single spaces.

Offices send the same word in many encodings: composed (NFC), decomposed (NFD), and the halfway form
that Windows-1258 leaves behind (a composed vowel followed by a combining tone). All fold alike.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that carry their bar in the glyph and not as a combining mark, so that no normal form
# takes it off. The eths stand for đ in texts converted from old Vietnamese code pages.
_BARRED = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ɖ": "d", "Ɖ": "d"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
_TOKEN = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """
    Return the text in lower case, without accents, đ as d, runs of blanks as one space.

    Punctuation is kept. `fold` of a folded text is the same text.

    Parameters
    ----------
    text
        Any text, composed, decomposed or half of each.

    Examples
    --------
    >>> fold("  Thị xã   PHÚ THỌ, Đoan Hùng ")
    'thi xa phu tho, doan hung'
    """
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        # Twice, because a case folding can bring out a mark that was not there (İ becomes i̇).
        text = _bare(_bare(text).casefold())
    else:
        text = text.lower()
    return _SPACES.sub(" ", text).strip()


def tokens(text: str) -> list[str]:
    """
    Return the folded words and numbers of a text, in order, without punctuation.

    Examples
    --------
    >>> tokens("Số 12 ngõ 1806/127, P.Gia Cẩm")
    ['so', '12', 'ngo', '1806', '127', 'p', 'gia', 'cam']
    """
    return _TOKEN.findall(fold(text))


def compose(text: str) -> str:
    """Return the text as people should see it: composed letters (NFC), single spaces."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _INVISIBLE.sub("", text))).strip()


def _bare(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.translate(_BARRED))
    return "".join(c for c in spread if not unicodedata.combining(c)).translate(_BARRED)
