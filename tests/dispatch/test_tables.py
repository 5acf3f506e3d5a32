"""From bytes to rows: encodings, delimiters, spreadsheets, and what is no table."""

from __future__ import annotations

import io
import time
import unicodedata
import zipfile
from datetime import date
from datetime import time as clock_time
from random import Random

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import TableError
from dispatch.import_messages import KINDS
from dispatch.tables import read_table

ROWS = [
    ["Mã đơn", "Địa chỉ"],
    ["DA1", "Khu 3, xã Chân Mộng, huyện Đoan Hùng"],
    ["DA2", "ắằẳẵặ ỷỹỵ Ợ"],
]
CSV = "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in ROWS)


def cells(data: bytes) -> list[list[object]]:
    return [list(row.cells) for row in read_table(data, file="f").rows]


def refusal(data: bytes, lang: str = "en") -> str:
    with pytest.raises(TableError) as caught:
        read_table(data, file="f.csv", lang=lang)
    assert caught.value.file == "f.csv"
    assert len(caught.value.findings) == 1
    return str(caught.value)


def windows_1258(text: str) -> bytes:
    """Encode as old Windows programs do: the tone follows its letter as a mark of its own."""
    out = []
    for letter in text:
        base, *marks = list(unicodedata.normalize("NFD", letter))
        tones = [m for m in marks if m in "\u0300\u0301\u0303\u0309\u0323"]
        shape = unicodedata.normalize("NFC", base + "".join(m for m in marks if m not in tones))
        out.append((shape + "".join(tones)).encode("cp1258"))
    return b"".join(out)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (CSV.encode(), "CSV, UTF-8"),
        (("\ufeff" + CSV).encode(), "CSV, UTF-8"),
        (unicodedata.normalize("NFD", CSV).encode(), "CSV, UTF-8"),
        (("\ufeff" + CSV).encode("utf-16-le"), "CSV, UTF-16"),
        (("\ufeff" + CSV).encode("utf-16-be"), "CSV, UTF-16"),
        (CSV.encode("utf-16-le"), "CSV, UTF-16"),
        (windows_1258(CSV), "CSV, Windows-1258"),
    ],
)
def test_every_encoding_that_offices_send_gives_the_same_composed_text(
    data: bytes, form: str
) -> None:
    table = read_table(data, file="f")
    assert table.form == form
    assert [list(row.cells) for row in table.rows] == ROWS
    assert table.warnings == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = delimiter.join(("a", "b", "c")) + "\n" + delimiter.join(("1", "2", "3")) + "\n"
    assert cells(text.encode()) == [["a", "b", "c"], ["1", "2", "3"]]


def test_commas_in_addresses_do_not_hide_semicolons_between_cells() -> None:
    text = "Mã;Địa chỉ\n1;Khu 3, xã A, huyện B\n2;Khu 4, xã A, huyện B, tỉnh C\n"
    assert cells(text.encode())[1] == ["1", "Khu 3, xã A, huyện B"]


def test_a_spreadsheets_own_delimiter_line_is_obeyed_and_not_counted() -> None:
    table = read_table(b"sep=;\r\na;b\r\n1;2\r\n", file="f")
    assert [(row.number, row.cells) for row in table.rows] == [(1, ("a", "b")), (2, ("1", "2"))]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    # Row 2 holds a line end in quotes, row 3 is blank: the last row is number 4 on the screen.
    table = read_table(b'a,b\n1,"x\ny"\n\n2,z\n', file="f")
    assert [(row.number, row.cells) for row in table.rows] == [
        (1, ("a", "b")),
        (2, ("1", "x\ny")),
        (4, ("2", "z")),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_all_line_ends_count_alike(ending: str) -> None:
    assert cells(ending.join(("a,b", "1,2", "3,4")).encode()) == [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
    ]


def test_a_quote_that_never_closes_swallows_no_row() -> None:
    table = read_table(b'a,b,c\n1,"open,3\n2,x,3\n3,y,4\n4,"fine, sir",5\n', file="f", lang="en")
    assert [row.cells for row in table.rows[1:]] == [
        ("1", '"open', "3"),
        ("2", "x", "3"),
        ("3", "y", "4"),
        ("4", "fine, sir", "5"),
    ]
    assert [(w.row, w.what) for w in table.warnings] == [
        (2, "a double quote is opened and never closed")
    ]


def test_two_stray_quotes_do_not_merge_the_rows_between_them() -> None:
    table = read_table(b'a,b,c\n1,"x,3\n2,y,3\n3,"z,4\n', file="f")
    assert [row.number for row in table.rows] == [1, 2, 3, 4]


def test_an_inch_sign_is_no_quote() -> None:
    table = read_table('a,b\n1,màn hình 24" cũ\n2,x\n'.encode(), file="f")
    assert table.rows[1].cells == ("1", 'màn hình 24" cũ')
    assert table.warnings == ()


def test_letters_in_tcvn3_are_recognised_and_refused() -> None:
    # "Mã đơn,Địa chỉ" as a font of the nineties wrote it.
    told = refusal(b"M\xb7 \xae\xacn,\xa7\xdea ch\xd8\n1,Th\xde tr\xcan \xa7oan H\xafng\n")
    assert "TCVN3" in told
    assert "Unicode" in told


def test_a_few_broken_bytes_do_not_change_the_encoding_but_are_told() -> None:
    data = CSV.encode() * 20 + b"DA9,\xff\r\n"
    table = read_table(data, file="f", lang="en")
    assert table.form == "CSV, UTF-8"
    assert "UTF-8" in table.warnings[0].what


def workbook(*sheets: list[list[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    hour = book.add_format({"num_format": "hh:mm"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                style = {date: day, clock_time: hour}.get(type(cell))
                sheet.write(r, c, cell, style)
    book.close()
    return out.getvalue()


def test_a_spreadsheet_gives_its_values_and_its_row_numbers() -> None:
    data = workbook(
        [],
        [
            [],
            ["", "Mã", "Ngày", "Giờ", "SĐT", "Có"],
            [],
            ["", "x", date(2026, 11, 24), clock_time(7, 30), 912345678, True],
        ],
    )
    table = read_table(data, file="f", lang="en")
    assert table.form == "XLSX"
    assert [row.number for row in table.rows] == [2, 4]
    assert table.rows[1].cells == (
        None, "x", date(2026, 11, 24), clock_time(7, 30), 912345678.0, True,
    )  # fmt: skip
    assert "“Sheet2” was read" in table.warnings[0].what


def test_a_spreadsheet_without_rows_is_refused() -> None:
    assert "has no rows" in refusal(workbook([]))


def test_twenty_thousand_rows_of_a_spreadsheet_take_seconds() -> None:
    data = workbook([[f"DA{r}", "Khu 3, xã A", r, 1.5, "x", ""] for r in range(20_000)])
    begin = time.process_time()
    assert len(read_table(data, file="f").rows) == 20_000
    assert time.process_time() - begin < 3


def packed(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return out.getvalue()


def test_a_cell_in_the_far_corner_does_not_ask_for_all_the_memory_there_is() -> None:
    # Two cells span 17 billion; the reader would lay all of them out.
    good = workbook([["a"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                part = part.replace(b"</sheetData>", far)
            new.writestr(name, part)
    assert "too large" in refusal(out.getvalue())


def open_document(rows: str) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(f'xmlns:{n}="{office}{n}:1.0"' for n in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0"?><office:document-content {names}><office:body>'
        f'<office:spreadsheet><table:table table:name="A">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest '
        f'xmlns:manifest="{office}manifest:1.0"></manifest:manifest>'
    )
    return packed(mimetype=mimetype, content_xml=content, **{"META-INF__manifest_xml": manifest})


CELL = '<table:table-cell office:value-type="string"{}><text:p>x</text:p></table:table-cell>'


def test_an_open_document_is_read_and_its_bombs_are_not() -> None:
    row = f"<table:table-row>{CELL.format('')}{CELL.format('')}</table:table-row>"
    many = '<table:table-row table:number-rows-repeated="1048000">'
    blank = f"{many}<table:table-cell/></table:table-row>"
    assert cells(open_document(row + row + blank)) == [["x", "x"], ["x", "x"]]
    wide = CELL.format(' table:number-columns-repeated="16000"')
    bomb = f'<table:table-row table:number-rows-repeated="1000000">{wide}</table:table-row>'
    assert "too large" in refusal(open_document(bomb))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\r\n \n", "the file is empty"),
        (b",,,\n,,\n", "the file is empty"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "an image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "an image"),
        (b"PK\x03\x04 rubbish", "damaged"),
        (packed(a="x"), "an archive"),
        (packed(word__document_xml="x"), "a Word document"),
        (packed(xl__workbook_xml="x"), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Office file"),
        (b"<html><table><tr><td>1</td></tr></table>", "a web page"),
        (b'<?xml version="1.0"?><rows/>', "an XML file"),
        (b'{"orders": []}', "a JSON file"),
        (b"{\\rtf1 x}", "an RTF document"),
        (bytes(range(256)) * 20, "a binary file"),
    ],
)
def test_what_is_no_table_is_named_with_a_remedy(data: bytes, said: str) -> None:
    told = refusal(data)
    assert said in told
    assert "; " in told
    assert refusal(data, lang="vi") != told


def test_every_kind_of_file_has_a_name_in_both_languages() -> None:
    assert KINDS["vi"].keys() == KINDS["en"].keys()


@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_but_a_table_error(data: bytes) -> None:
    try:
        assert read_table(data, file="f").rows
    except TableError as refused:
        remedies = [one.remedy for one in refused.findings]
    else:
        remedies = ["none is needed"]
    assert all(remedies)


def test_no_damage_to_a_spreadsheet_raises_anything_but_a_table_error() -> None:
    good = workbook([["x", 3.5, date(2026, 11, 24), True]] * 4)
    random = Random(1)
    refused = 0
    for _ in range(400):
        data = bytearray(good)
        for _ in range(random.randint(1, 6)):
            data[random.randrange(len(data))] = random.randrange(256)
        try:
            read_table(bytes(data), file="f")
        except TableError:
            refused += 1
    assert refused > 200


@given(st.lists(st.text(alphabet='ab",\n;', max_size=12), min_size=1, max_size=30))
def test_no_line_is_lost_whatever_its_quotes(lines: list[str]) -> None:
    # Every letter that stands in the file stands in some cell.
    text = "\n".join(["a,b,c", *lines])
    found = "".join(str(cell) for row in cells(text.encode()) for cell in row)
    assert sorted(c for c in found if c in "abc") == sorted(c for c in text if c in "abc")


@pytest.mark.parametrize("row", ['1,"x,2\n', '"1","x",2\n', '"1,x,2\n', '"1""",x,2\n', '"\n'])
def test_broken_quotes_in_every_row_cost_seconds_and_no_row(row: str) -> None:
    data = ("a,b,c\n" + row * 20_000).encode()
    begin = time.process_time()
    assert len(read_table(data, file="f").rows) == 20_001
    assert time.process_time() - begin < 3
