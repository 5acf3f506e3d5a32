"""
Everything that `buuta serve` can be told, in one object that never changes while it runs.

A value comes from, the later one winning: its default here, the settings file (TOML, the names
below as keys), the environment (the name in capitals after `BUUTA_`, such as `BUUTA_PORT`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from api.http_messages import say

PREFIX = "BUUTA_"

_TILES = re.compile(r"https?://(?=[^ ]*{z})(?=[^ ]*{x})(?=[^ ]*{y})[\w.:-]+/[^\s;,'\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What the service is told when it starts.

    Parameters
    ----------
    host, port
        Where it listens; only this machine hears by default.
    public_url
        The address that people and phones use, for links; https makes cookies secure.
    database
        Where the office's data lies: sqlite:///FILE, or postgresql://…
    secret_file
        Where the secret lies that signs couriers' links; made when it is missing.
    workers
        Runs at the same time; 0 leaves them to another process.
    proxies
        Addresses, with commas between, of the proxies whose word about the caller's address is
        taken; empty takes nobody's.
    language
        "vi" or "en": spoken to those who ask for neither.
    pretend_now
        For rehearsals: the time, such as 2026-11-24T05:00:00+07:00, that it is taken to be when
        the service starts; empty = what the machine says.
    log_level
        "debug", "info", "warning" or "error".
    metrics_token
        Who asks for /metrics must bear it; empty asks for nothing.
    most_body_bytes
        The largest request.
    requests_a_minute, sign_ins_a_minute
        From one address.
    shutdown_seconds
        How long running requests may take to end when the service stops.
    searches, searches_waiting
        Searches for the VROOM door at the same time, and callers that may wait for one.
    vroom_key_needed
        Whether the VROOM door asks for an API key; its clients send it as Authorization.
    vroom_most_seconds, vroom_most_places, vroom_most_vehicles
        Limits of one request to the VROOM door.
    roads, traffic, osrm, valhalla
        Who measures travel, as the command line's options of these names; osrm with commas.
    tiles, tiles_credit
        Address of map tiles, such as https://tiles.example/{z}/{x}/{y}.png, and whom to thank for
        them; empty draws the map from our own tables only, which needs no internet.
    """

    host: str = "127.0.0.1"
    port: int = 8450
    public_url: str = ""
    database: str = "sqlite:///buuta.sqlite"
    secret_file: str = "buuta.secret"  # noqa: S105 - a file's name
    workers: int = 1
    proxies: str = ""
    language: str = "vi"
    pretend_now: str = ""
    log_level: str = "info"
    metrics_token: str = ""
    most_body_bytes: int = 32 * 2**20
    requests_a_minute: int = 6_000
    sign_ins_a_minute: int = 10
    shutdown_seconds: int = 10
    searches: int = 1
    searches_waiting: int = 8
    vroom_key_needed: bool = False
    vroom_most_seconds: float = 60.0
    vroom_most_places: int = 1_000
    vroom_most_vehicles: int = 300
    roads: str = ""
    traffic: str = "slowest"
    osrm: str = ""
    valhalla: str = ""
    tiles: str = ""
    tiles_credit: str = ""

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.public_url.startswith("https://")

    @property
    def address(self) -> str:
        """The address for links, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def start(self) -> datetime | None:
        """What time it is taken to be at the start, None for what the machine says."""
        try:
            start = datetime.fromisoformat(self.pretend_now)
        except ValueError:
            return None
        return start if start.tzinfo is not None else None


class SettingsError(Exception):
    """The settings cannot be used; `.findings` lists (where, what) for each."""

    def __init__(self, findings: list[tuple[str, str]]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{where}: {what}" for where, what in findings))


def load(
    text: str = "",
    *,
    environment: Mapping[str, str],
    file: str = "",
    lang: str = "vi",
    **given: Any,
) -> Settings:
    """
    Put the settings together.

    Parameters
    ----------
    text, file
        The settings file and what it is called.
    environment
        Only names that begin with `BUUTA_` count.
    given
        What the command line says; None is nothing, everything else wins.

    Raises
    ------
    SettingsError
        Lists every name that is not known and every value that does not fit.
    """
    known = {field.name: type(field.default) for field in fields(Settings)}
    found: list[tuple[str, str]] = []
    values: dict[str, Any] = {}
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([(file, say("settings.toml", lang, why=str(error)))]) from None
    for name, value in held.items():
        where = f"{file}: {name}"
        if name not in known:
            found.append((where, say("settings.unknown", lang, known=", ".join(known))))
        else:
            _take(values, name, value, known[name], where, found, lang)
    for variable, value in sorted(environment.items()):
        if not variable.startswith(PREFIX):
            continue
        name = variable[len(PREFIX) :].lower()
        if name not in known:
            listed = ", ".join(PREFIX + one.upper() for one in known)
            found.append((variable, say("settings.unknown", lang, known=listed)))
        else:
            _take(values, name, _read(value, known[name]), known[name], variable, found, lang)
    values |= {name: value for name, value in given.items() if value is not None}
    if found:
        raise SettingsError(found)
    settings = Settings(**values)
    found += [(name, what) for name, what in _senseless(settings, lang)]
    if found:
        raise SettingsError(found)
    return settings


def _read(text: str, kind: type) -> Any:
    """Return what a variable of the environment says, the text itself where it does not fit."""
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    try:
        return kind(text)
    except ValueError:
        return text


def _take(
    values: dict[str, Any],
    name: str,
    value: Any,
    kind: type,
    where: str,
    found: list[tuple[str, str]],
    lang: str,
) -> None:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is kind:
        values[name] = value
    else:
        # The value itself may be a secret that was put in the wrong place.
        found.append((where, say(f"settings.kind.{kind.__name__}", lang)))


def _senseless(settings: Settings, lang: str) -> list[tuple[str, str]]:
    choices = {
        "language": (settings.language, ("vi", "en")),
        "log_level": (settings.log_level, ("debug", "info", "warning", "error")),
    }
    found = [
        (name, say("settings.choice", lang, known=", ".join(known)))
        for name, (value, known) in choices.items()
        if value not in known
    ]
    least = dict.fromkeys(
        (
            *("most_body_bytes", "requests_a_minute", "sign_ins_a_minute", "searches"),
            *("vroom_most_places", "vroom_most_vehicles"),
        ),
        1,
    )
    least |= dict.fromkeys(("port", "searches_waiting", "shutdown_seconds", "workers"), 0)
    found += [
        (name, say("settings.least", lang, least=low))
        for name, low in least.items()
        if getattr(settings, name) < low
    ]
    if settings.port > 65_535:
        found.append(("port", say("settings.most", lang, most=65_535)))
    if not settings.vroom_most_seconds > 0:
        found.append(("vroom_most_seconds", say("settings.positive", lang)))
    if settings.pretend_now and settings.start is None:
        found.append(("pretend_now", say("settings.time", lang)))
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        found.append(("public_url", say("settings.url", lang)))
    if settings.tiles and not _TILES.fullmatch(settings.tiles):
        found.append(("tiles", say("settings.tiles", lang)))
    return found
