"""
Everything that goes wrong over HTTP, told as problem details, all findings at once.

    Problem          what a handler refuses: a status, a kind, what to do, and findings

A person reads `title` and `detail` in their language; a program goes by `type`, which is
`urn:buuta:problem:` and the kind.

References
----------
RFC 9457, "Problem Details for HTTP APIs", 2023.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.account_values import (
    AlreadySetUpError,
    LastAdminError,
    LinkElsewhereError,
    LinkOverError,
    SignInError,
    WeakPasswordError,
)
from api.http_messages import TEXTS, language_of, say
from dispatch.errors import (
    ConflictError,
    DispatchError,
    NothingToPlan,
    OfficeError,
    RefusedError,
    RowFinding,
    StoreError,
    TableError,
    UnknownError,
)
from dispatch.executors import SearchLostError
from dispatch.search_pool import PoolBusyError
from dispatch.trouble import explained
from geo.errors import GeoError
from solver.errors import FormatError, ProblemError, SolverError

MEDIA_TYPE = "application/problem+json"
_URN = "urn:buuta:problem:"
_BUSY_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFinding:
    """One thing wrong in a request: where it stands, what is wrong, what to do about it."""

    where: str
    what: str
    remedy: str = ""


class Problem(Exception):  # noqa: N818 - the word of the standard
    """
    What a handler refuses.

    Parameters
    ----------
    kind
        The last part of `type`, and the key of its title.
    detail
        What to do next; without it the text of the kind with `values` in it.
    more
        Further members of the answer, for programs.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        detail: str = "",
        errors: Sequence[FieldFinding] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        **values: object,
    ) -> None:
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.more = dict(more or {})
        self.values = values
        super().__init__(f"{status} {kind}")


class ProblemOut(BaseModel):
    """Why a request was refused (RFC 9457); `errors` lists every finding."""

    type: str
    title: str
    status: int
    instance: str
    detail: str | None = None
    errors: list[FieldFinding] | None = None


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its definitions where they are used; it stands in another document."""
    known = schema.pop("$defs", {})

    def put_in(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return put_in(known[value["$ref"].rpartition("/")[2]])
            return {key: put_in(inner) for key, inner in value.items()}
        return [put_in(inner) for inner in value] if isinstance(value, list) else value

    inlined: dict[str, Any] = put_in(schema)
    return inlined


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Why it was refused.",
        "content": {MEDIA_TYPE: {"schema": _inlined(ProblemOut.model_json_schema())}},
    }
}
"""What every address may answer besides what it says itself."""


def spoken(headers: Mapping[str, str], usual: str) -> str:
    """Return the language to answer a request in."""
    return language_of(headers.get("accept-language", ""), usual)


def body_of(problem: Problem, *, lang: str, path: str) -> dict[str, Any]:
    """Return a problem as the standard writes it."""
    detail = problem.detail
    key = f"problem.{problem.kind}.detail"
    if not detail and key in TEXTS[lang]:
        detail = say(key, lang, **problem.values)
    told: dict[str, Any] = {
        "type": _URN + problem.kind,
        "title": say(f"problem.{problem.kind}", lang),
        "status": problem.status,
        "instance": path,
        **problem.more,
    }
    if detail:
        told["detail"] = detail
    if problem.errors:
        told["errors"] = [asdict(error) for error in problem.errors]
    return told


def response_to(problem: Problem, *, lang: str, path: str) -> Response:
    """Return a problem as a response."""
    return Response(
        json.dumps(body_of(problem, lang=lang, path=path), ensure_ascii=False),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def install(app: FastAPI, *, language: str) -> None:
    """Make every error of an app a problem that the caller can read."""

    def handler(request: Request, error: Exception) -> Response:
        lang = spoken(request.headers, language)
        problem = problem_of(error, lang=lang)
        return response_to(problem, lang=lang, path=request.url.path)

    for kind in (
        Problem,
        HTTPException,
        RequestValidationError,
        DispatchError,
        SolverError,
        GeoError,
    ):
        app.add_exception_handler(kind, handler)


def problem_of(error: Exception, *, lang: str) -> Problem:
    """Return the problem that an error is to its caller."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error, lang)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, OfficeError):
        return _of_office(error, lang)
    for kind, (status, name) in _ACCOUNTS.items():
        if isinstance(error, kind):
            since = getattr(error, "since", None)
            return Problem(
                status,
                name,
                least=getattr(error, "least", 0),
                since=f"{since:%H:%M}" if since is not None else "",
            )
    if isinstance(error, PoolBusyError):
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            headers={"Retry-After": str(_BUSY_SECONDS)},
            running=error.running,
            waiting=error.waiting,
        )
    if isinstance(error, SearchLostError):
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail=str(error))
    if isinstance(error, GeoError):
        detail = explained(error, "en" if lang == "en" else "vi")
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", detail=detail)
    if isinstance(error, FormatError | ProblemError):
        found = [FieldFinding(where=f.where, what=f.what, remedy=f.remedy) for f in error.findings]
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=found, count=len(found))
    if isinstance(error, TableError | NothingToPlan):
        found = [of_row(finding) for finding in error.findings]
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=found, count=len(found))
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", detail=str(error))


_ACCOUNTS: Mapping[type[Exception], tuple[int, str]] = {
    LinkElsewhereError: (HTTPStatus.UNAUTHORIZED, "link_elsewhere"),
    LinkOverError: (HTTPStatus.UNAUTHORIZED, "link_over"),
    SignInError: (HTTPStatus.UNAUTHORIZED, "sign_in"),
    WeakPasswordError: (HTTPStatus.UNPROCESSABLE_ENTITY, "weak_password"),
    LastAdminError: (HTTPStatus.CONFLICT, "last_admin"),
    AlreadySetUpError: (HTTPStatus.CONFLICT, "set_up"),
}


def _of_office(error: OfficeError, lang: str) -> Problem:
    detail = error.said("en" if lang == "en" else "vi")
    more: dict[str, Any] = {"reason": error.key}
    if "current" in error.facts:
        more["current"] = error.facts["current"]
    if isinstance(error, UnknownError):
        return Problem(HTTPStatus.NOT_FOUND, "not_found", detail=detail, more=more)
    if isinstance(error, ConflictError):
        changed = error.key == "changed"
        status = HTTPStatus.PRECONDITION_FAILED if changed else HTTPStatus.CONFLICT
        return Problem(status, "conflict", detail=detail, more=more)
    if isinstance(error, RefusedError):
        return Problem(HTTPStatus.CONFLICT, "refused", detail=detail, more=more)
    assert isinstance(error, StoreError)
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        detail=detail,
        more=more,
        headers={"Retry-After": str(_BUSY_SECONDS)},
    )


def of_row(finding: RowFinding) -> FieldFinding:
    """Return a finding in a table as one of a request; the value itself is not repeated."""
    at = f"{finding.file}, {finding.row}" if finding.row else finding.file
    where = f"{at}, {finding.field}" if finding.field else at
    return FieldFinding(where=where, what=finding.what, remedy=finding.remedy)


def _of_http(error: HTTPException) -> Problem:
    status = error.status_code
    headers = dict(error.headers or {})
    if status == HTTPStatus.NOT_FOUND:
        return Problem(status, "not_found", headers=headers)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Problem(status, "method", headers=headers, allowed=headers.get("Allow", ""))
    if status == HTTPStatus.BAD_REQUEST:
        return Problem(status, "malformed", headers=headers)
    kind = "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "unavailable"
    return Problem(status, kind, headers=headers)


def _invalid(error: RequestValidationError, lang: str) -> Problem:
    """Return every field that does not fit; what the caller sent is not repeated."""
    found = []
    malformed = False
    for one in error.errors():
        kind = str(one["type"])
        malformed = malformed or kind == "json_invalid"
        key = f"field.{kind}"
        known = key in TEXTS[lang]
        what = say(key, lang) if known else say("field.wrong", lang, why=_why(one))
        found.append(FieldFinding(where=_where(one["loc"]), what=what))
    if malformed:
        return Problem(HTTPStatus.BAD_REQUEST, "malformed", errors=found)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=found, count=len(found))


def _why(one: Mapping[str, Any]) -> str:
    return str(one.get("msg", "")).removeprefix("Value error, ")


def _where(parts: Sequence[str | int]) -> str:
    named = ".".join(f"[{part}]" if isinstance(part, int) else part for part in parts)
    return named.replace(".[", "[")
