"""
The service: every address, and what stands around them.

Nothing happens when this module is imported; `create_app` makes an app that shares nothing with
another one.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import problems, screens
from api.accounts import Accounts
from api.deps import Parts
from api.http_messages import say
from api.logs import service_log, told
from api.metrics import Metrics
from api.middleware import Attempts, Limited, Observed, Slashes
from api.pictures import Pictures
from api.plan_cache import PlanCache
from api.routes import (
    console,
    days,
    edits,
    events,
    health,
    live,
    master,
    orders,
    people,
    phones,
    plans,
    replans,
    sessions,
    vroom,
)
from api.settings import Settings, SettingsError
from api.warm import tiny_problem
from dispatch.bootstrap import Providers, TravelChoice, phu_tho_providers
from dispatch.clock import Clock, ShiftedClock, SystemClock, today
from dispatch.errors import DispatchError
from dispatch.executors_process import Task
from dispatch.office import Dispatch
from dispatch.runs import RunManager, Setup
from dispatch.search_pool import SearchPool
from dispatch.sql import open_store
from dispatch.vroom_door import VroomDoor, VroomRules

_LEAST_SECRET = 32

_DESCRIPTION = (
    "Courier routes for a provincial post. Errors are problem details (RFC 9457); texts for people "
    "are Vietnamese, or English with Accept-Language: en."
)


def create_app(settings: Settings, *, clock: Clock | None = None, log: Any = None) -> FastAPI:
    """
    Return the service.

    Parameters
    ----------
    clock
        The office's; None takes the machine's.
    log
        Where its log lines go; None writes them to the error output.
    """
    log = log or service_log(settings.log_level)
    clock = clock or clock_of(settings)
    metrics = Metrics()
    store = open_store(settings.database, migrate=True)
    means = Means(travel_choice(settings))
    office = Dispatch(store=store, clock=clock, means=means)
    pool = SearchPool(
        size=settings.searches, waiting=settings.searches_waiting, clock=time.monotonic
    )
    setup = Setup(address=settings.database, travel=travel_choice(settings))
    plans_kept = PlanCache(office.plan, published=office.published_version)
    parts = Parts(
        runs=RunManager(office, setup=setup, workers=settings.workers),
        office=office,
        accounts=Accounts(store=store, clock=clock, secret=secret_of(settings)),
        attempts=Attempts(settings.sign_ins_a_minute),
        plans=plans_kept,
        pictures=Pictures(office, plans_kept),
        settings=settings,
        log=log,
        metrics=metrics,
        clock=clock,
        pool=pool,
        means=means,
        vroom=VroomDoor(
            travel=means(today(clock)).travel,
            pool=pool,
            clock=time.monotonic,
            rules=VroomRules(
                most_seconds=settings.vroom_most_seconds,
                most_locations=settings.vroom_most_places,
                most_vehicles=settings.vroom_most_vehicles,
            ),
        ),
    )

    office.on_publish = plans_kept.forget
    warm = threading.Event()
    parts.checks["store"] = store.ready
    parts.checks["search"] = lambda: _require(warm.is_set())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        log.info("started", version=version("buuta"))
        threading.Thread(target=_warm, args=(parts, warm), daemon=True).start()
        parts.runs.start()
        try:
            yield
        finally:
            parts.closing = True
            # What searches goes back to the queue with its best plan, for the next start.
            await anyio.to_thread.run_sync(parts.runs.close)
            await anyio.to_thread.run_sync(pool.close)
            await anyio.to_thread.run_sync(store.close)
            log.info("stopped")

    app = FastAPI(
        title="Bưu Tá",
        description=_DESCRIPTION,
        version=version("buuta"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problems.RESPONSES,
    )
    app.state.parts = parts
    problems.install(app, language=settings.language)
    for routes in (
        health,
        vroom,
        sessions,
        people,
        orders,
        master,
        days,
        plans,
        edits,
        replans,
        live,
        events,
        console,
    ):
        app.include_router(routes.router)
    app.include_router(people.once)
    for more in (phones.router, phones.once, phones.own):
        app.include_router(more)
    app.include_router(events.own)
    app.router.routes.extend(screens.ROUTES)
    metrics.watch("buuta_searches_running", "Searches of the VROOM door.", lambda: pool.running)
    metrics.watch("buuta_searches_waiting", "Callers that wait for one.", lambda: pool.waiting)
    metrics.watch("buuta_runs_running", "Runs being searched here.", lambda: parts.runs.busy)
    # The last one added stands outermost. Streams pass this one as they are.
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    app.add_middleware(Limited, metrics=metrics, settings=settings)
    app.add_middleware(Slashes)
    app.add_middleware(Observed, log=log, metrics=metrics, settings=settings)
    return app


class Means:
    """
    What each day is planned with; the providers of the last days are kept.

    Parameters
    ----------
    choice
        Who measures travel.
    """

    def __init__(self, choice: TravelChoice) -> None:
        self._of = lru_cache(maxsize=4)(lambda day: phu_tho_providers(day, choice=choice))

    def __call__(self, day: date) -> Providers:
        """Return a day's providers."""
        return self._of(day)


def clock_of(settings: Settings) -> Clock:
    """
    Return the office's clock.

    Raises
    ------
    SettingsError
        It is to be later than it is: what searches keeps the machine's time, and would be taken
        for dead.
    """
    if settings.start is not None:
        if settings.start > SystemClock().now():
            raise SettingsError([("pretend_now", say("settings.past", settings.language))])
        return ShiftedClock(settings.start, elapsed=time.monotonic)
    return SystemClock()


def secret_of(settings: Settings) -> bytes:
    """
    Return what signs couriers' links, made and written when there is none yet.

    Raises
    ------
    SecretError
        The file cannot be read or written, or holds too little.
    """
    path = Path(settings.secret_file)
    try:
        with suppress(FileExistsError):
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
        held = path.read_bytes().strip()
    except OSError as error:
        raise SecretError(str(path), error.strerror or str(error)) from None
    if len(held) < _LEAST_SECRET:
        raise SecretError(str(path), f"{len(held)} < {_LEAST_SECRET}")
    return held


class SecretError(Exception):
    """The file of the secret cannot be used (`.file`, `.why`)."""

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")


class NotYetError(Exception):
    """Something that the service needs is not ready yet."""


def _require(ready: bool) -> None:
    if not ready:
        raise NotYetError


def _warm(parts: Parts, warm: threading.Event) -> None:
    """Have a search process load what it needs, so that no caller waits for that."""
    task = Task(
        problem=tiny_problem(),
        seconds=None,
        iterations=20,
        seed=1,
        engine="search",
        start=None,
        threads=1,
    )
    try:
        parts.pool.solve(task)
    except DispatchError as error:
        if not parts.closing:
            parts.log.warning("search not warm", **told(error))
        return
    warm.set()


def travel_choice(settings: Settings) -> TravelChoice:
    """Return who measures travel, as the settings say."""
    return TravelChoice(
        roads=Path(settings.roads) if settings.roads else None,
        traffic=settings.traffic,
        osrm=tuple(part.strip() for part in settings.osrm.split(",") if part.strip()),
        valhalla=settings.valhalla,
    )
