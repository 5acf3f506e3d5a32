"""Whatever is put in: a message that says what to do, or the order listed with its reason."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from dispatch.model import Courier, Office, Order, OrderKind, Service
from solver.model import TimeWindow
from tests.api.command_line import CommandLine, plan_arguments, write_day
from tests.api.days import addressed, courier, office, order

H = 3600


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return write_day(tmp_path / "day", [order("x"), order("y", 2)], [courier()], [office()])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def reasons(out: Path) -> dict[str, str]:
    """Return the reason code of every order in left_out.csv."""
    text = (out / "left_out.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    header = rows[0]
    order_at, reason_at = (
        next(i for i, name in enumerate(header) if name in names)
        for names in (("Mã đơn", "Đơn", "Order"), ("Mã lý do", "Reason code"))
    )
    return {row[order_at]: row[reason_at] for row in rows[1:]}


# ---- files --------------------------------------------------------------------------------------


def empty(path: Path) -> None:
    path.write_bytes(b"")


def wrong_columns(path: Path) -> None:
    path.write_text("a,b,c\n1,2,3\n4,5,6\n", encoding="utf-8")


def garbage(path: Path) -> None:
    path.write_bytes(Random(1).randbytes(5_000))


def header_only(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")


def missing(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [empty, wrong_columns, garbage, header_only, missing, a_folder])
@pytest.mark.parametrize("table", ["orders.csv", "offices.csv"])
def test_a_table_that_cannot_be_used_is_named(
    buuta: CommandLine, day: Path, out: Path, spoil: Callable[[Path], None], table: str
) -> None:
    spoil(day / table)
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 2
    assert table.split(".")[0] in ended.err
    assert "buuta: " in ended.err
    assert not (out / "plan.json").exists()


@pytest.mark.parametrize("spoil", [empty, wrong_columns, garbage, missing, a_folder])
def test_a_fleet_that_cannot_be_read_is_named(
    buuta: CommandLine, day: Path, out: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(day / "fleet.csv")
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 2 if spoil is not wrong_columns else ended.code in (2, 3)
    assert "fleet.csv" in ended.err + ended.out


def test_a_file_that_may_not_be_read_is_named(
    buuta: CommandLine, day: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests may run as root, who may read everything.
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 2
    assert "may not be read" in ended.err


def test_a_missing_file_is_told_with_its_neighbours(
    buuta: CommandLine, day: Path, out: Path
) -> None:
    ended = buuta(*plan_arguments(day, out), "--fleet", day / "flet.csv")
    assert ended.code == 2
    assert "fleet.csv" in ended.err


def test_ten_thousand_rows_of_rubbish_are_told_in_a_few_lines(
    buuta: CommandLine, day: Path, out: Path
) -> None:
    header, *_ = (day / "orders.csv").read_text(encoding="utf-8-sig").splitlines()
    columns = header.count(",") + 1
    random = Random(7)

    def rubbish() -> str:
        return ",".join(f"{random.getrandbits(40):x}" for _ in range(columns))

    lines = [header, *(rubbish() for _ in range(10_000))]
    (day / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 2
    assert len((ended.out + ended.err).splitlines()) < 80
    assert (out / "rejected.csv").exists()
    kept = (out / "rejected_orders.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(kept) == 10_001


# ---- the rest of the command line ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "31/02/2026", ""])
def test_a_date_that_is_none_is_refused(
    buuta: CommandLine, day: Path, out: Path, text: str
) -> None:
    ended = buuta(*plan_arguments(day, out, on=text))
    assert ended.code == 2
    assert "2026-11-24" in ended.err


def test_a_date_may_be_written_as_people_here_do(buuta: CommandLine, day: Path, out: Path) -> None:
    ended = buuta(*plan_arguments(day, out, "--json", on="24/11/2026"))
    assert ended.code == 0
    assert ended.json["date"] == "2026-11-24"


def test_results_cannot_go_into_a_file(buuta: CommandLine, day: Path) -> None:
    ended = buuta(*plan_arguments(day, day / "orders.csv"))
    assert ended.code == 4
    assert "is a file" in ended.err
    ended = buuta(*plan_arguments(day, day / "orders.csv" / "out"))
    assert ended.code == 4


def test_a_folder_that_cannot_be_written_is_found_out_before_the_search(
    buuta: CommandLine, day: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(out))

    monkeypatch.setattr(Path, "mkdir", refuse)
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 4
    assert "cannot be written" in ended.err


def test_an_unknown_engine_is_refused_with_those_there_are(
    buuta: CommandLine, day: Path, out: Path
) -> None:
    ended = buuta(*plan_arguments(day, out, "--engine", "magic"))
    assert ended.code == 2
    assert "magic" in ended.err
    assert "auto" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["plan", "x.csv", "--seconds", "soon"],
        ["sample"],
        ["sample", "--orders", "0", "--out", "x"],
        ["solve", "x", "--threads", "0"],
        ["solve", "x", "--seconds", "-1"],
        ["sing"],
        ["--loud"],
    ],
)
def test_a_command_typed_wrong_is_explained(buuta: CommandLine, arguments: list[str]) -> None:
    ended = buuta(*arguments)
    assert ended.code == 2
    assert ended.err


# ---- what one order, courier or day can have wrong ----------------------------------------------


def planned(
    buuta: CommandLine,
    tmp_path: Path,
    orders: list[Order],
    couriers: list[Courier] | None = None,
    offices: list[Office] | None = None,
    on: str = "2026-11-24",
) -> tuple[int, Path]:
    day = write_day(
        tmp_path / "day",
        orders,
        [courier()] if couriers is None else couriers,
        [office()] if offices is None else offices,
    )
    ended = buuta(*plan_arguments(day, tmp_path / "out", on=on))
    return ended.code, tmp_path / "out"


def test_one_bad_order_of_each_kind_never_loses_a_row(buuta: CommandLine, tmp_path: Path) -> None:
    late = (TimeWindow(start=20 * H, end=21 * H),)
    orders = [
        order("good", 1),
        order("heavy", 2, grams=900_000),
        order("large", 3, cubic_cm=9_000_000),
        order("evening", 4, windows=late),
        order("nowhere", 5, office="BC999"),
        addressed("hanoi", "số 60 phố Trung Kính, phường Trung Hòa, quận Cầu Giấy, Hà Nội"),
        addressed("blank", "hỏi người bán nước đầu ngõ"),
        addressed("vague", "thôn Cầu Gỗ, huyện Yên Lập"),
        addressed("served", "Khu 3, phường Gia Cẩm, thành phố Việt Trì, Phú Thọ"),
        addressed("far", "Khu 1, xã Hùng Việt, huyện Cẩm Khê, Phú Thọ"),
    ]
    day = write_day(tmp_path / "day", orders, [courier()], [office()])
    with (day / "orders.csv").open("a", encoding="utf-8") as table:
        header = (day / "orders.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")

        def row(**cells: str) -> str:
            return ",".join(cells.get(name.replace(" ", "_"), "") for name in header) + "\n"

        point = {"Vĩ_độ": "21.33", "Kinh_độ": "105.40"}
        table.write(row(Mã_đơn="good", Loại="phát", Dịch_vụ="EMS", **point))
        table.write(row(Mã_đơn="back", Loại="phát", Dịch_vụ="EMS", Khung_giờ="11:00-9:00", **point))
        weight = next(name for name in header if name.startswith("Khối lượng")).replace(" ", "_")
        table.write(row(**{"Mã_đơn": "minus", "Loại": "phát", weight: "-5", **point}))
    ended = buuta(*plan_arguments(day, tmp_path / "out", "--json"))
    assert ended.code == 0
    facts = ended.json
    # Three rows were rejected: the id used twice, the window that ends first, the negative weight.
    assert facts["rows_rejected"] == 3
    wrong = {one["row"] for one in facts["rejected"]}
    assert wrong == {12, 13, 14}
    assert reasons(tmp_path / "out") == {
        "heavy": "too_heavy",
        "large": "too_large",
        "evening": "window_cannot_be_met",
        "nowhere": "no_office",
        "hanoi": "outside_province",
        "blank": "address_not_found",
        "vague": "address_doubtful",
        "far": "no_office",
    }
    assert facts["total"]["planned"] == 2
    assert facts["total"]["orders"] == len(orders)


def test_a_point_abroad_is_no_place_to_drive_to(buuta: CommandLine, tmp_path: Path) -> None:
    code, out = planned(buuta, tmp_path, [order("x"), order("abroad", step=-900)])
    assert code == 0
    assert reasons(out) == {"abroad": "outside_province"}


def test_a_courier_without_an_office_is_told_and_drives_nothing(
    buuta: CommandLine, tmp_path: Path
) -> None:
    crew = [courier(), courier("lost", office="BC999")]
    code, out = planned(buuta, tmp_path, [order("x")], crew)
    assert code == 0
    assert "BC999" in (out / "notes.csv").read_text(encoding="utf-8-sig")


def test_a_day_without_couriers_lists_every_order_with_its_reason(
    buuta: CommandLine, tmp_path: Path
) -> None:
    code, out = planned(buuta, tmp_path, [order("x"), order("y", 2)], [])
    assert code in (2, 3)
    if code == 3:
        assert reasons(out) == {"x": "no_courier", "y": "no_courier"}


def test_on_a_sunday_the_offices_are_closed(buuta: CommandLine, tmp_path: Path) -> None:
    code, out = planned(buuta, tmp_path, [order("x")], on="2026-11-29")
    assert code == 3
    assert reasons(out) == {"x": "office_closed"}


def test_a_required_order_that_has_no_room_breaks_the_plan(
    buuta: CommandLine, tmp_path: Path
) -> None:
    # Two collections of seven minutes, both to begin between 9:00 and 9:05, and one courier.
    soon = (TimeWindow(start=9 * H, end=9 * H + 300),)
    orders = [
        order(
            f"x{step}",
            step,
            kind=OrderKind.COLLECTION,
            service=Service.DOSSIER,
            windows=soon,
            required=True,
        )
        for step in (1, 15)
    ]
    code, out = planned(buuta, tmp_path, orders)
    assert code == 1
    assert list(reasons(out).values()) == ["no_room"]


# ---- other commands -----------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [empty, wrong_columns, garbage, missing, a_folder])
@pytest.mark.parametrize("command", ["solve", "check"])
def test_a_problem_that_cannot_be_read_is_named(
    buuta: CommandLine, tmp_path: Path, spoil: Callable[[Path], None], command: str
) -> None:
    file = tmp_path / "x.vrp"
    file.write_text("NAME: x\n", encoding="utf-8")
    spoil(file)
    ended = buuta(command, file, *([file] if command == "check" else []))
    assert ended.code == 2
    assert ended.err.startswith("buuta: ")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": "buuta-problem", "version": 99, "problem": {}}',
        '{"format": "buuta-plan", "version": 1, "plan": {}}',
        "NAME : x\nTYPE : CVRP\nDIMENSION : -3\nEOF\n",
    ],
)
def test_a_problem_file_with_mistakes_is_refused(
    buuta: CommandLine, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "problem.json"
    file.write_text(text, encoding="utf-8")
    assert buuta("solve", file, "--seconds", 0.5).code == 2


def test_an_error_in_the_program_is_one_line_and_a_trace_only_on_demand(
    buuta: CommandLine, day: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.cli_plan

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("integer modulo by zero")

    monkeypatch.setattr(api.cli_plan, "plan_day", broken)
    ended = buuta(*plan_arguments(day, out))
    assert ended.code == 70
    assert "--debug" in ended.err
    ended = buuta(*plan_arguments(day, out, "--debug"), traces=True)
    assert ended.code == 70
    assert "ZeroDivisionError" in ended.err
    assert "Traceback" in ended.err
