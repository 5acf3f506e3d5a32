"""Asking a server of the office for JSON: with a timeout, again after a pause, and never silent."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from geo.errors import Failure, TravelServiceError

_SHOWN = 200
"""Characters of a server's own words that are passed on."""


class TooBigError(Exception):
    """The server wants smaller questions; caught by who asks, who then makes them smaller."""


class Asker:
    """
    One server, asked by HTTP.

    What may pass is asked again: no connection, no answer in time, an answer cut short, "busy" and
    errors of the server (429 and 5xx). What will not pass is not: any other refusal.

    Parameters
    ----------
    service
        Its name in messages, such as "OSRM".
    url
        Where it answers, such as "http://192.168.1.5:5000"; a path is kept.
    timeout_seconds
        How long to wait for one answer, and for a connection.
    attempts
        How often to ask in all.
    pause_seconds
        Before the second attempt; each further pause is twice as long.
    transport
        Instead of the network, for tests.
    sleep
        How to wait, for tests.

    Raises
    ------
    ValueError
        The url is none.
    """

    def __init__(
        self,
        *,
        service: str,
        url: str,
        timeout_seconds: float = 20.0,
        attempts: int = 3,
        pause_seconds: float = 0.5,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            parts = urlsplit(url)
            named = parts.scheme in ("http", "https") and bool(parts.hostname)
            port = f":{parts.port}" if named and parts.port else ""
        except ValueError:
            named, port = False, ""
        if not named:
            raise ValueError(f"{url!r} is no address of a server: write it as http://host:port")
        self.service = service
        # A name and password in the address are for the server, not for screens.
        self.shown = f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/')}"
        self.attempts = attempts
        self.pause_seconds = pause_seconds
        self._sleep = sleep
        # The server stands in the office's own network: no proxy in between.
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            timeout=timeout_seconds,
            transport=transport,
            trust_env=False,
            headers={"User-Agent": "buuta"},
        )
        weakref.finalize(self, self._client.close)

    def get(self, path: str, options: Mapping[str, str], *, too_big: str) -> Any:
        """Return the JSON that a GET answers; see `post`."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return self._asked("GET", f"{path}?{query}" if query else path, None, too_big)

    def post(self, path: str, question: Any, *, too_big: str) -> Any:
        """
        Return the JSON that a POST answers.

        Parameters
        ----------
        too_big
            Words in a refusal by which the server says that it wants smaller questions.

        Raises
        ------
        TravelServiceError
            It did not answer, refused, or answered no JSON.
        TooBigError
            The question must be smaller.
        """
        return self._asked("POST", path, question, too_big)

    def odd(self) -> TravelServiceError:
        """Return the error of an answer in no known shape."""
        return self._failed("odd", "", 1)

    def _failed(self, kind: Failure, said: str, attempts: int) -> TravelServiceError:
        return TravelServiceError(
            service=self.service, url=self.shown, attempts=attempts, kind=kind, said=said
        )

    def _asked(self, method: str, path: str, question: Any, too_big: str) -> Any:
        kind: Failure = "no_connection"
        said = ""
        for attempt in range(self.attempts):
            if attempt:
                self._sleep(self.pause_seconds * 2 ** (attempt - 1))
            try:
                answer = self._client.request(method, path, json=question)
            except httpx.TimeoutException:
                kind, said = "no_answer", ""
                continue
            except (httpx.TransportError, httpx.DecodingError) as error:
                kind, said = "no_connection", _short(str(error)) or type(error).__name__
                continue
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                kind, said = "busy", f"HTTP {answer.status_code} {_said(answer)}".strip()
                continue
            if not answer.is_success:
                said = _said(answer)
                if too_big in said or answer.status_code in (413, 414):
                    raise TooBigError
                said = f"HTTP {answer.status_code} {said}".strip()
                raise self._failed("refused", said, attempt + 1)
            try:
                return answer.json()
            except ValueError:
                kind, said = "cut_short", ""
        raise self._failed(kind, said, self.attempts)


def _said(answer: httpx.Response) -> str:
    """Return what a server says about its refusal: OSRM's and Valhalla's fields, or its text."""
    try:
        facts = answer.json()
        words = [str(facts[name]) for name in ("code", "message", "error") if facts.get(name)]
    except (ValueError, AttributeError):
        words = [answer.text]
    return _short(": ".join(words))


def _short(words: str) -> str:
    return " ".join(words.split())[:_SHOWN]
