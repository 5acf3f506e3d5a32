"""
The screens as they were built into `static/`: the console at `/`, the courier's page at `/phone`.

Files below `assets/` carry a hash of their content in their names and are kept for ever by
browsers; everything else is asked for again each time, and answered with 304 where it is the same.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.deps import lang_of, parts_of
from api.http_messages import say
from api.problems import Problem
from api.settings import Settings

BUILT = Path(__file__).resolve().parent / "static"

_SQUEEZED = (("br", ".br"), ("gzip", ".gz"))
_FOR_EVER = "public, max-age=31536000, immutable"
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".webmanifest": "application/manifest+json",
}


def console(request: Request) -> Response:
    """Return the console; what is behind /days is an address of its own inside it."""
    return _page(request, "index.html")


def phone(request: Request) -> Response:
    """Return the courier's page; /courier is where the links on manifests lead."""
    return _page(request, "phone.html")


def asset(request: Request) -> Response:
    """Return a file whose name says what is in it."""
    name = request.path_params["name"]
    return _file(request, BUILT / "assets", name, {"cache-control": _FOR_EVER})


def icon(request: Request) -> Response:
    """Return the sign in the browser's tab."""
    return _file(request, BUILT, "icon.svg", {"cache-control": "no-cache"})


def of_phone(request: Request) -> Response:
    """Return what the courier's page needs at the root: service worker, manifest, icons."""
    name = f"phone-{request.path_params['name']}"
    headers = {"cache-control": "no-cache"}
    if name.endswith(".js"):
        # A service worker goes by the policy that its own file came with.
        headers["content-security-policy"] = "default-src 'none'; connect-src 'self'"
    return _file(request, BUILT, name, headers)


class _Page(Route):
    """A route that logs and metrics know by its path, as they know FastAPI's."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["route"] = self
        await super().handle(scope, receive, send)


ROUTES = tuple(
    _Page(path, endpoint, methods=["GET"], include_in_schema=False)
    for endpoint, paths in (
        (console, ("/", "/setup", "/days", "/days/{rest:path}")),
        (phone, ("/phone", "/courier", "/phone/{rest:path}")),
        (asset, ("/assets/{name}",)),
        (icon, ("/icon.svg", "/favicon.ico")),
        (of_phone, ("/phone-{name}",)),
    )
    for path in paths
)
"""Pages, not operations: they answer anybody, hold no data, and stand in no description."""


def policy(settings: Settings) -> str:
    """
    Return what a page may load: its own files, and the tiles that the settings name.

    Map libraries start their workers from their own file or from a blob, and draw into images that
    have no address.
    """
    tiles = urlsplit(settings.tiles.replace("{", "").replace("}", ""))
    own = f" {tiles.scheme}://{tiles.netloc}" if tiles.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; "
        f"img-src 'self' data: blob:{own}; connect-src 'self'{own}; font-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _page(request: Request, name: str) -> Response:
    parts = parts_of(request)
    if not (BUILT / name).is_file():
        lang = lang_of(request)
        text = (
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Bưu Tá</title>'
            f"<h1>Bưu Tá</h1><p>{say('screens.missing', lang)}</p>"
            "<pre>pip install -e .</pre></html>"
        )
        return HTMLResponse(text, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    headers = {
        "cache-control": "no-cache",
        "content-security-policy": policy(parts.settings),
    }
    return _file(request, BUILT, name, headers)


def _file(request: Request, folder: Path, name: str, more: Mapping[str, str]) -> Response:
    """Return a file of a folder, squeezed as the browser can take it."""
    path = folder / name
    # The name is one part of an address and holds no slash, but may be "..".
    if not path.is_file() or path.parent != folder or name.startswith("."):
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    headers = {"vary": "Accept-Encoding", **more}
    taken = _taken(request.headers)
    for coding, ending in _SQUEEZED:
        squeezed = path.with_name(path.name + ending)
        if coding in taken and squeezed.is_file():
            headers["content-encoding"] = coding
            path = squeezed
            break
    held = path.read_bytes()
    headers["etag"] = f'"{hashlib.sha256(held).hexdigest()[:24]}"'
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    suffix = (folder / name).suffix
    kind = _KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(held, media_type=kind, headers=headers)


def _taken(headers: Headers) -> set[str]:
    """Return the codings that a browser takes."""
    return {
        coding.strip().lower()
        for part in headers.get("accept-encoding", "").split(",")
        for coding, _, weight in [part.partition(";")]
        if weight.replace(" ", "") not in ("q=0", "q=0.0")
    }
