"""
The VROOM door: clients of VROOM, of vroom-express and of openrouteservice's optimization work here.

They post to the root, to /vroom, or to a base address with /optimization behind it; all are the
same. Answers and errors are VROOM's own (`code` 0, 1 internal, 2 input, 3 routing), with the
statuses that vroom-express gives them: 200, 500, 400, 500, and 413 for too much. Only what stands
in front of the door, a missing key or too many requests, answers as the rest of the service does.
"""

from __future__ import annotations

import asyncio
import json
import threading
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.deps import Parts, lang_of, parts_of, require_vroom_key
from api.http_messages import say
from api.problems import problem_of
from dispatch.executors import SearchLostError
from dispatch.search_pool import PoolBusyError
from dispatch.vroom_door import Answer, TooLargeError
from geo.errors import GeoError
from solver.errors import SolverError

router = APIRouter(tags=["vroom"])

_KEY = [Depends(require_vroom_key)]

_LOOK_SECONDS = 0.25
"""How often a waiting caller is looked after: who has gone needs no answer."""


class VroomRequest(BaseModel):
    """A problem in VROOM's words; its API page says what each part may hold."""

    model_config = ConfigDict(extra="allow")

    vehicles: list[dict[str, Any]]
    jobs: list[dict[str, Any]] = Field(default=[])
    shipments: list[dict[str, Any]] = Field(default=[])
    matrices: dict[str, Any] = Field(default={})
    options: dict[str, Any] = Field(default={})


class VroomAnswer(BaseModel):
    """VROOM's answer, or its error: `code` is 0 only where all went well."""

    model_config = ConfigDict(extra="allow")

    code: int
    error: str | None = None


_OPENAPI = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": VroomRequest.model_json_schema()}},
    }
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": VroomAnswer, "description": said}
    for status, said in (
        (400, "The problem cannot be read (code 2)"),
        (413, "The problem is too large (code 4)"),
        (500, "No travel between some of its places (code 3), or the search was lost (code 1)"),
        (503, "All searches are busy (code 1)"),
    )
}


@router.post(
    "/vroom",
    dependencies=_KEY,
    response_model=VroomAnswer,
    responses=_RESPONSES,
    openapi_extra=_OPENAPI,
)
@router.post("/vroom/", dependencies=_KEY, include_in_schema=False)
@router.post("/vroom/optimization", dependencies=_KEY, include_in_schema=False)
@router.post("/optimization", dependencies=_KEY, include_in_schema=False)
@router.post("/", dependencies=_KEY, include_in_schema=False)
async def vroom(request: Request) -> Response:
    """Plan a problem in VROOM's JSON, or time its routes where `options.c` asks for plan mode."""
    parts = parts_of(request)
    body = await request.body()
    gone = threading.Event()
    lang = await lang_of(request)
    asked = asyncio.create_task(asyncio.to_thread(_answer, parts, body, gone, lang))
    while not (await asyncio.wait({asked}, timeout=_LOOK_SECONDS))[0]:
        if parts.closing or await request.is_disconnected():
            gone.set()
    status, told, headers = asked.result()
    parts.metrics.vroom.labels(str(told["code"])).inc()
    if told["code"] == 0:
        left = told["summary"]["unassigned"]
        done = sum(
            step["type"] in ("job", "pickup", "delivery")
            for route in told["routes"]
            for step in route["steps"]
        )
        parts.metrics.vroom_tasks.labels("yes").inc(done)
        parts.metrics.vroom_tasks.labels("no").inc(left)
    return Response(
        json.dumps(told, ensure_ascii=False),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


@router.get("/vroom/health", include_in_schema=False)
async def health() -> dict[str, str]:
    """Say that the door is open, where vroom-express says so."""
    return {"status": "ok"}


def _answer(
    parts: Parts, body: bytes, gone: threading.Event, lang: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _wrong(HTTPStatus.BAD_REQUEST, 2, "JSON is UTF-8")
    try:
        answer = parts.vroom.answer(text, stop=gone.is_set)
    except TooLargeError as error:
        said = say(
            "vroom.too_many",
            lang,
            what=say(f"vroom.{error.what}", lang),
            count=error.count,
            most=error.most,
        )
        return _wrong(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 4, said)
    except SolverError as error:
        return _wrong(HTTPStatus.BAD_REQUEST, 2, str(error))
    except GeoError as error:
        problem = problem_of(error, lang=lang)
        return _wrong(HTTPStatus.INTERNAL_SERVER_ERROR, 3, problem.detail)
    except PoolBusyError as error:
        problem = problem_of(error, lang=lang)
        said = say("problem.busy.detail", lang, **problem.values)
        return _wrong(problem.status, 1, said, **problem.headers)
    except SearchLostError as error:
        return _wrong(HTTPStatus.INTERNAL_SERVER_ERROR, 1, str(error))
    return HTTPStatus.OK, dict(answer.held), _said(answer)


def _wrong(
    status: int, code: int, error: str, **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    return status, {"code": code, "error": error}, headers


def _said(answer: Answer) -> dict[str, str]:
    """Say in a header what travel was measured here, as the answer's format has no place for it."""
    return {"Buuta-Measured": ", ".join(answer.measured) or "nothing"}
