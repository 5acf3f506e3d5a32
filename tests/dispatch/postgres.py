"""A private PostgreSQL for one test session: own folder, own socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, None where PostgreSQL is not installed."""
    for folder in _DEBIAN:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


class Cluster:
    """A running server; `stop(kill=True)` is a power cut."""

    def __init__(self, folder: Path, binaries: Path, user: str | None) -> None:
        self.folder = folder
        self.binaries = binaries
        self.user = user
        self.data = folder / "data"

    def url(self, database: str) -> str:
        return f"postgresql://buuta@/{database}?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(
            command, user=self.user, capture_output=True, text=True, cwd="/", check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=60"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", options, "start")

    def stop(self, *, kill: bool = False) -> None:
        self.run(
            "pg_ctl", "-D", str(self.data), "-w", "-m", "immediate" if kill else "fast", "stop"
        )

    def create(self, database: str) -> str:
        self.run("createdb", "-h", str(self.folder), "-U", "buuta", database)
        return self.url(database)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server as an ordinary user; PostgreSQL refuses to run as root."""
    binaries = programs()
    assert binaries is not None
    user = None
    if os.geteuid() == 0:
        user = next(n for n in ("postgres", "nobody") if n in {p.pw_name for p in pwd.getpwall()})
    # A socket's path may have 107 bytes: not below pytest's long folders.
    folder = Path(tempfile.mkdtemp(prefix="bt-pg-", dir="/tmp"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        server = Cluster(folder, binaries, user)
        server.run(
            "initdb",
            "-D",
            str(server.data),
            "-U",
            "buuta",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        server.start()
        try:
            yield server
        finally:
            server.stop(kill=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
