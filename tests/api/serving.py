"""A service of its own for a test: in this process, or spawned behind a real port."""

from __future__ import annotations

import io
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from starlette.testclient import TestClient

from api.app import create_app
from api.logs import service_log
from api.settings import Settings
from dispatch.clock import Clock

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Heard:
    """A service's log lines."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def in_process(
    heard: Heard | None = None, clock: Clock | None = None, **settings: Any
) -> Iterator[TestClient]:
    """Return a client of an app that runs here, and speaks English."""
    heard = heard or Heard()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            settings_in(Path(folder), **settings),
            clock=clock,
            log=service_log("debug", stream=heard.stream),
        )
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client


def settings_in(folder: Path, **settings: Any) -> Settings:
    """Return settings whose data lies in a folder."""
    own = {
        "language": "en",
        "database": f"sqlite:///{folder}/buuta.sqlite",
        "secret_file": f"{folder}/buuta.secret",
        "workers": 0,
    }
    return Settings(**{**own, **settings})


@dataclass
class Served:
    """A service in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    lines: queue.Queue[str]
    reader: threading.Thread

    def end(self, how: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join()

    def said(self) -> list[str]:
        """Return what it has said on its error output since the last time."""
        found = []
        while True:
            try:
                found.append(self.lines.get_nowait())
            except queue.Empty:
                return found


def _follow(stream: IO[str], lines: queue.Queue[str]) -> None:
    with stream:
        for line in stream:
            lines.put(line.rstrip("\n"))


def start(
    *arguments: str, environment: Mapping[str, str] | None = None, within: float = 240
) -> Served:
    """Start `buuta serve` on a free port and wait until it answers."""
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("buuta")),
            "serve",
            "--port",
            "0",
            "--lang",
            "en",
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_follow, args=(process.stderr, lines), daemon=True)
    reader.start()
    end = time.monotonic() + within
    seen = []
    while time.monotonic() < end and process.poll() is None:
        try:
            seen.append(lines.get(timeout=0.2))
        except queue.Empty:
            continue
        if found := re.search(r"serves at (http://\S+)", seen[-1]):
            return Served(process, found[1], lines, reader)
    process.kill()
    process.wait()
    reader.join()
    raise AssertionError("\n".join([*seen, *lines.queue]))


@contextmanager
def served(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Return a service behind a port of this machine; it is ended afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        own = {
            "BUUTA_DATABASE": f"sqlite:///{folder}/buuta.sqlite",
            "BUUTA_SECRET_FILE": f"{folder}/buuta.secret",
        }
        service = start(*arguments, environment={**own, **(environment or {})})
        try:
            yield service
        finally:
            service.end()
