"""Is it alive, is it of use, and what has it counted: for machines that watch it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from api.deps import parts_of, require_metrics_token
from api.logs import told
from api.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether the service stands, and each of the things that it needs."""

    status: str
    checks: dict[str, str] = {}


@router.get("/health/live")
@router.get("/health", include_in_schema=False)
async def live() -> Health:
    """Say that the process answers."""
    return Health(status="ok")


@router.get("/health/ready", responses={503: {"model": Health}})
def ready(request: Request, response: Response) -> Health:
    """Say whether everything that the service needs answers too; 503 while it stops."""
    parts = parts_of(request)
    checks = {}
    for name, check in parts.checks.items():
        try:
            check()
            checks[name] = "ok"
        except Exception as error:  # noqa: BLE001 - any trouble means not ready
            parts.log.warning("not ready", check=name, **told(error))
            checks[name] = "failed"
    if parts.closing:
        checks["stopping"] = "failed"
    fine = all(said == "ok" for said in checks.values())
    if not fine:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Health(status="ok" if fine else "failed", checks=checks)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, 401: {"description": "The token is missing"}},
)
def metrics(
    request: Request, _: Annotated[None, Depends(require_metrics_token)] = None
) -> Response:
    """Return what was counted, in Prometheus' text format."""
    return Response(parts_of(request).metrics.shown(), media_type=CONTENT_TYPE)
