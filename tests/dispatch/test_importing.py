"""Orders read from files: every bad row told, every good one kept."""

from __future__ import annotations

import csv
import io
import string
import time
from datetime import date
from random import Random

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import TableError
from dispatch.import_columns import FLEET, OFFICES, ORDERS, Column, key_of
from dispatch.import_messages import CATALOGUES
from dispatch.importing import (
    read_fleet,
    read_offices,
    read_orders,
    summarise,
    write_rejected,
)
from dispatch.model import (
    Address,
    Order,
    OrderKind,
    Service,
)
from geo.types import LatLon
from solver.model import TimeWindow
from tests.dispatch.reading import DAY, LETTERS, orders, said

# ---- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Mã đơn,Loại,Dịch vụ,Địa chỉ,Người nhận,Điện thoại,Khối lượng (g),Thu hộ",
        "MÃ VẬN ĐƠN,LOẠI,DỊCH VỤ,ĐỊA CHỈ,KHÁCH HÀNG,SĐT,TRỌNG LƯỢNG (gram),COD (VNĐ)",
        "ma buu gui,loai viec,loai dich vu,dia chi phat,ten nguoi nhan,di dong,kl,tien thu ho",
        "Order ID,Kind,Service,Address,Recipient,Phone,Weight (g),COD",
        "id,type,product,full address,customer name,phone number,grams,amount",
    ],
)
def test_headers_are_known_in_both_languages_with_and_without_accents(header: str) -> None:
    read = orders(f"{header}\nDA1,phát,EMS,Khu 3,Lê Thị Hoa,0912345678,350,25.000đ\n")
    assert read.findings == ()
    assert read.warnings == ()
    assert read.good == (
        Order(
            id="DA1",
            kind=OrderKind.DELIVERY,
            service=Service.EMS,
            address=Address(text="Khu 3"),
            customer="Lê Thị Hoa",
            phone="+84912345678",
            grams=350,
            cash=25_000,
            row=2,
        ),
    )


def test_columns_may_stand_in_any_order() -> None:
    read = orders("Địa chỉ,Thu hộ,Mã đơn\nKhu 3,5000,DA1\n")
    assert (read.good[0].id, read.good[0].address.text, read.good[0].cash) == ("DA1", "Khu 3", 5000)


def test_titles_above_the_header_are_passed_over() -> None:
    read = orders("BẢNG KÊ NGÀY 24/11/2026,,\n,,\nMã đơn,Địa chỉ,Ghi chú\nDA1,Khu 3,\n")
    assert [order.row for order in read.good] == [4]


def test_missing_columns_are_told_one_by_one_with_the_headers_that_would_do() -> None:
    read = orders("Tên,Màu\nHoa,đỏ\nLan,xanh\n")
    assert [one.field for one in read.findings] == ["Order id", "Address"]
    assert "Mã đơn, Order id, mã vận đơn" in read.findings[0].remedy
    assert (read.rows_read, len(read.good), len(read.rejected)) == (2, 0, 2)


def test_unknown_columns_are_named_and_ignored() -> None:
    read = orders("Mã đơn,Địa chỉ,Màu,Cỡ\nDA1,Khu 3,đỏ,L\n")
    assert len(read.good) == 1
    assert [one.what for one in read.warnings] == ["unknown columns: “Màu”, “Cỡ”"]


def test_two_columns_of_one_meaning_are_told() -> None:
    read = orders("Mã đơn,Địa chỉ,Địa chỉ nhận\nDA1,Khu 3,Khu 4\n")
    assert read.good[0].address.text == "Khu 3"
    assert said(read.warnings) == [(1, "Địa chỉ nhận", "this column means the same as “Địa chỉ”")]


def test_a_mapping_says_what_headers_do_not() -> None:
    text = "Số hiệu kiện,Nơi ở,Địa chỉ\nDA1,Khu 3,tầng 2\n"
    read = orders(text, mapping={"id": "Số hiệu kiện", "address": "nơi ở", "note": "Địa chỉ"})
    assert read.findings == ()
    assert (read.good[0].id, read.good[0].address.text) == ("DA1", "Khu 3")
    assert read.good[0].note == "tầng 2"
    assert read.columns["address"] == "Nơi ở"


def test_a_mapping_that_does_not_fit_is_told() -> None:
    read = orders("Mã đơn,Địa chỉ\nDA1,Khu 3\n", mapping={"note": "Lời nhắn", "colour": "Màu"})
    assert [one.what for one in read.findings] == [
        "the file has no column “Lời nhắn” as it was mapped",
        "there is no field colour",
    ]
    assert len(read.good) == 1


def test_what_was_recognised_can_be_remembered_as_a_mapping() -> None:
    text = 'MÃ VẬN ĐƠN,địa chỉ giao,kl (kg)\nDA1,Khu 3,"1,5"\n'
    first = orders(text)
    again = orders(text, mapping=first.columns)
    assert again == first
    assert again.good[0].grams == 1500


@pytest.mark.parametrize("columns", [ORDERS, FLEET, OFFICES])
def test_no_two_columns_share_a_header_that_we_write(columns: tuple[Column, ...]) -> None:
    for headers in ([key_of(c.vi) for c in columns], [key_of(c.en) for c in columns]):
        assert len(set(headers)) == len(headers)


# ---- values -------------------------------------------------------------------------------------


def test_the_unit_of_a_weight_comes_from_the_value_then_the_header_then_the_column() -> None:
    def grams(header: str, *cells: str) -> list[int]:
        rows = "".join(f'DA{k},x,"{cell}"\n' for k, cell in enumerate(cells))
        return [order.grams for order in orders(f"id,address,{header}\n{rows}").good]

    assert grams("Khối lượng (g)", "350", "1,5 kg", "1.500") == [350, 1500, 1500]
    assert grams("Khối lượng (kg)", "2", "0,35", "350 g") == [2000, 350, 350]
    assert grams("Khối lượng", "350", "40") == [350, 40]
    # A bare 0.8 can only be kilograms, and then the 2 beside it is two kilograms as well.
    assert grams("Khối lượng", "0.8", "2") == [800, 2000]


def test_a_guessed_unit_is_told() -> None:
    read = orders("id,address,Khối lượng\nDA1,x,0.8\n")
    assert "taken as kg" in read.warnings[0].what


def test_windows_come_from_one_column_or_from_two() -> None:
    both = orders("id,address,Từ giờ,Đến giờ\nDA1,x,7h30,11h\nDA2,x,13h,\nDA3,x,,9h\nDA4,x,,\n")
    assert [order.windows for order in both.good] == [
        (TimeWindow(start=27_000, end=39_600),),
        (TimeWindow(start=46_800, end=86_400),),
        (TimeWindow(start=0, end=32_400),),
        (),
    ]
    one = orders("id,address,Khung giờ\nDA1,x,7h30-11h\n")
    assert one.good[0].windows == both.good[0].windows


def test_commune_and_district_columns_complete_the_address() -> None:
    read = orders(
        "id,Địa chỉ,Phường/Xã,Quận/Huyện\n"
        "1,Khu 3,Chân Mộng,Đoan Hùng\n"
        '2,"Khu 3, xã Chân Mộng",Chân Mộng,Đoan Hùng\n'
        "3,,Chân Mộng,Đoan Hùng\n"
        "4,Khu 3,07894,\n"
    )
    assert [order.address for order in read.good] == [
        Address(text="Khu 3, Chân Mộng", district="Đoan Hùng"),
        Address(text="Khu 3, xã Chân Mộng", district="Đoan Hùng"),
        Address(text="Chân Mộng", district="Đoan Hùng"),
        Address(text="Khu 3", commune="07894"),
    ]


def test_points_are_read_from_two_columns_or_one() -> None:
    two = orders('id,address,Vĩ độ,Kinh độ\n1,x,21.3227,105.402\n2,x,"21,3227","105,402"\n')
    one = orders('id,address,Tọa độ\n1,x,"21.3227, 105.402"\n2,x,"(21,3227; 105,402)"\n')
    assert {order.address.point for order in (*two.good, *one.good)} == {
        LatLon(lat=21.3227, lon=105.402)
    }


def test_wrong_points_say_how() -> None:
    read = orders("id,address,lat,lon\n1,x,105.4,21.3\n2,x,21.3,\n3,x,95,105\n4,x,a,b\n")
    assert said(read.findings) == [
        (2, "lat", "latitude and longitude are exchanged"),
        (3, "lon", "only one of latitude and longitude is given"),
        (4, "lat", "not a latitude"),
        (5, "lat", "not a latitude"),
        (5, "lon", "not a longitude"),
    ]


def test_what_a_spreadsheet_holds_is_read_as_what_it_means() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Mã đơn", "Địa chỉ", "SĐT", "Hạn", "Từ giờ", "Mã xã", "Khối lượng (kg)"])
    sheet.write_row(1, 0, [123456, "Khu 3", 912345678])
    sheet.write_datetime(1, 3, date(2026, 11, 25), book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_number(1, 4, 0.3125, book.add_format({"num_format": "hh:mm"}))
    sheet.write_number(1, 5, 7894)
    sheet.write_number(1, 6, 1.5)
    book.close()
    read = orders(out.getvalue())
    assert read.findings == ()
    assert read.good == (
        Order(
            id="123456",
            kind=OrderKind.DELIVERY,
            service=Service.ORDINARY,
            address=Address(text="Khu 3", commune="07894"),
            phone="+84912345678",
            due=date(2026, 11, 25),
            windows=(TimeWindow(start=27_000, end=86_400),),
            grams=1500,
            row=2,
        ),
    )


# ---- bad rows -----------------------------------------------------------------------------------


def test_every_bad_field_of_a_row_is_told_at_once_and_the_good_rows_are_kept() -> None:
    read = orders(
        "Mã đơn,Loại,Địa chỉ,Khối lượng (g),Thu hộ,Khung giờ,Hạn,Số lần phát\n"
        "DA1,phát,Khu 3,100,0,sáng,25/11,0\n"
        ",bay,,-1,abc,17h-8h,32/13,một\n"
        "DA2,thu gom,Khu 4,200,0,chiều,26/11,1\n"
    )
    assert [order.id for order in read.good] == ["DA1", "DA2"]
    assert [(row.row, row.cells[1]) for row in read.rejected] == [(3, "bay")]
    assert {(one.row, one.field, one.value) for one in read.findings} == {
        (3, "Mã đơn", ""),
        (3, "Loại", "bay"),
        (3, "Địa chỉ", ""),
        (3, "Khối lượng (g)", "-1"),
        (3, "Thu hộ", "abc"),
        (3, "Khung giờ", "17h-8h"),
        (3, "Hạn", "32/13"),
        (3, "Số lần phát", "một"),
    }
    assert all(one.what and one.remedy for one in read.findings)


def test_a_duplicate_names_the_first_row() -> None:
    read = orders("Mã đơn,Địa chỉ\nDA1,a\nDA2,b\nda1,c\nDA1,d\n")
    assert [order.address.text for order in read.good] == ["a", "b"]
    assert said(read.findings) == [
        (4, "Mã đơn", "the same as row 2"),
        (5, "Mã đơn", "the same as row 2"),
    ]


def test_a_window_that_ends_before_it_starts_is_told_from_two_columns_too() -> None:
    read = orders("id,address,Từ giờ,Đến giờ\nDA1,x,11h,7h30\n")
    assert said(read.findings) == [(2, "Từ giờ", "the window ends (7:30) before it starts (11:00)")]


def test_a_due_date_in_the_past_is_a_warning_and_no_loss() -> None:
    read = orders("id,address,Hạn\nDA1,x,20/11/2026\nDA2,x,24/11/2026\n")
    assert [order.due for order in read.good] == [date(2026, 11, 20), DAY]
    assert said(read.warnings) == [(2, "Hạn", "the due date has passed")]


def test_a_wrong_phone_is_a_warning_and_no_loss() -> None:
    read = orders("id,address,SĐT\nDA1,x,12\n")
    assert read.good[0].phone == ""
    assert said(read.warnings) == [(2, "SĐT", "not a phone number")]


def test_a_transfer_needs_somewhere_to_go() -> None:
    read = orders("id,Loại,Địa chỉ,Địa chỉ đến\n1,chuyển,a,b\n2,chuyển,a,\n")
    assert read.good[0].to_address == Address(text="b")
    assert said(read.findings) == [
        (3, "Địa chỉ đến", "a transfer without an address to carry it to")
    ]


def test_cells_beyond_the_header_are_told() -> None:
    read = orders("id,address\nDA1,Khu 3,xã A,huyện B\n")
    assert read.good[0].address.text == "Khu 3"
    assert read.warnings[0].what == "the row has more cells than the header"


def test_an_id_that_a_spreadsheet_has_shortened_is_refused() -> None:
    read = orders("id,address\n1.23457E+12,x\n")
    assert read.findings[0].what == "Excel has shortened this number and lost digits"


def test_a_header_without_rows_is_told() -> None:
    read = orders("Mã đơn,Địa chỉ\n")
    assert [one.what for one in read.findings] == ["the table has no rows"]
    assert read.rows_read == 0


def test_findings_are_vietnamese_unless_asked_otherwise() -> None:
    read = read_orders("Mã đơn,Địa chỉ\n,a\n".encode(), file="don.csv", day=DAY)
    assert read.findings[0].what == "ô bắt buộc bị trống"
    assert read.findings[0].remedy == "điền Mã đơn"


def test_long_values_are_cut_in_messages() -> None:
    read = orders(f"id,address,cash\nDA1,x,{'y' * 500}\n")
    assert len(read.findings[0].value) == 60


def test_rejected_rows_come_back_as_a_file_to_correct() -> None:
    read = orders("Mã đơn,Địa chỉ,Thu hộ\nDA1,Khu 3,-5\nDA2,Khu 4,7\n")
    again = orders(write_rejected(read).replace("-5", "5"))
    assert [(order.id, order.cash) for order in again.good] == [("DA1", 5)]


# ---- rubbish ------------------------------------------------------------------------------------

HEADER = [column.vi for column in ORDERS]


def rubbish(rows: int) -> str:
    random = Random(1)
    letters = string.ascii_letters + string.digits + ".,:-/đ "
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for _ in range(rows):
        writer.writerow(["".join(random.choices(letters, k=6)) for _ in HEADER])
    return out.getvalue()


def test_ten_thousand_rows_of_rubbish_are_all_told_in_a_few_lines_and_seconds() -> None:
    data = rubbish(10_000)
    begin = time.process_time()
    read = orders(data)
    groups = summarise(read.findings)
    spent = time.process_time() - begin
    assert len(read.good) + len(read.rejected) == 10_000
    assert len({one.row for one in read.findings}) == len(read.rejected)
    assert sum(group.count for group in groups) == len(read.findings)
    # Faults that name a row or a value make groups of their own; the first tell nearly everything.
    assert sum(group.count for group in groups[:30]) > 0.9 * len(read.findings)
    assert all(len(group.rows) <= 5 for group in groups)
    assert spent < 10


def test_twenty_thousand_good_rows_are_read_in_seconds() -> None:
    header = "Mã đơn,Loại,Dịch vụ,Địa chỉ,Điện thoại,Khối lượng (g),Thu hộ,Khung giờ,Hạn,Ghi chú"
    rows = [
        f'DA{k:09}VN,phát,hồ sơ,"Khu {k % 14}, xã Xuân Sơn",0912{k:06},{k % 900} g,{k % 900}.000đ'
        ",7h30-11h,25/11/2026,gọi trước"
        for k in range(20_000)
    ]
    data = "\n".join([header, *rows])
    begin = time.process_time()
    read = orders(data)
    spent = time.process_time() - begin
    assert len(read.good) == 20_000
    assert spent < 5


CELL = st.one_of(
    LETTERS,
    st.sampled_from(
        ["", "DA1", "phát", "7h30-11h", "25/11", "-1", "0912345678", "1,5 kg", '"', "'"]
    ),
)


@settings(deadline=None)
@given(
    header=st.lists(st.sampled_from([*HEADER, "", "màu"]), min_size=1, max_size=12),
    rows=st.lists(st.lists(CELL, max_size=14), max_size=12),
    delimiter=st.sampled_from(",;\t"),
)
def test_no_row_is_ever_lost(header: list[str], rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["Mã đơn", "Địa chỉ", *header])
    # A line end in a cell is one the writer quotes; the letters that only look blank are left out.
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    writer.writerows(kept)
    read = orders(out.getvalue())
    assert read.rows_read == len(kept)
    assert {row.row for row in read.rejected} == {one.row for one in read.findings if one.row > 1}
    assert len({order.id.casefold() for order in read.good}) == len(read.good)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_file_whatever_raises_anything_but_a_table_error(data: bytes) -> None:
    for read in (
        lambda: read_orders(data, file="f", day=DAY),
        lambda: read_fleet(data, file="f"),
        lambda: read_offices(data, file="f"),
    ):
        try:
            found = read()
        except TableError:
            continue
        assert found.findings or found.good


# ---- messages -----------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_hold_the_same_messages_with_the_same_facts() -> None:
    vietnamese, english = CATALOGUES["vi"], CATALOGUES["en"]
    assert vietnamese.keys() == english.keys()
    for key, (what, remedy) in vietnamese.items():
        other_what, other_remedy = english[key]
        assert placeholders(what) | placeholders(remedy) == (
            placeholders(other_what) | placeholders(other_remedy)
        ), key
        assert what
        assert remedy
        assert other_what
        assert other_remedy


def test_days_without_a_year_lie_near_the_day_that_is_planned() -> None:
    read = orders("id,address,Hạn\nDA1,x,24.11\n")
    assert read.good[0].due == DAY


def test_a_customer_whose_name_is_a_column_s_makes_no_header_of_her_row() -> None:
    text = "Dãy chữ số,Chỗ đến nhà,Ai\nW1,Khu 5 xã Tân Sơn,Lan\nW2,Khu 6 xã Tân Sơn,Hoa\n"
    said = {"id": "Dãy chữ số", "address": "Chỗ đến nhà"}
    table = read_orders(text.encode(), file="a.csv", day=DAY, mapping=None)
    assert table.header == ("Dãy chữ số", "Chỗ đến nhà", "Ai")
    table = read_orders(text.encode(), file="a.csv", day=DAY, mapping=said)
    assert [order.id for order in table.good] == ["W1", "W2"]
