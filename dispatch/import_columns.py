"""
The columns that the office's tables may have: their names, how each cell is read, what is required.

Headers are compared folded (no accents, no punctuation, lower case), with the unit at their end
taken off: "Khối lượng (kg)", "khoi luong kg" and "KHỐI LƯỢNG" are the same column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from dispatch import parsing, parsing_times
from dispatch.model import OrderKind, OrderState, Service, VehicleKind
from dispatch.parsing import Bad, Cell, text_of
from geo.text import fold, tokens
from solver.model import TimeWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What reading a cell may depend on: the column's unit, and the day that is planned."""

    unit: str
    near: date


Reader = Callable[[Cell, Reading], Any]
"""From a cell that is not blank to its value or a `Bad`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One column of a table.

    Parameters
    ----------
    key
        The field's name, also used in mappings.
    vi, en
        The header as we write it, and its English name.
    names
        Further accepted headers, folded.
    units, unit
        Units that may follow the value or the header, and the one meant when none does.
    guess
        The unit meant by a column without unit that holds fractions.
    """

    key: str
    vi: str
    en: str
    read: Reader
    names: tuple[str, ...] = ()
    required: bool = False
    units: Mapping[str, int] | None = None
    unit: str = ""
    guess: str = ""

    def header(self, lang: str) -> str:
        """Return the header in one language."""
        return self.vi if lang == "vi" else self.en


# Words for the choices: first the one that we write.

KINDS: Mapping[OrderKind, tuple[str, ...]] = {
    OrderKind.DELIVERY: (
        "phát", "delivery", "deliver", "giao", "giao hàng", "phát hàng", "trả", "trả kết quả",
        "drop", "dropoff",
    ),
    OrderKind.COLLECTION: (
        "thu gom", "collection", "collect", "gom", "lấy", "lấy hàng", "nhận", "tiếp nhận",
        "nhận gửi", "pickup", "pick up",
    ),
    OrderKind.TRANSFER: (
        "chuyển", "transfer", "luân chuyển", "chuyển tiếp", "giao nhận", "lấy và giao",
    ),
}  # fmt: skip
SERVICES: Mapping[Service, tuple[str, ...]] = {
    Service.DOSSIER: (
        "hồ sơ", "dossier", "hành chính công", "hồ sơ hành chính công", "hcc", "hs", "hồ sơ hcc",
    ),
    Service.REGISTERED: (
        "ghi số", "registered", "bảo đảm", "thư bảo đảm", "bưu phẩm bảo đảm", "đảm bảo", "bđ", "r",
    ),
    Service.EMS: ("EMS", "express", "chuyển phát nhanh", "cpn", "nhanh", "hỏa tốc", "e"),
    Service.PARCEL: (
        "bưu kiện", "parcel", "kiện", "gói", "gói hàng", "hàng hóa", "hàng", "bk", "package",
    ),
    Service.ORDINARY: (
        "thường", "ordinary", "thư", "thư thường", "bưu phẩm thường", "báo", "báo chí", "letter",
        "mail", "newspaper",
    ),
}  # fmt: skip
STATES: Mapping[OrderState, tuple[str, ...]] = {
    OrderState.REGISTERED: ("đã đăng ký", "registered", "mới", "chờ thu gom", "new"),
    OrderState.COLLECTED: ("đã thu gom", "collected", "đã nhận", "picked up"),
    OrderState.AT_HUB: ("tại trung tâm", "at hub", "ở trung tâm", "hub"),
    OrderState.AT_OFFICE: ("tại bưu cục", "at office", "ở bưu cục", "office"),
    OrderState.OUT: ("đang phát", "out for delivery", "đi phát", "out"),
    OrderState.DELIVERED: ("đã phát", "delivered", "phát thành công", "xong", "done"),
    OrderState.FAILED: ("phát không thành công", "failed", "không thành công", "thất bại"),
    OrderState.HELD: ("lưu tại bưu cục", "held", "đang lưu", "lưu giữ"),
    OrderState.RETURNED: ("chuyển hoàn", "returned", "hoàn", "đã hoàn"),
}  # fmt: skip
VEHICLES: Mapping[VehicleKind, tuple[str, ...]] = {
    VehicleKind.MOTORBIKE: ("xe máy", "motorbike", "mô tô", "xe gắn máy", "xm", "motorcycle"),
    VehicleKind.ELECTRIC_MOTORBIKE: (
        "xe máy điện", "electric motorbike", "electric_motorbike", "xe điện", "e-bike", "xmđ",
    ),
    VehicleKind.VAN: ("xe van", "van", "ô tô", "xe tải nhỏ", "xe tải van", "ô tô tải nhẹ", "car"),
    VehicleKind.TRUCK: ("xe tải", "truck", "ô tô tải", "lorry"),
}  # fmt: skip
CLOSED = frozenset(("nghi", "dong cua", "dong", "closed", "khong", "khong lam viec", "off", "-"))


# The same few words stand in every row.
_folded = lru_cache(maxsize=4096)(fold)


def choice(words: Mapping[Any, Sequence[str]]) -> Reader:
    """Return a reader of one of several words."""
    folded = {fold(word): member for member, names in words.items() for word in names}
    folded |= {fold(member.value): member for member in words if isinstance(member, StrEnum)}
    accepted = ", ".join(names[0] for names in words.values())

    def read(cell: Cell, _: Reading) -> Any:
        found = folded.get(_folded(text_of(cell)))
        return found or Bad(key="unknown_choice", facts={"accepted": accepted})

    return read


def _text(cell: Cell, _: Reading) -> str | Bad:
    return text_of(cell)


def _id(cell: Cell, _: Reading) -> str | Bad:
    shown = text_of(cell)
    return Bad(key="shortened_number") if parsing.is_shortened(shown) else shown


def _code(digits: int) -> Reader:
    def read(cell: Cell, _: Reading) -> str | Bad:
        shown = text_of(cell)
        # A spreadsheet that takes a code for a number drops its zeros in front.
        return shown.zfill(digits) if shown.isdecimal() else shown

    return read


def _codes(digits: int) -> Reader:
    def read(cell: Cell, _: Reading) -> tuple[str, ...]:
        parts = text_of(cell).replace(",", ";").split(";")
        shown = [part.strip() for part in parts if part.strip()]
        if len(shown) == 1 and all(part.isdecimal() for part in shown[0].split()):
            shown = shown[0].split()
        return tuple(part.zfill(digits) if part.isdecimal() else part for part in shown)

    return read


def _amount(units: Mapping[str, int]) -> Reader:
    def read(cell: Cell, reading: Reading) -> int | Bad:
        return parsing.parse_amount(cell, units=units, default=reading.unit)

    return read


def _count(least: int) -> Reader:
    def read(cell: Cell, _: Reading) -> int | Bad:
        return parsing.parse_amount(cell, units=parsing.COUNT, default="", least=least, whole=True)

    return read


def _degrees(limit: int, wrong: str) -> Reader:
    def read(cell: Cell, _: Reading) -> float | Bad:
        number = parsing.parse_number(cell, decimal=True)
        if isinstance(number, Bad):
            return Bad(key=wrong)
        if abs(number) <= limit:
            return float(number)
        return Bad(key="swapped_point" if limit == 90 and 102 <= number <= 110 else wrong)

    return read


def _point(cell: Cell, _: Reading) -> tuple[float, float] | Bad:
    # With decimal commas the two numbers are apart by a semicolon or blanks; with points by any.
    shown = text_of(cell).strip("()[] ")
    parts = shown.split(";") if ";" in shown else shown.replace(", ", " ").split()
    if len(parts) == 1:
        parts = shown.split(",")
    if len(parts) != 2:
        return Bad(key="not_a_point")
    lat, lon = (parsing.parse_number(part.strip(), decimal=True) for part in parts)
    if isinstance(lat, Bad) or isinstance(lon, Bad):
        return Bad(key="not_a_point")
    if abs(lat) > 90 or abs(lon) > 180:
        return Bad(key="swapped_point" if abs(lon) <= 90 and abs(lat) <= 180 else "not_a_point")
    return float(lat), float(lon)


def _share(cell: Cell, _: Reading) -> float | Bad:
    number = parsing.parse_number(cell, decimal=True)
    if isinstance(number, Bad):
        return number
    if 0 <= number <= 1:
        return float(number)
    return Bad(key="out_of_range", facts={"least": "0", "most": "1"})


def _date(cell: Cell, reading: Reading) -> date | Bad:
    return parsing_times.parse_date(cell, near=reading.near)


def _time(cell: Cell, _: Reading) -> int | Bad:
    return parsing_times.parse_time(cell)


def _windows(cell: Cell, _: Reading) -> tuple[TimeWindow, ...] | Bad:
    return parsing_times.parse_windows(cell)


def _opening(cell: Cell, _: Reading) -> tuple[TimeWindow, ...] | Bad:
    if fold(text_of(cell)) in CLOSED:
        return ()
    found = parsing_times.parse_windows(cell)
    return Bad(key="not_a_window") if found == () else found


def _one_window(cell: Cell, _: Reading) -> TimeWindow | Bad:
    found = parsing_times.parse_windows(cell)
    if isinstance(found, Bad):
        return found
    return found[0] if len(found) == 1 else Bad(key="not_a_window")


def _phone(cell: Cell, _: Reading) -> str | Bad:
    return parsing.parse_phone(cell)


def _yes_no(cell: Cell, _: Reading) -> bool | Bad:
    return parsing.parse_yes_no(cell)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("|"))


def _place(suffix: str, vi: str, en: str) -> tuple[Column, ...]:
    """Return the columns of an address; those of a transfer's other end say so."""
    tail, english = (f" {vi}", f" {en}") if vi else ("", "")

    def names(text: str) -> tuple[str, ...]:
        return tuple(f"{name}{fold(tail)}" for name in _names(text)) if vi else _names(text)

    return (
        Column(key=f"address{suffix}", vi=f"Địa chỉ{tail}", en=f"Address{english}", read=_text,
               required=not vi, names=_names(
                   "noi den|dia chi nhan cua nguoi nhan|to address|destination|dia chi giao den"
                   "|dia chi tra|noi tra"
               ) if vi else _names(
                   "địa chỉ nhận|địa chỉ phát|địa chỉ giao|địa chỉ người nhận|địa chỉ khách hàng"
                   "|dia chi nhan hang|dia chi lay|noi nhan|address|full address|street"
               )),
        Column(key=f"commune_name{suffix}", vi=f"Xã/Phường{tail}", en=f"Commune{english}",
               read=_text, names=names("xa|phuong|xa phuong thi tran|phuong xa|xa phuong|ward")),
        Column(key=f"district{suffix}", vi=f"Huyện{tail}", en=f"District{english}", read=_text,
               names=names("quan huyen|huyen thi|huyen thanh thi|huyen thi xa thanh pho|district")),
        Column(key=f"commune{suffix}", vi=f"Mã xã{tail}", en=f"Commune code{english}",
               read=_code(5), names=names("ma phuong|ma xa phuong|ma dvhc|commune code")),
        Column(key=f"lat{suffix}", vi=f"Vĩ độ{tail}", en=f"Latitude{english}",
               read=_degrees(90, "not_a_latitude"), names=names("vi do|lat|latitude|y")),
        Column(key=f"lon{suffix}", vi=f"Kinh độ{tail}", en=f"Longitude{english}",
               read=_degrees(180, "not_a_longitude"),
               names=names("kinh do|lon|lng|long|longitude|x")),
        Column(key=f"point{suffix}", vi=f"Tọa độ{tail}", en=f"Coordinates{english}", read=_point,
               names=names("toa do|vi tri|gps|coordinates|location|latlon|lat lon")),
        Column(key=f"quality{suffix}", vi=f"Độ chắc địa chỉ{tail}",
               en=f"Address quality{english}", read=_share, names=names("do chac dia chi")),
    )  # fmt: skip


_MONEY: Mapping[str, Any] = {"units": parsing.MONEY, "unit": "d", "read": _amount(parsing.MONEY)}

ORDERS: tuple[Column, ...] = (
    Column(key="id", vi="Mã đơn", en="Order id", read=_id, required=True, names=_names(
        "mã vận đơn|mã bưu gửi|số hiệu|số hiệu bưu gửi|mã|mã đơn hàng|số vận đơn|mã hồ sơ|mã số"
        "|id|order|order no|order number|tracking number|tracking no|item id|item number|code")),
    Column(key="kind", vi="Loại", en="Kind", read=choice(KINDS), names=_names(
        "loai don|loai viec|loai cong viec|loai yeu cau|loai hinh|type|job type|order type")),
    Column(key="service", vi="Dịch vụ", en="Service", read=choice(SERVICES), names=_names(
        "loai dich vu|ten dich vu|san pham|loai buu gui|product|service type")),
    *_place("", "", ""),
    *_place("_to", "đến", "to"),
    Column(key="address_sender", vi="Địa chỉ người gửi", en="Sender address", read=_text,
           names=_names("dia chi gui|dia chi nguoi goi|noi gui|dia chi tra lai|return address")),
    Column(key="content", vi="Nội dung", en="Content", read=_text, names=_names(
        "noi dung hang|noi dung buu gui|hang hoa|mo ta|ten hang|contents|description")),
    Column(key="customer", vi="Người nhận", en="Recipient", read=_text, names=_names(
        "ten nguoi nhan|ho ten nguoi nhan|ho ten|ho va ten|khach hang|ten khach hang|nguoi gui"
        "|ten nguoi gui|ten|customer|customer name|recipient name|name|receiver|sender")),
    Column(key="phone", vi="Điện thoại", en="Phone", read=_phone, names=_names(
        "so dien thoai|sdt|dt|dien thoai nguoi nhan|sdt nguoi nhan|dien thoai khach hang|sdt khach"
        "|di dong|so di dong|lien he|tel|telephone|mobile|phone number|contact")),
    Column(key="grams", vi="Khối lượng (g)", en="Weight (g)", read=_amount(parsing.MASS),
           units=parsing.MASS, unit="g", guess="kg", names=_names(
        "khoi luong|trong luong|can nang|kl|tl|nang|weight|mass|grams|gram")),
    Column(key="cubic_cm", vi="Thể tích (cm3)", en="Volume (cm3)", read=_amount(parsing.VOLUME),
           units=parsing.VOLUME, unit="cm3", names=_names(
        "the tich|kich thuoc|dai x rong x cao|dai rong cao|volume|size|dimensions")),
    Column(key="items", vi="Số lượng", en="Items", read=_count(1), names=_names(
        "so kien|sl|so buu gui|so ho so|so cai|quantity|qty|pieces|count")),
    Column(key="windows", vi="Khung giờ", en="Windows", read=_windows, names=_names(
        "gio hen|khung gio phat|khung gio nhan|thoi gian nhan|gio phat|gio nhan|thoi gian phat"
        "|window|time window|time windows|delivery window|hours")),
    Column(key="from", vi="Từ giờ", en="From", read=_time, names=_names(
        "tu|gio bat dau|bat dau|som nhat|from time|start|start time|earliest|ready time")),
    Column(key="until", vi="Đến giờ", en="Until", read=_time, names=_names(
        "den|gio ket thuc|ket thuc|muon nhat|to|to time|end|end time|latest|due time")),
    Column(key="due", vi="Hạn phát", en="Due", read=_date, names=_names(
        "han|ngay hen|ngay den han|han chot|han tra|han tra ket qua|ngay phat|ngay giao|han giao"
        "|due date|deadline|date|promised|ngay hen tra|thoi han")),
    Column(key="attempts", vi="Số lần phát", en="Attempts", read=_count(0), names=_names(
        "lan phat|so lan da phat|so lan|so lan giao|lan|attempt|tries|da phat")),
    Column(key="state", vi="Trạng thái", en="State", read=choice(STATES), names=_names(
        "tinh trang|trang thai don|trang thai buu gui|status|order status")),
    Column(key="accepted", vi="Ngày chấp nhận", en="Accepted", read=_date, names=_names(
        "ngay nhan gui|ngay gui|ngay tiep nhan|accepted on|acceptance date|posted")),
    Column(key="cash", vi="Thu hộ (đ)", en="COD (VND)", names=_names(
        "thu ho|cod|tien thu ho|so tien thu ho|tien|so tien|phai thu|tien phai thu|le phi|phi"
        "|cash|cash on delivery|amount|so tien cod|tien cod"), **_MONEY),
    Column(key="note", vi="Ghi chú", en="Note", read=_text, names=_names(
        "chu thich|luu y|yeu cau|yeu cau khac|notes|remark|remarks|comment|instructions")),
    Column(key="office", vi="Bưu cục", en="Office", read=_id, names=_names(
        "ma buu cuc|buu cuc phat|buu cuc phuc vu|don vi phat|office id|post office|depot")),
    Column(key="required", vi="Bắt buộc", en="Required", read=_yes_no, names=_names(
        "phai phat|phai lam|uu tien bat buoc|must|mandatory")),
)  # fmt: skip

FLEET: tuple[Column, ...] = (
    Column(key="id", vi="Mã bưu tá", en="Courier id", read=_id, required=True, names=_names(
        "mã|mã nhân viên|mã nv|mã tuyến|tuyến|biển số|id|courier|driver id|vehicle id|code")),
    Column(key="name", vi="Họ tên", en="Name", read=_text, names=_names(
        "ten|ten buu ta|ho va ten|ho ten buu ta|buu ta|nhan vien|courier name|driver|driver name")),
    Column(key="office", vi="Bưu cục", en="Office", read=_id, required=True, names=_names(
        "mã bưu cục|đơn vị|bưu cục trực thuộc|office id|depot|post office|home office")),
    Column(key="vehicle", vi="Phương tiện", en="Vehicle", read=choice(VEHICLES), names=_names(
        "loai xe|xe|loai phuong tien|vehicle type|vehicle kind")),
    Column(key="phone", vi="Điện thoại", en="Phone", read=_phone, names=_names(
        "so dien thoai|sdt|dt|di dong|mobile|tel|phone number")),
    Column(key="shift", vi="Ca làm việc", en="Shift", read=_one_window, names=_names(
        "ca|gio lam viec|gio lam|working hours")),
    Column(key="from", vi="Giờ bắt đầu", en="Shift start", read=_time, names=_names(
        "bat dau|tu gio|tu|bat dau ca|gio vao ca|start|from|start time")),
    Column(key="until", vi="Giờ kết thúc", en="Shift end", read=_time, names=_names(
        "ket thuc|den gio|den|ket thuc ca|gio ra ca|end|until|to|end time")),
    Column(key="lunch", vi="Nghỉ trưa", en="Lunch", read=_one_window, names=_names(
        "gio nghi trua|nghi|khung gio nghi trua|break|lunch break|lunch window")),
    Column(key="lunch_seconds", vi="Nghỉ trưa dài (phút)", en="Lunch length (min)",
           read=_amount(parsing.DURATION), units=parsing.DURATION, unit="phut", names=_names(
        "thoi gian nghi trua|so phut nghi trua|lunch duration|lunch minutes")),
    Column(key="noon_return", vi="Về bưu cục trưa", en="Noon return", read=_one_window,
           names=_names("ve trua|gio ve trua|quyet toan trua|noon settlement")),
    Column(key="noon_seconds", vi="Quyết toán trưa dài (phút)", en="Noon length (min)",
           read=_amount(parsing.DURATION), units=parsing.DURATION, unit="phut",
           names=_names("thoi gian quyet toan|thoi gian quyet toan trua|noon minutes")),
    Column(key="capacity_grams", vi="Tải trọng (kg)", en="Capacity (kg)",
           read=_amount(parsing.MASS), units=parsing.MASS, unit="kg",
           names=_names("tai trong|suc cho|trong tai|capacity|payload|max weight")),
    Column(key="capacity_cubic_cm", vi="Thể tích thùng (lít)", en="Box volume (l)",
           read=_amount(parsing.VOLUME), units=parsing.VOLUME, unit="lit",
           names=_names("the tich thung|the tich|thung|volume|box|capacity volume")),
    Column(key="max_stops", vi="Số điểm tối đa", en="Max stops", read=_count(1),
           names=_names("so diem|toi da so diem|so don toi da|stops|maximum stops")),
    Column(key="max_metres", vi="Quãng đường tối đa (km)", en="Range (km)",
           read=_amount(parsing.LENGTH), units=parsing.LENGTH, unit="km", names=_names(
        "quang duong toi da|tam hoat dong|quang duong|max distance|range|max km|km toi da")),
    Column(key="cost_per_day", vi="Chi phí ngày (đ)", en="Cost per day (VND)", names=_names(
        "chi phi ngay|chi phi moi ngay|phi co dinh|cost per day|fixed cost|chi phi d ngay"
    ), **_MONEY),
    Column(key="cost_per_km", vi="Chi phí mỗi km (đ)", en="Cost per km (VND)", names=_names(
        "chi phi moi km|chi phi km|cost per km|chi phi d km|cost km"), **_MONEY),
    Column(key="cost_per_hour", vi="Lương mỗi giờ (đ)", en="Cost per hour (VND)", names=_names(
        "luong moi gio|luong gio|chi phi gio|chi phi moi gio|cost per hour|wage|luong d gio"
    ), **_MONEY),
    Column(key="overtime_after", vi="Tăng ca sau (giờ)", en="Overtime after (h)",
           read=_amount(parsing.DURATION), units=parsing.DURATION, unit="gio",
           names=_names("tang ca sau|lam them sau|overtime after")),
    Column(key="overtime_per_hour", vi="Phụ cấp tăng ca mỗi giờ (đ)",
           en="Overtime per hour (VND)", names=_names(
        "phu cap tang ca moi gio|phu cap tang ca|tang ca|overtime|overtime per hour"), **_MONEY),
    Column(key="known_communes", vi="Xã quen", en="Known communes", read=_codes(5), names=_names(
        "ma xa quen|dia ban|dia ban quen|xa phu trach|ma xa|communes|areas|known areas")),
    Column(key="skills", vi="Kỹ năng", en="Skills", read=_codes(0),
           names=_names("ki nang|chung chi|skill|qualifications")),
)  # fmt: skip

WEEKDAYS = ("Thứ 2", "Thứ 3", "Thứ 4", "Thứ 5", "Thứ 6", "Thứ 7", "Chủ nhật")
_DAY_NAMES = (
    "thu hai|t2|monday|mon", "thu ba|t3|tuesday|tue", "thu tu|t4|wednesday|wed",
    "thu nam|t5|thursday|thu|thur", "thu sau|t6|friday|fri", "thu bay|t7|saturday|sat",
    "cn|cnhat|sunday|sun",
)  # fmt: skip
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

OFFICES: tuple[Column, ...] = (
    Column(key="id", vi="Mã bưu cục", en="Office id", read=_id, required=True, names=_names(
        "ma|buu cuc|id|office|code")),
    Column(key="name", vi="Tên bưu cục", en="Name", read=_text, names=_names(
        "ten|ten don vi|office name")),
    Column(key="lat", vi="Vĩ độ", en="Latitude", read=_degrees(90, "not_a_latitude"),
           names=_names("lat|y")),
    Column(key="lon", vi="Kinh độ", en="Longitude", read=_degrees(180, "not_a_longitude"),
           names=_names("lon|lng|long|x")),
    Column(key="point", vi="Tọa độ", en="Coordinates", read=_point, names=_names(
        "vi tri|gps|location|lat lon")),
    Column(key="level", vi="Cấp", en="Level", read=_count(1), names=_names("cap buu cuc|tier")),
    Column(key="districts", vi="Mã huyện", en="Districts", read=_codes(3), names=_names(
        "huyen|dia ban|huyen phuc vu|ma huyen phuc vu|district codes|district")),
    Column(key="hours", vi="Giờ làm việc", en="Hours", read=_opening, names=_names(
        "gio mo cua|gio phuc vu|opening hours|working hours")),
    Column(key="dock", vi="Giờ nhận xe tải", en="Truck hours", read=_windows, names=_names(
        "gio nhan xe|gio xe tai|gio bao xe|dock hours|truck hours|loading hours")),
    *(
        Column(key=f"day{number}", vi=WEEKDAYS[number], en=_ENGLISH_DAYS[number], read=_opening,
               names=_names(_DAY_NAMES[number]))
        for number in range(7)
    ),
)  # fmt: skip


HOLIDAYS: tuple[Column, ...] = (
    Column(key="date", vi="Ngày", en="Date", read=_date, required=True, names=_names(
        "ngay nghi|ngay le|day|holiday")),
    Column(key="works", vi="Làm việc", en="Works", read=_yes_no, names=_names(
        "di lam|co lam viec|lam bu|working|working day|works")),
    Column(key="name", vi="Tên", en="Name", read=_text, names=_names(
        "ghi chu|ten ngay le|ly do|note|reason")),
)  # fmt: skip


def key_of(header: Cell) -> str:
    """Return a header as it is compared: folded words, without punctuation."""
    return " ".join(tokens(text_of(header)))


def recognised(columns: Sequence[Column]) -> dict[str, Column]:
    """Return every accepted header, as compared, with its column; the first column wins."""
    names: dict[str, Column] = {}
    for column in columns:
        for name in (column.vi, column.en, column.key, *column.names):
            names.setdefault(key_of(name), column)
    return names


def unit_and_column(header: Cell, names: Mapping[str, Column]) -> tuple[str, Column | None]:
    """Return the unit written in a header ("" = none) and the column that it names."""
    words = key_of(header).split()
    whole = names.get(" ".join(words))
    for length in (2, 1):
        unit = " ".join(words[-length:])
        column = whole or names.get(" ".join(words[:-length]))
        if len(words) > length and column is not None and unit in (column.units or ()):
            return unit, column
    return "", whole
