"""The screens' files as the service gives them out, and the sources that they come from."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import api.screens
from api.describe import description
from api.screens import BUILT, policy
from api.settings import Settings, SettingsError, load
from tests.api.serving import ROOT, in_process

WEB = ROOT / "api" / "web"
MODULES = WEB / "node_modules"

built = pytest.mark.skipif(
    not (BUILT / "index.html").is_file(), reason="the screens are not built (pip install -e .)"
)
with_node = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / ".buuta").is_file(),
    reason="no Node with the screens' packages on this machine",
)


@pytest.fixture(scope="module")
def service() -> Iterator[TestClient]:
    with in_process() as client:
        yield client


def assets() -> list[str]:
    text = (BUILT / "index.html").read_text(encoding="utf-8")
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', text)


# ---- as they are given out ----------------------------------------------------------------------


@built
@pytest.mark.parametrize("path", ["/", "/setup", "/days/2026-11-24/plan", "/phone", "/courier"])
def test_a_page_is_asked_for_again_and_may_load_only_what_is_its_own(
    service: TestClient, path: str
) -> None:
    page = service.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    rules = page.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules
    assert "http" not in rules
    again = service.get(path, headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@built
def test_a_file_with_its_hash_in_its_name_is_kept_for_ever_and_squeezed(
    service: TestClient,
) -> None:
    names = assets()
    assert any(name.endswith(".js") for name in names)
    for name in names:
        held = (BUILT / name.lstrip("/")).read_bytes()
        for coding in ("br", "gzip", "identity"):
            answer = service.get(name, headers={"Accept-Encoding": coding})
            assert "immutable" in answer.headers["cache-control"]
            assert "Accept-Encoding" in answer.headers["vary"]
            if coding == "br":
                continue
            assert answer.content == held, "httpx has unpacked it"
        if len(held) > 1_000:
            assert answer.headers.get("content-encoding") is None
            squeezed = service.get(name, headers={"Accept-Encoding": "br;q=1, gzip;q=0"})
            assert squeezed.headers["content-encoding"] == "br"
            packed = (BUILT / f"{name.lstrip('/')}.gz").read_bytes()
            assert gzip.decompress(packed) == held


@built
@pytest.mark.parametrize(
    "path",
    [
        *("/api/nothing", "/nothing", "/assets/nothing.js", "/assets/%2e%2e"),
        *("/assets/..%2f.mark", "/phone-nothing.js", "/api", "/index.html"),
    ],
)
def test_what_is_not_there_is_said_as_a_problem_and_not_as_a_page(
    service: TestClient, path: str
) -> None:
    answer = service.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@built
def test_nothing_that_is_built_points_to_another_machine() -> None:
    for path in BUILT.rglob("*"):
        if path.suffix in (".html", ".css"):
            text = path.read_text(encoding="utf-8")
            foreign = [
                one
                for one in re.findall(r"""(?:src=|href=|url\()["']?(https?://[^"')]+)""", text)
                if not one.startswith("http://www.w3.org/")
            ]
            assert foreign == [], path.name


@built
def test_pages_and_files_are_counted_under_their_own_routes(service: TestClient) -> None:
    service.get("/days/2026-11-24/plan")
    service.get(assets()[0])
    counted = service.get("/metrics").text
    assert 'route="/days/{rest:path}"' in counted
    assert 'route="/assets/{name}"' in counted


def test_without_a_build_the_page_says_how_to_make_one(
    service: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api.screens, "BUILT", tmp_path)
    page = service.get("/", headers={"Accept-Language": "vi"})
    assert page.status_code == 503
    assert "pip install -e ." in page.text
    assert "chưa được dựng" in page.text


def test_the_page_may_load_tiles_only_from_where_the_settings_say() -> None:
    tiles = "https://tiles.example:8443/{z}/{x}/{y}.png"
    settings = load(environment={"BUUTA_TILES": tiles})
    assert "img-src 'self' data: blob: https://tiles.example:8443;" in policy(settings)
    assert "tiles" not in policy(Settings())
    for wrong in ("tiles.example", "https://tiles.example/{z}/{x}.png", f"{tiles}; x", "https:///"):
        with pytest.raises(SettingsError):
            load(environment={"BUUTA_TILES": wrong})


# ---- their sources ------------------------------------------------------------------------------


def test_the_pinned_packages_carry_hashes_and_name_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 20
    for name, one in packages.items():
        assert "resolved" not in one, name
        assert one["integrity"].startswith("sha512-"), name
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert "registry" not in text
    held = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    wanted = {**held["dependencies"], **held["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


@with_node
def test_the_screens_view_of_the_service_is_fresh(tmp_path: Path) -> None:
    described = tmp_path / "openapi.json"
    described.write_text(description(), encoding="utf-8")
    _node("openapi-typescript/bin/cli.js", str(described), "-o", str(tmp_path / "api.d.ts"))
    fresh = (tmp_path / "api.d.ts").read_text(encoding="utf-8")
    kept = (WEB / "src" / "shared" / "api.d.ts").read_text(encoding="utf-8")
    assert fresh == kept, "make api-types"


@with_node
def test_a_text_that_one_language_lacks_does_not_pass_the_check(tmp_path: Path) -> None:
    claims = {
        "whole": ('{ a: "một {n}" }', '{ a: "one {n}" }', True),
        "missing": ('{ a: "một", b: "hai" }', '{ a: "one" }', False),
        "too_many": ('{ a: "một" }', '{ a: "one", b: "two" }', False),
        "another_place": ('{ a: "một {n}" }', '{ a: "one {m}" }', False),
        "no_place": ('{ a: "một {n}" }', '{ a: "one" }', False),
    }
    shared = (WEB / "src" / "shared" / "language").as_posix()
    for name, (vi, en, _) in claims.items():
        (tmp_path / f"{name}.ts").write_text(
            f'import {{ catalogue }} from "{shared}";\nexport const say = catalogue({vi}, {en});\n'
        )
    config: dict[str, Any] = json.loads((WEB / "tsconfig.json").read_text(encoding="utf-8"))
    options = {**config["compilerOptions"], "types": []}
    options["paths"] = {"@preact/signals": [str(MODULES / "@preact" / "signals")]}
    own = {"compilerOptions": options, "include": [f"{tmp_path}/*.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(own))
    said = _node("typescript/bin/tsc", "--noEmit", "-p", str(tmp_path), ok=False)
    faulty = set(re.findall(r"(\w+)\.ts\(\d+,\d+\): error", said))
    assert faulty == {name for name, (_, _, fine) in claims.items() if not fine}, said


def _node(script: str, *more: str, ok: bool = True) -> str:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(MODULES / script), *more], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert not ok or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
