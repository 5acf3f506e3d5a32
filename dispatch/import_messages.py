"""
What a person reads about a table that was imported: one text per key, in Vietnamese and English.

A text has two halves: what is wrong, and what to do about it. Placeholders in braces are facts.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.errors import RowFinding
from dispatch.parsing import Bad

_LONGEST_VALUE = 60

VI: Mapping[str, tuple[str, str]] = {
    # Files
    "empty_file": ("tệp rỗng", "xuất lại bảng từ phần mềm rồi gửi lại"),
    "no_rows": ("bảng không có dòng dữ liệu nào", "kiểm tra xem đã chọn đúng tệp, đúng ngày chưa"),
    "not_a_table": (
        "đây là {kind}, không phải bảng",
        "gửi tệp CSV hoặc Excel (XLSX) có các cột của bảng",
    ),
    "damaged": (
        "tệp Excel bị hỏng, không mở được",
        "mở bằng Excel hoặc LibreOffice, lưu lại thành XLSX rồi gửi lại",
    ),
    "password": ("tệp Excel có mật khẩu", "bỏ mật khẩu, lưu lại rồi gửi lại"),
    "too_big": (
        "bảng quá lớn ({size})",
        "xóa các dòng, cột thừa hoặc chia thành nhiều tệp dưới {most}",
    ),
    "old_encoding": (
        "chữ Việt trong tệp viết bằng bảng mã TCVN3 (ABC)",
        "chuyển mã sang Unicode (ví dụ bằng UniKey) rồi lưu lại dạng CSV UTF-8 hoặc XLSX",
    ),
    "odd_letters": (
        "có chữ không đọc được ở bảng mã {encoding}",
        "kiểm tra các dòng có ký tự lạ, hoặc lưu lại dạng CSV UTF-8",
    ),
    "open_quote": (
        "dấu nháy kép mở ra mà không đóng lại",
        "đã đọc dòng này nguyên văn; xóa hoặc đóng dấu nháy trong tệp",
    ),
    "other_sheets": (
        "chỉ đọc trang tính “{sheet}”",
        "nếu dữ liệu nằm ở trang khác ({others}), hãy đưa trang đó lên đầu",
    ),
    # Columns
    "missing_column": ("thiếu cột {column}", "thêm cột với một trong các tên: {accepted}"),
    "unknown_columns": (
        "không biết các cột: {columns}",
        "các cột này được bỏ qua; nếu cần, hãy ghép cột bằng tay",
    ),
    "column_twice": (
        "cột này trùng ý với cột “{first}”",
        "chỉ đọc cột “{first}”; nếu sai, hãy ghép cột bằng tay",
    ),
    "mapped_column_absent": (
        "tệp không có cột “{header}” như đã ghép",
        "ghép lại cột này, hoặc để trống để tự nhận",
    ),
    "mapped_field_unknown": ("không có trường nào tên {name}", "chọn một trong: {accepted}"),
    "unit_guessed": (
        "cột không ghi đơn vị mà có số lẻ, nên hiểu cả cột là {unit}",
        "ghi đơn vị trong tên cột, ví dụ “{example}”",
    ),
    "default_used": (
        "không có cột {column}, mọi dòng được hiểu là “{value}”",
        "thêm cột {column} nếu không đúng",
    ),
    "extra_cells": (
        "dòng có nhiều ô hơn tiêu đề",
        "các ô thừa không được đọc; kiểm tra dấu phân cách trong dòng",
    ),
    # Cells
    "missing": ("ô bắt buộc bị trống", "điền {column}"),
    "duplicate": ("trùng với dòng {first}", "giữ một dòng, hoặc sửa mã"),
    "not_a_number": ("không phải số", "chỉ ghi số, ví dụ 1500 hoặc 1,5"),
    "unknown_unit": ("không biết đơn vị này", "dùng một trong: {units}"),
    "negative": ("số âm", "ghi số từ {least} trở lên"),
    "too_small": ("số quá nhỏ", "ghi số từ {least} trở lên"),
    "too_large": ("số quá lớn", "kiểm tra lại số và đơn vị"),
    "not_whole": ("không phải số nguyên", "ghi số nguyên, ví dụ 2"),
    "became_a_date": (
        "ô này đã bị đổi thành ngày giờ",
        "định dạng cột là văn bản hoặc số rồi nhập lại",
    ),
    "shortened_number": (
        "Excel đã rút gọn số này nên mất chữ số",
        "định dạng cột là văn bản rồi nhập lại đủ chữ số",
    ),
    "not_a_date": ("không phải ngày", "ghi ngày/tháng/năm, ví dụ 24/11/2026"),
    "month_before_day": (
        "tháng viết trước ngày",
        "ghi ngày/tháng/năm, ví dụ 24/11/2026; kiểm tra cả các dòng khác",
    ),
    "past_due": ("hạn đã qua", "đơn được coi là trễ hạn; sửa nếu ghi nhầm"),
    "not_a_time": ("không phải giờ", "ghi giờ như 7h30 hoặc 7:30"),
    "not_a_window": ("không phải khung giờ", "ghi như 7h30-11h hoặc 7:30-11:30; 13:00-17:00"),
    "window_one_time": ("chỉ có một giờ", "ghi cả giờ bắt đầu và kết thúc, ví dụ 9h-10h"),
    "window_ends_first": (
        "khung giờ kết thúc ({end}) trước khi bắt đầu ({start})",
        "đổi lại giờ bắt đầu và kết thúc",
    ),
    "not_a_phone": (
        "không phải số điện thoại",
        "ghi như 0912 345 678; bưu tá sẽ không gọi được số này",
    ),
    "not_yes_no": ("không rõ có hay không", "ghi “có” hoặc “không”"),
    "unknown_choice": ("không biết giá trị này", "dùng một trong: {accepted}"),
    "not_a_latitude": ("vĩ độ không hợp lệ", "ghi số từ -90 đến 90; ở Phú Thọ khoảng 21,3"),
    "not_a_longitude": ("kinh độ không hợp lệ", "ghi số từ -180 đến 180; ở Phú Thọ khoảng 105,2"),
    "swapped_point": (
        "vĩ độ và kinh độ bị đổi chỗ",
        "đổi lại: vĩ độ khoảng 21, kinh độ khoảng 105",
    ),
    "half_a_point": ("chỉ có một trong hai: vĩ độ, kinh độ", "điền cả hai hoặc để trống cả hai"),
    "not_a_point": ("không phải tọa độ", "ghi vĩ độ, kinh độ, ví dụ 21.3227, 105.4020"),
    "out_of_range": ("ngoài khoảng cho phép", "ghi số từ {least} đến {most}"),
    "no_destination": ("chuyển giữa hai nơi mà thiếu địa chỉ đến", "điền cột {column}"),
    "no_hours": (
        "không ghi giờ làm việc",
        "tạm coi là mở thứ 2 đến thứ 7, 7:30-11:30 và 13:00-17:00; điền giờ thật",
    ),
    # Between the files
    "courier_office_missing": ("bưu tá không thuộc bưu cục nào", "điền mã bưu cục của bưu tá"),
    "truck_office_unknown": (
        "xe tải thuộc bưu cục không có trong danh sách bưu cục, nên không được xếp",
        "sửa mã bưu cục của xe thành trung tâm nơi xe xuất phát",
    ),
    "truck_twice": (
        "mã xe tải xuất hiện {count} lần",
        "giữ một dòng cho mỗi ca của xe, mỗi ca một mã",
    ),
    "truck_is_courier": (
        "mã này vừa là xe tải vừa là bưu tá",
        "đặt cho xe tải một mã khác",
    ),
    "courier_office_unknown": (
        "bưu tá thuộc bưu cục không có trong danh sách bưu cục",
        "sửa mã bưu cục, hoặc thêm bưu cục này",
    ),
    "courier_twice": ("mã bưu tá xuất hiện {count} lần", "giữ một dòng cho mỗi bưu tá"),
    "office_twice": ("mã bưu cục xuất hiện {count} lần", "giữ một dòng cho mỗi bưu cục"),
    "order_twice": ("mã đơn xuất hiện {count} lần", "giữ một dòng cho mỗi đơn"),
    "office_without_couriers": (
        "bưu cục không có bưu tá nào",
        "thêm bưu tá, hoặc giao địa bàn cho bưu cục khác",
    ),
    "order_office_unknown": (
        "đơn ghi bưu cục không có trong danh sách bưu cục",
        "sửa mã bưu cục, hoặc để trống để tự chọn theo địa bàn",
    ),
    "no_orders": ("ngày này không có đơn nào", "kiểm tra tệp đơn"),
    "no_couriers": ("ngày này không có bưu tá nào", "kiểm tra tệp bưu tá và phương tiện"),
    "no_offices": ("không có bưu cục nào", "kiểm tra tệp bưu cục"),
}

EN: Mapping[str, tuple[str, str]] = {
    # Files
    "empty_file": ("the file is empty", "export the table again and send it"),
    "no_rows": ("the table has no rows", "check that it is the right file of the right day"),
    "not_a_table": (
        "this is {kind}, not a table",
        "send a CSV or Excel (XLSX) file with the table's columns",
    ),
    "damaged": (
        "the Excel file is damaged and does not open",
        "open it in Excel or LibreOffice, save it as XLSX and send that",
    ),
    "password": ("the Excel file has a password", "take the password off and send it again"),
    "too_big": (
        "the table is too large ({size})",
        "delete surplus rows and columns, or split it into files below {most}",
    ),
    "old_encoding": (
        "the Vietnamese letters are in the old encoding TCVN3 (ABC)",
        "convert the text to Unicode and save it as CSV UTF-8 or XLSX",
    ),
    "odd_letters": (
        "some letters cannot be read as {encoding}",
        "check the rows with odd characters, or save the file as CSV UTF-8",
    ),
    "open_quote": (
        "a double quote is opened and never closed",
        "the row was read as it stands; close or delete the quote in the file",
    ),
    "other_sheets": (
        "only the sheet “{sheet}” was read",
        "if the rows are in another sheet ({others}), put it first",
    ),
    # Columns
    "missing_column": (
        "the column {column} is missing",
        "add it under one of the names: {accepted}",
    ),
    "unknown_columns": (
        "unknown columns: {columns}",
        "they were ignored; map them by hand if they are needed",
    ),
    "column_twice": (
        "this column means the same as “{first}”",
        "only “{first}” was read; map the columns by hand if that is wrong",
    ),
    "mapped_column_absent": (
        "the file has no column “{header}” as it was mapped",
        "map it again, or leave it empty to have it recognised",
    ),
    "mapped_field_unknown": ("there is no field {name}", "choose one of: {accepted}"),
    "unit_guessed": (
        "the column names no unit and holds fractions, so all of it was taken as {unit}",
        "write the unit in the header, such as “{example}”",
    ),
    "default_used": (
        "there is no column {column}, every row was taken as “{value}”",
        "add the column {column} if that is wrong",
    ),
    "extra_cells": (
        "the row has more cells than the header",
        "the surplus was not read; check the delimiters in the row",
    ),
    # Cells
    "missing": ("a required cell is empty", "fill in {column}"),
    "duplicate": ("the same as row {first}", "keep one of the rows, or correct the id"),
    "not_a_number": ("not a number", "write digits only, such as 1500 or 1.5"),
    "unknown_unit": ("the unit is not known", "use one of: {units}"),
    "negative": ("the number is negative", "write {least} or more"),
    "too_small": ("the number is too small", "write {least} or more"),
    "too_large": ("the number is too large", "check the number and its unit"),
    "not_whole": ("not a whole number", "write a whole number, such as 2"),
    "became_a_date": (
        "the cell was turned into a date or time",
        "format the column as text or number and enter it again",
    ),
    "shortened_number": (
        "Excel has shortened this number and lost digits",
        "format the column as text and enter all digits again",
    ),
    "not_a_date": ("not a date", "write day/month/year, such as 24/11/2026"),
    "month_before_day": (
        "the month stands before the day",
        "write day/month/year, such as 24/11/2026; check the other rows as well",
    ),
    "past_due": ("the due date has passed", "the order counts as late; correct it if mistyped"),
    "not_a_time": ("not a time of day", "write it as 7h30 or 7:30"),
    "not_a_window": ("not a time window", "write it as 7h30-11h or 7:30-11:30; 13:00-17:00"),
    "window_one_time": ("there is only one time", "write the begin and the end, such as 9h-10h"),
    "window_ends_first": (
        "the window ends ({end}) before it starts ({start})",
        "exchange its begin and end",
    ),
    "not_a_phone": (
        "not a phone number",
        "write it as 0912 345 678; the courier cannot call this one",
    ),
    "not_yes_no": ("neither yes nor no", "write “yes” or “no”"),
    "unknown_choice": ("the value is not known", "use one of: {accepted}"),
    "not_a_latitude": ("not a latitude", "write a number from -90 to 90; Phú Thọ is near 21.3"),
    "not_a_longitude": (
        "not a longitude",
        "write a number from -180 to 180; Phú Thọ is near 105.2",
    ),
    "swapped_point": (
        "latitude and longitude are exchanged",
        "exchange them: latitude near 21, longitude near 105",
    ),
    "half_a_point": (
        "only one of latitude and longitude is given",
        "fill in both or leave both empty",
    ),
    "not_a_point": ("not a point", "write latitude, longitude, such as 21.3227, 105.4020"),
    "out_of_range": ("outside of what is allowed", "write a number from {least} to {most}"),
    "no_destination": (
        "a transfer without an address to carry it to",
        "fill in the column {column}",
    ),
    "no_hours": (
        "there are no opening hours",
        "taken as Monday to Saturday, 7:30-11:30 and 13:00-17:00; fill in the real ones",
    ),
    # Between the files
    "courier_office_missing": ("the courier belongs to no office", "fill in the courier's office"),
    "truck_office_unknown": (
        "the truck's office is not in the list of offices, so the truck is not planned",
        "correct its office to the hub that it leaves from",
    ),
    "truck_twice": (
        "the truck occurs {count} times",
        "keep one row for each shift of a truck, each with an id of its own",
    ),
    "truck_is_courier": (
        "this id is both a truck's and a courier's",
        "give the truck another id",
    ),
    "courier_office_unknown": (
        "the courier's office is not in the list of offices",
        "correct the office, or add it to the list",
    ),
    "courier_twice": ("the courier occurs {count} times", "keep one row for each courier"),
    "office_twice": ("the office occurs {count} times", "keep one row for each office"),
    "order_twice": ("the order occurs {count} times", "keep one row for each order"),
    "office_without_couriers": (
        "the office has no courier",
        "add couriers, or give its area to another office",
    ),
    "order_office_unknown": (
        "the order names an office that is not in the list of offices",
        "correct the office, or leave it empty to choose it by area",
    ),
    "no_orders": ("there are no orders on this day", "check the file of orders"),
    "no_couriers": ("there are no couriers on this day", "check the file of couriers"),
    "no_offices": ("there are no offices", "check the file of offices"),
}

KINDS: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "pdf": "tệp PDF",
        "image": "tệp ảnh",
        "zip": "tệp nén",
        "word": "văn bản Word",
        "slides": "bản trình chiếu",
        "web": "trang web (HTML), dù tên tệp có thể là .xls",
        "rtf": "văn bản RTF",
        "json": "tệp JSON",
        "xml": "tệp XML",
        "ole": "tệp Office cũ không phải bảng tính, hoặc có mật khẩu",
        "binary": "tệp nhị phân",
    },
    "en": {
        "pdf": "a PDF file",
        "image": "an image",
        "zip": "an archive",
        "word": "a Word document",
        "slides": "a slide show",
        "web": "a web page (HTML), though its name may end in .xls",
        "rtf": "an RTF document",
        "json": "a JSON file",
        "xml": "an XML file",
        "ole": "an old Office file that is no table, or has a password",
        "binary": "a binary file",
    },
}

CATALOGUES: Mapping[str, Mapping[str, tuple[str, str]]] = {"vi": VI, "en": EN}


def finding(
    bad: Bad, *, file: str, row: int = 0, field: str = "", value: str = "", lang: str = "vi"
) -> RowFinding:
    """
    Return what a person reads about a bad value.

    Parameters
    ----------
    lang
        "vi" or "en".
    """
    what, remedy = CATALOGUES[lang][bad.key]
    if bad.facts:
        what, remedy = what.format_map(bad.facts), remedy.format_map(bad.facts)
    if len(value) > _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + "…"
    return RowFinding(file=file, row=row, field=field, what=what, remedy=remedy, value=value)
