"""Fixtures of the command line's tests."""

from __future__ import annotations

import pytest

from tests.api.command_line import CommandLine
from tests.dispatch.conftest import cluster

__all__ = ["buuta", "cluster"]


@pytest.fixture
def buuta(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return the command line, run in this process."""
    return CommandLine(monkeypatch, capfd)
