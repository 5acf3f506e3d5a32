"""`buuta serve`: the service behind its port, until it is told to stop."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import uvicorn

from api.app import SecretError, create_app
from api.cli_errors import ExitCode, Trouble
from api.cli_files import read_text
from api.cli_screen import Screen
from api.http_messages import say
from api.logs import Forwarder, service_log
from api.settings import Settings, SettingsError, load

_SWITCH_SECONDS = 0.001
"""How long a thread computes before another one may, five times shorter than usual."""

_LOCAL = ("127.0.0.1", "::1", "localhost")


def serve(
    file: Path | None,
    *,
    host: str | None,
    port: int | None,
    database: str | None,
    screen: Screen,
) -> ExitCode:
    """Serve until a signal comes; running requests then end first."""
    text = read_text(file) if file is not None else ""
    try:
        settings = load(
            text,
            environment=os.environ,
            file=str(file or ""),
            lang=screen.lang,
            host=host,
            port=port,
            database=database,
        )
    except SettingsError as error:
        raise Trouble(str(error)) from None
    run(settings, screen=screen)
    return ExitCode.DONE


def run(settings: Settings, *, screen: Screen) -> None:
    """Listen, tell where, and serve."""
    log = service_log(settings.log_level)
    with _listening(settings, screen.lang) as listener:
        # A free port that was taken is known from here on: links name it.
        settings = replace(settings, port=listener.getsockname()[1])
        try:
            app = create_app(settings, log=log)
        except SecretError as error:
            said = say("serve.secret", screen.lang, file=error.file, why=error.why)
            raise Trouble(said) from None
        except SettingsError as error:
            raise Trouble(str(error)) from None
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=settings.proxies or None,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            lifespan="on",
        )
        server = uvicorn.Server(config)
        screen.note(say("serve.listening", screen.lang, address=settings.address))
        token = app.state.parts.accounts.setup_token()
        if token is not None:
            # To the person who starts it, not into the log.
            url = f"{settings.address}/setup#{token}"
            sys.stderr.write(say("serve.set_up", screen.lang, url=url, token=token) + "\n")
            sys.stderr.flush()
        if settings.host not in _LOCAL and not settings.secure:
            screen.note(say("serve.exposed", screen.lang, host=settings.host))
        calm_collector()
        # A thread that reads a large plan must not keep the one that answers phones waiting.
        sys.setswitchinterval(_SWITCH_SECONDS)
        # Ctrl-C has been obeyed by then: everything has ended in order.
        with _server_words(Forwarder(log)), suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def calm_collector() -> None:
    """
    Have the garbage collector leave alone what lives as long as the process, and look less often.

    A look at all that a province's day consists of takes a tenth of a second and more, and every
    request would wait for it; nearly all garbage goes without it, by its count of uses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def _listening(settings: Settings, lang: str) -> Iterator[socket.socket]:
    """Open the port before anything else, so that a taken one is told in words."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            said = say(
                "serve.port_taken",
                lang,
                host=settings.host,
                port=settings.port,
                why=error.strerror or error,
            )
            raise Trouble(said) from None
        listener.listen(1024)
        yield listener
    finally:
        listener.close()


@contextmanager
def _server_words(handler: logging.Handler) -> Iterator[None]:
    """Take in what the server library says while it runs."""
    logger = logging.getLogger("uvicorn.error")
    before = (logger.level, logger.propagate)
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
