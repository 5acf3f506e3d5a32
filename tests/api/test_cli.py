"""The four commands: what they show, write and return."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from api.cli_messages import TEXTS, say
from dispatch.importing import read_fleet, read_offices, read_orders
from tests.api.command_line import DAY, CommandLine, plan_arguments, write_day
from tests.api.days import courier, office, order

# Two customers on a line, 3 and 4 from the depot: out and back is 8.
SMALL = """NAME : two
TYPE : CVRP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : {capacity}
NODE_COORD_SECTION
1 0 0
2 3 0
3 4 0
DEMAND_SECTION
1 0
2 10
3 10
DEPOT_SECTION
1
-1
EOF
"""


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    file = tmp_path / "two.vrp"
    file.write_text(SMALL.format(capacity=20), encoding="utf-8")
    return file


def test_the_version_is_the_packages(buuta: CommandLine) -> None:
    ended = buuta("--version")
    assert ended.code == 0
    assert ended.out.strip() == f"buuta {version('buuta')}"


def test_help_comes_at_once() -> None:
    # Half a second is the promise on an idle machine; a busy one gets some more.
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", "--help"],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "TERM": "dumb"},
    )
    assert "sample" in done.stdout
    assert time.monotonic() - began < 2


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from api.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'ortools', 'shapely', 'numba', 'solver'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, check=True, text=True
    )
    assert done.stdout.rstrip().endswith("[]")


# ---- sample -------------------------------------------------------------------------------------


def test_a_sample_day_can_be_read_back(buuta: CommandLine, tmp_path: Path) -> None:
    ended = buuta("sample", "--orders", 40, "--seed", 5, "--out", tmp_path, "--json")
    assert ended.code == 0
    assert ended.json["orders"] == 40
    texts = {
        name: (tmp_path / f"{name}.csv").read_bytes() for name in ("orders", "fleet", "offices")
    }
    orders = read_orders(texts["orders"], file="orders.csv", day=DAY)
    assert len(orders.good) == 40
    assert not orders.rejected
    assert len(read_fleet(texts["fleet"], file="fleet.csv").good) == ended.json["couriers"]
    assert len(read_offices(texts["offices"], file="offices.csv").good) == 14


def test_the_same_seed_makes_the_same_day(buuta: CommandLine, tmp_path: Path) -> None:
    texts = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        buuta("sample", "--orders", 20, "--seed", seed, "--out", tmp_path / name, "--quiet")
        texts.append((tmp_path / name / "orders.csv").read_bytes())
    assert texts[0] == texts[1] != texts[2]


# ---- solve --------------------------------------------------------------------------------------


def test_an_instance_is_solved_and_its_solution_written(
    buuta: CommandLine, instance: Path, tmp_path: Path
) -> None:
    solution = tmp_path / "two.sol"
    ended = buuta("solve", instance, "--seconds", 0.5, "--out", solution, "--json")
    assert ended.code == 0
    facts = ended.json
    assert (facts["cost"], facts["vehicles"], facts["feasible"]) == (8, 1, True)
    lines = solution.read_text(encoding="utf-8").splitlines()
    assert sorted(lines[0].split(": ")[1].split()) == ["1", "2"]
    assert lines[-1] == "Cost: 8"


def test_the_result_is_a_table_in_the_language_asked_for(
    buuta: CommandLine, instance: Path
) -> None:
    arguments = ("solve", instance, "--seconds", 0.5, "--threads", 1)
    assert "Chi phí" in buuta(*arguments).out
    assert "Cost" in buuta(*arguments, "--lang", "en").out


def test_quiet_says_nothing(buuta: CommandLine, instance: Path) -> None:
    ended = buuta("solve", instance, "--seconds", 0.5, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


# ---- check --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solution", "code", "violations"),
    [
        ("Route #1: 1 2\nCost 8\n", 0, []),
        ("Route #1: 2 1\nCost 999\n", 0, []),
        ("Route #1: 1\nCost 6\n", 1, ["required_unassigned"]),
    ],
)
def test_a_solution_is_judged_by_what_it_does_not_by_what_it_claims(
    buuta: CommandLine,
    instance: Path,
    tmp_path: Path,
    solution: str,
    code: int,
    violations: list[str],
) -> None:
    file = tmp_path / "two.sol"
    file.write_text(solution, encoding="utf-8")
    ended = buuta("check", instance, file, "--json")
    assert ended.code == code
    assert [one["code"] for one in ended.json["violations"]] == violations


def test_every_violation_is_listed_with_its_amount(
    buuta: CommandLine, instance: Path, tmp_path: Path
) -> None:
    instance.write_text(SMALL.format(capacity=15), encoding="utf-8")
    file = tmp_path / "two.sol"
    file.write_text("Route #1: 1 2\nCost 8\n", encoding="utf-8")
    ended = buuta("check", instance, file, "--json")
    assert ended.code == 1
    (violation,) = ended.json["violations"]
    # Twenty units in a truck for fifteen.
    assert (violation["code"], violation["amount"]) == ("capacity_exceeded", 5)
    assert "capacity_exceeded" in buuta("check", instance, file).out


def test_a_solution_of_another_instance_is_unreadable(
    buuta: CommandLine, instance: Path, tmp_path: Path
) -> None:
    file = tmp_path / "other.sol"
    file.write_text("Route #1: 1 2 77\nCost 8\n", encoding="utf-8")
    ended = buuta("check", instance, file)
    assert ended.code == 2
    assert "77" in ended.err


# ---- plan ---------------------------------------------------------------------------------------


def test_a_plan_quietly_writes_everything(buuta: CommandLine, tmp_path: Path) -> None:
    day = write_day(tmp_path / "day", [order("x"), order("y", 3)], [courier()], [office()])
    out = tmp_path / "out"
    ended = buuta(*plan_arguments(day, out, "--quiet"))
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    names = {path.name for path in out.iterdir()}
    assert {"problem.json", "plan.json", "stops.csv", "routes.geojson", "map.html"} <= names
    assert [path.name for path in (out / "manifests").iterdir()] == ["vt1.pdf"]
    assert buuta("check", out / "problem.json", out / "plan.json").code == 0


def test_a_plan_made_anew_leaves_no_findings_of_the_old_one_behind(
    buuta: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("rejected.csv", "rejected_orders.csv"):
        (out / name).write_text("yesterday's", encoding="utf-8")
    day = write_day(tmp_path / "day", [order("x")], [courier()], [office()])
    buuta(*plan_arguments(day, out, "--quiet"))
    assert not any((out / name).exists() for name in ("rejected.csv", "rejected_orders.csv"))


def test_our_own_problem_is_solved_and_its_plan_checked(buuta: CommandLine, tmp_path: Path) -> None:
    day = write_day(tmp_path / "day", [order("x"), order("y", 3)], [courier()], [office()])
    out = tmp_path / "out"
    buuta(*plan_arguments(day, out, "--quiet"))
    again = tmp_path / "again.json"
    ended = buuta("solve", out / "problem.json", "--seconds", 0.5, "--out", again, "--json")
    assert ended.code == 0
    assert buuta("check", out / "problem.json", again).code == 0


def test_one_search_for_all_offices_is_a_plan_too(buuta: CommandLine, tmp_path: Path) -> None:
    day = write_day(tmp_path / "day", [order("x")], [courier()], [office()])
    ended = buuta(*plan_arguments(day, tmp_path / "out", "--whole", "--json"))
    assert ended.code == 0
    assert ended.json["total"]["planned"] == 1


def test_the_table_speaks_vietnamese_first(buuta: CommandLine, tmp_path: Path) -> None:
    day = write_day(tmp_path / "day", [order("x")], [courier()], [office()])
    ended = buuta(*plan_arguments(day, tmp_path / "out"))
    assert "Bưu cục" in ended.out
    assert "Kế hoạch giữ mọi quy định" in ended.out
    assert "plan.json" in ended.out


# ---- words --------------------------------------------------------------------------------------


def test_every_text_of_the_catalogue_is_used() -> None:
    folder = Path(sys.modules["api.cli_messages"].__file__ or "").parent
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.glob("cli*.py")
        if path.name != "cli_messages.py"
    )
    composed = {f"step.{name}" for name in ("locate", "travel", "problem", "search", "explain")}
    roads = ("read", "simplify", "connect", "order", "store")
    composed |= {f"step.roads.{name}" for name in roads}
    unused = [key for key in TEXTS["vi"] if f'"{key}"' not in sources and key not in composed]
    assert unused == []


def test_a_text_is_filled_in_both_languages() -> None:
    assert say("check.broken", "vi", count=3) == "3 vi phạm:"
    assert say("check.broken", "en", count=3) == "3 violations:"
