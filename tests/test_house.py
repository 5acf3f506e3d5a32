"""Rules of the house that no linter knows: what is documented, what no file may say."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from api.cli import app
from api.cli_errors import ExitCode
from api.cli_messages import TEXTS
from dispatch.day_check import DayCode
from solver.model import ViolationCode

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("api", "dispatch", "geo", "solver", "benchmarks")
PRODUCT = ("api", "dispatch", "geo", "solver")
LONGEST = 500
# "About 500": an eighth more is borne where a cut would part what belongs together.
BORNE = LONGEST + LONGEST // 8

COMMANDS = typer.main.get_group(app)


def flat(group: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found |= flat(command, f"{prefix}{name} ") if inner else {f"{prefix}{name}": command}
    return found


ALL = flat(COMMANDS)


def sources(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def documents() -> str:
    pages = [ROOT / "README.md", ROOT / "SCENARIOS.md"]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())


def commands() -> list[str]:
    return sorted(ALL)


def options() -> list[tuple[str, str]]:
    return [
        (name, flag)
        for name in commands()
        for parameter in ALL[name].params
        for flag in parameter.opts
        if flag.startswith("--")
    ]


def test_the_four_commands_are_there() -> None:
    assert {"sample", "plan", "check", "solve"} <= set(commands())


@pytest.mark.parametrize("name", commands())
def test_every_command_is_documented(name: str) -> None:
    assert f"buuta {name}" in documents()


@pytest.mark.parametrize("flag", sorted({flag for _, flag in options()} - {"--help"}))
def test_every_option_is_documented(flag: str) -> None:
    assert re.search(rf"{flag}\b", documents()), f"{flag} is in no document"


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    assert re.search(rf"(?m)^\|\s*`?{int(code)}`?\s*\|", documents()), f"{code} is in no table"


@pytest.mark.parametrize("code", list(ViolationCode))
def test_every_violation_code_is_documented(code: ViolationCode) -> None:
    assert code.value in documents()


@pytest.mark.parametrize("code", list(DayCode))
def test_every_code_of_the_day_check_is_documented(code: DayCode) -> None:
    assert f"`{code.value}`" in documents()


@pytest.mark.parametrize("name", commands())
def test_every_command_takes_quiet_json_language_and_debug(name: str) -> None:
    flags = {flag for command, flag in options() if command == name}
    assert {"--quiet", "--json", "--lang", "--debug"} <= flags


@pytest.mark.parametrize("name", commands())
def test_the_help_of_every_command_names_the_exit_codes(name: str) -> None:
    epilog = ALL[name].epilog or ""
    assert all(re.search(rf"\b{int(code)} ", epilog) for code in ExitCode)


def test_both_languages_say_everything_with_the_same_placeholders() -> None:
    assert TEXTS["vi"].keys() == TEXTS["en"].keys()
    for key in TEXTS["vi"]:
        places = [set(re.findall(r"{(\w+)}", TEXTS[lang][key])) for lang in ("vi", "en")]
        assert places[0] == places[1], key


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=named)
def test_no_file_is_longer_than_a_reader_bears(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= BORNE


@pytest.mark.parametrize("path", sources(*PRODUCT), ids=named)
def test_no_product_code_reads_what_only_developers_have(path: Path) -> None:
    assert "../shared" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", [p for p in sources(*PACKAGES) if p.name == "__init__.py"], ids=named
)
def test_a_package_file_only_lists_names(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        listed = isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)
        names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert listed or names, ast.unparse(node)


@pytest.mark.parametrize(
    "path",
    [*sorted(ROOT.glob("requirements*.txt")), *sorted(ROOT.glob("*.lock"))],
    ids=named,
)
def test_no_list_of_pinned_packages_names_a_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Some of the packages are called that way; nothing else may be.
    assert re.findall(r"^.*http(?!x2?(-jsfetch)?==\d|core2?==\d).*$", text, re.MULTILINE) == []
    assert "--index-url" not in text


def test_the_lists_of_packages_carry_hashes() -> None:
    for path in ROOT.glob("requirements*.txt"):
        text = path.read_text(encoding="utf-8")
        pins = len(re.findall(r"(?m)^[a-z0-9].*==", text))
        assert pins > 10
        assert text.count("--hash=sha256:") >= pins, path.name


def test_the_python_in_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
