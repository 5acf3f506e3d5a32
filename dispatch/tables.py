"""
Bytes to rows: the CSV and spreadsheet files that offices really send.

Rows carry the number that a spreadsheet shows for them: the first row is 1, blank rows count, and a
cell with a line end in it does not make a row more.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from dispatch.errors import RowFinding, TableError
from dispatch.import_messages import KINDS, finding
from dispatch.parsing import Bad, Cell, is_blank

_MOST_BYTES = 64 * 1024 * 1024
_MOST_CELLS = 12_000_000
_LONGEST_RECORD = 50
_DELIMITERS = (",", ";", "\t", "|")

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"RIFF", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"{\\rtf", "rtf"),
    (b"7z\xbc\xaf", "zip"),
    (b"Rar!", "zip"),
    (b"\x1f\x8b", "zip"),
)
# What Python raises at archives that are cut off, altered, encrypted or packed in odd ways.
_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError, KeyError)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


IsHeader = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row that is not blank: its number as a person counts, and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    The rows of a file that are not blank, the header among them.

    Parameters
    ----------
    form
        How it was read, for people: "CSV, UTF-8" or "XLSX".
    warnings
        What was odd but did not stop the reading.
    """

    file: str
    rows: tuple[TableRow, ...]
    form: str
    warnings: tuple[RowFinding, ...] = ()


def read_table(
    data: bytes, *, file: str, is_header: IsHeader | None = None, lang: str = "vi"
) -> Table:
    """
    Return the rows of a CSV, XLSX, XLS or ODS file, told by content and not by name.

    Parameters
    ----------
    file
        Its name, for messages.
    is_header
        Tells whether a text is a known header; settles which delimiter the file has.
    lang
        "vi" or "en", the language of the findings.

    Raises
    ------
    TableError
        It is no such file, or is empty, damaged or too large.
    """
    kind = _kind(data)
    if kind in ("xlsx", "xls", "ods"):
        return _spreadsheet(data, kind, file=file, lang=lang)
    if kind != "text":
        if kind in KINDS["vi"]:
            raise _refusal("not_a_table", file, lang, kind=KINDS[lang][kind])
        raise _refusal(kind, file, lang)
    return _delimited(data, file=file, is_header=is_header, lang=lang)


def _refusal(key: str, file: str, lang: str, **facts: str) -> TableError:
    return TableError(file, [finding(Bad(key=key, facts=facts), file=file, lang=lang)])


def _megabytes(size: float) -> str:
    return f"{size / 1024 / 1024:.0f} MB"


def _kind(data: bytes) -> str:
    """Return text, xlsx, xls or ods, a key of `KINDS`, or the key of a refusal."""
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        return "empty_file"
    for signature, kind in _SIGNATURES:
        # Two letters alone may begin a heading: a bitmap's header is binary from byte 6 on.
        if data.startswith(signature) and (signature != b"BM" or data[6:10] == bytes(4)):
            return kind
    if data.startswith(_OLE):
        return "xls"
    if data.startswith(b"PK"):
        return _kind_of_archive(data)
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<div", b"<meta", b"<style")):
        return "web"
    if start.startswith(b"<?xml"):
        return "web" if b"<html" in start else "xml"
    if start.startswith((b'{"', b"{\n", b"{\r", b"[{", b"[\n", b"{ ")):
        return "json"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _utf16_without_mark(data):
        return "text"
    sample = data[:65536]
    odd = sum(sample.count(bytes((code,))) for code in range(32) if code not in (9, 10, 11, 12, 13))
    return "binary" if odd > len(sample) / 100 else "text"


def _kind_of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if sum(entry.file_size for entry in archive.infolist()) > 8 * _MOST_BYTES:
                return "zip"
            if "mimetype" in names and b"spreadsheet" in archive.read("mimetype"):
                return "ods"
    except _DAMAGED:
        return "damaged"
    for part, kind in (("xl/", "xlsx"), ("word/", "word"), ("ppt/", "slides")):
        if any(name.startswith(part) for name in names):
            return kind
    return "zip"


# Spreadsheets

_CELL_WITH_CONTENT = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_ODS_PART = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell|table)\b([^>]*?)(/?)>", re.DOTALL
)
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d+)"')


def _spreadsheet(data: bytes, kind: str, *, file: str, lang: str) -> Table:
    if len(data) > _MOST_BYTES:
        raise _refusal(
            "too_big", file, lang, size=_megabytes(len(data)), most=_megabytes(_MOST_BYTES)
        )
    try:
        cells = _cells_spanned(data, kind)
        if cells > _MOST_CELLS:
            raise _refusal("too_big", file, lang, size=f"{cells:.1e}", most=f"{_MOST_CELLS:.1e}")
        return _first_sheet(data, kind, file=file, lang=lang)
    except PasswordError:
        raise _refusal("password", file, lang) from None
    except (CalamineError, *_DAMAGED):
        if kind == "xls":
            raise _refusal("not_a_table", file, lang, kind=KINDS[lang]["ole"]) from None
        raise _refusal("damaged", file, lang) from None


def _first_sheet(data: bytes, kind: str, *, file: str, lang: str) -> Table:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in workbook.sheet_names:
        try:
            sheet = workbook.get_sheet_by_name(name)
        except CalamineError:
            # Charts and macro sheets have no cells; a damaged sheet shows when none is left.
            continue
        if sheet.start is None:
            continue
        first, left = sheet.start
        rows = tuple(
            TableRow(number=number, cells=(None,) * left + tuple(row))
            for number, row in enumerate(sheet.to_python(skip_empty_area=True), start=first + 1)
            if not all(is_blank(cell) for cell in row)
        )
        if not rows:
            continue
        others = [other for other in workbook.sheet_names if other != name]
        warnings = []
        if others:
            told = Bad(key="other_sheets", facts={"sheet": name, "others": ", ".join(others[:5])})
            warnings.append(finding(told, file=file, lang=lang))
        return Table(file=file, rows=rows, form=kind.upper(), warnings=tuple(warnings))
    raise _refusal("no_rows", file, lang)


def _cells_spanned(data: bytes, kind: str) -> int:
    """
    Return the area of the largest sheet.

    A reader lays a sheet out as one block of memory, so that a single cell in the far corner of an
    otherwise empty sheet would ask for hundreds of gigabytes.
    """
    if kind == "xls":
        return 0  # the format itself ends at 65,536 rows of 256 columns
    most = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if kind == "xlsx" and name.startswith("xl/worksheets/") and name.endswith(".xml"):
                most = max(most, _xlsx_area(archive.read(name)))
            elif kind == "ods" and name == "content.xml":
                most = max(most, _ods_area(archive.read(name)))
    return most


def _xlsx_area(sheet: bytes) -> int:
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    for match in _CELL_WITH_CONTENT.finditer(sheet):
        columns.add(match[1])
        rows.add(match[2])
    if not rows:
        return 0
    across = [
        sum((code - 64) * int(26**place) for place, code in enumerate(reversed(letters)))
        for letters in columns
    ]
    down = [int(row) for row in rows]
    return (max(down) - min(down) + 1) * (max(across) - min(across) + 1)


def _ods_area(content: bytes) -> int:
    most = row = column = last_row = last_column = 0
    for match in _ODS_PART.finditer(content):
        what, attributes, closed = match[1], match[2], match[3]
        found = _REPEATED.search(attributes)
        times = int(found[1]) if found else 1
        if what == b"table":
            most, row, last_row, last_column = max(most, last_row * last_column), 0, 0, 0
        elif what == b"table-row":
            row, column = row + times, 0
        else:
            column += times
            if not closed or b"value" in attributes:
                last_row, last_column = max(last_row, row), max(last_column, column)
    return max(most, last_row * last_column)


# Text


def _delimited(data: bytes, *, file: str, is_header: IsHeader | None, lang: str) -> Table:
    if len(data) > _MOST_BYTES:
        raise _refusal(
            "too_big", file, lang, size=_megabytes(len(data)), most=_megabytes(_MOST_BYTES)
        )
    text, encoding, clean = _decode(data)
    if not encoding:
        raise _refusal("old_encoding", file, lang)
    warnings = []
    if not clean:
        told = Bad(key="odd_letters", facts={"encoding": encoding})
        warnings.append(finding(told, file=file, lang=lang))
    # Only what ends a line in a file ends one here: str.splitlines knows eight more.
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    if lines and not lines[-1]:
        lines.pop()
    delimiter = ""
    if lines and (match := re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)):
        # A spreadsheet takes this line as an order and does not show it.
        delimiter = match[1]
        del lines[0]
    rows = []
    delimiter = delimiter or _delimiter(lines, is_header)
    for number, (cells, whole) in enumerate(_records(lines, delimiter), 1):
        if not whole:
            warnings.append(finding(Bad(key="open_quote"), file=file, row=number, lang=lang))
        if any(not is_blank(cell) for cell in cells):
            rows.append(TableRow(number=number, cells=tuple(cells)))
    if not rows:
        raise _refusal("empty_file", file, lang)
    return Table(file=file, rows=tuple(rows), form=f"CSV, {encoding}", warnings=tuple(warnings))


def _delimiter(lines: Sequence[str], is_header: IsHeader | None) -> str:
    """Return the delimiter that shows most known headers, or gives most rows the same width."""
    head = [line for line in lines[:40] if line.strip()]

    def score(delimiter: str) -> tuple[int, int, int]:
        rows = [cells for cells, _ in _records(head, delimiter)]
        known = 0
        if is_header is not None:
            known = max(sum(map(is_header, filter(None, row))) for row in rows[:15])
        wide = [len(row) for row in rows if len(row) > 1]
        if not wide:
            return known, 0, 0
        usual = max(set(wide), key=lambda width: (wide.count(width), width))
        return known, wide.count(usual), usual

    return max(_DELIMITERS, key=score) if head else ","


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[list[str], bool]]:
    """
    Yield each record and whether its quotes were in order.

    A quote that is opened and never closed would swallow all rows up to the next quote. A record of
    several lines that has no end, or another width than the first rows, is therefore taken back:
    its first line stands for itself and the reading goes on with the next.
    """
    start, width = 0, 0
    while start < len(lines):
        whole, taken = True, 1
        cells = lines[start].rstrip("\r\n").split(delimiter)
        if '"' in lines[start]:
            window = lines[start : start + _LONGEST_RECORD]
            reader = csv.reader(window, delimiter=delimiter, strict=True)
            try:
                parsed, taken = next(reader), reader.line_num
                whole = taken == 1 or width <= 2 or len(parsed) == width
            except csv.Error:
                # An inch sign or a quoted word within a cell is no fault of the row.
                whole = lines[start].count('"') % 2 == 0 and len(lines[start]) < 100_000
                parsed = next(csv.reader([lines[start]], delimiter=delimiter)) if whole else cells
            cells, taken = (parsed, taken) if whole else (cells, 1)
        if start < 20:
            width = max(width, len(cells))
        start += taken
        yield cells, whole


# Encodings

# TCVN3 writes its letters on places where Windows-1258 has signs that no word contains.
_SIGNS_OF_1258 = frozenset((*range(0xA1, 0xB4), *range(0xB5, 0xBA), 0xBB, 0xBC, 0xBD, 0xBE))


def _utf16_without_mark(data: bytes) -> str:
    sample = data[:4096]
    half = len(sample) // 2
    if half < 4:
        return ""
    if sample[1::2].count(0) > 0.4 * half and sample[0::2].count(0) < 0.05 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * half and sample[1::2].count(0) < 0.05 * half:
        return "utf-16-be"
    return ""


def _decode(data: bytes) -> tuple[str, str, bool]:
    """Return the text in composed letters, the encoding's name ("" = refused), and no losses."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16", "UTF-16")
    if codec := _utf16_without_mark(data):
        return _decoded(data, codec, "UTF-16")
    try:
        return unicodedata.normalize("NFC", data.decode("utf-8-sig")), "UTF-8", True
    except UnicodeDecodeError:
        pass
    high = [byte for byte in data if byte >= 0x80]
    lenient = data.decode("utf-8-sig", errors="replace")
    if lenient.count("\ufffd") * 20 < len(high):
        # A few bytes cut off or pasted in do not make a UTF-8 file another one.
        return unicodedata.normalize("NFC", lenient), "UTF-8", False
    if sum(byte in _SIGNS_OF_1258 for byte in high) * 5 > len(high):
        return "", "", False
    return _decoded(data, "cp1258", "Windows-1258")


def _decoded(data: bytes, codec: str, name: str) -> tuple[str, str, bool]:
    text = unicodedata.normalize("NFC", data.decode(codec, errors="replace"))
    return text.removeprefix("\ufeff"), name, "\ufffd" not in text
