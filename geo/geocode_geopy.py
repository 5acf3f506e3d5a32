"""
Addresses found by the office's own Nominatim, Photon or Pelias, through geopy.

Such a service knows streets and houses where OpenStreetMap does, but it always has an answer and
never says that it guessed. So an answer counts as certain only where the offline gazetteer is
certain of the commune and the point lies near it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np

from geo import phu_tho
from geo.banks import great_circle_metres
from geo.errors import RefusedError, UnavailableError
from geo.geocode import Candidate, Doubt, Geocoder, Level, Match
from geo.text import compose, fold
from geo.types import BoundingBox, LatLon

Service = Literal["nominatim", "photon", "pelias"]

# The province with a margin; answers outside are none of ours.
PROVINCE_BOX = BoundingBox(south=20.85, west=104.75, north=21.80, east=105.55)
"""The rectangle around the province, with a margin of some kilometres."""

_LEVELS: Mapping[str, Level] = {
    **dict.fromkeys(
        ("house", "building", "address", "venue", "amenity", "shop", "office"), "address"
    ),
    **dict.fromkeys(("street", "road", "highway"), "street"),
    **dict.fromkeys(
        (
            *("village", "town", "suburb", "quarter", "hamlet", "neighbourhood", "locality"),
            *("localadmin", "borough", "administrative", "city_district"),
        ),
        "commune",
    ),
    **dict.fromkeys(("county", "district", "city", "municipality"), "district"),
    **dict.fromkeys(("state", "region", "province"), "province"),
}
_QUALITY: Mapping[Level, float] = {
    "address": 0.95,
    "street": 0.8,
    "commune": 0.6,
    "district": 0.3,
    "province": 0.1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    One place that a service returned.

    Parameters
    ----------
    quality
        From 0 to 1.
    """

    label: str
    lat: float
    lon: float
    level: Level
    quality: float


class AnswerCache:
    """
    Answers kept by question, in memory or in a folder.

    Parameters
    ----------
    folder
        Where to keep them; None keeps them in memory. It may be emptied at any time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, list[Answer]] = {}

    def get(self, question: str) -> list[Answer] | None:
        """Return the answers to a question, or None if it was never asked."""
        if self.folder is None:
            return self._memory.get(question)
        try:
            rows = json.loads(self._path(question).read_text(encoding="utf-8"))
            return [Answer(**row) for row in rows]
        except (OSError, ValueError, TypeError):
            return None

    def put(self, question: str, answers: Sequence[Answer]) -> None:
        """Keep the answers to a question, whole or not at all."""
        if self.folder is None:
            self._memory[question] = list(answers)
            return
        fields = ("label", "lat", "lon", "level", "quality")
        rows = [{name: getattr(answer, name) for name in fields} for answer in answers]
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(rows, file, ensure_ascii=False)
        Path(name).replace(self._path(question))

    def _path(self, question: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


class ServiceGeocoder:
    """
    A self-hosted address service, asked politely.

    Parameters
    ----------
    service
        "nominatim", "photon" or "pelias".
    url
        Where it answers, such as "http://192.168.1.5:8080".
    gazetteer
        Who confirms the commune; without one no answer is ever confident.
    timeout_seconds
        How long to wait for one answer.
    attempts
        How often to ask in all when it does not answer.
    delay_seconds
        The least time between two questions.
    pause_seconds
        How long to wait before asking again after a failure; at least `delay_seconds`.
    cache
        Where answers are kept; None keeps them in memory.
    version
        Of the service's data; answers of another version are asked anew.
    api_key
        For a Pelias that wants one.
    box
        Answers outside are left out.
    near_metres
        How far from the gazetteer's point an answer may lie to be confirmed by it.

    Raises
    ------
    ValueError
        The service is unknown or the url is none.
    """

    def __init__(
        self,
        *,
        service: Service,
        url: str,
        gazetteer: Geocoder | None = None,
        timeout_seconds: float = 5.0,
        attempts: int = 3,
        delay_seconds: float = 0.2,
        pause_seconds: float = 2.0,
        cache: AnswerCache | None = None,
        version: str = "",
        api_key: str | None = None,
        box: BoundingBox = PROVINCE_BOX,
        near_metres: float = 8_000.0,
    ) -> None:
        if service not in ("nominatim", "photon", "pelias"):
            raise ValueError(f"service {service!r} is not nominatim, photon or pelias")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{url!r} is no address of a service: write http://host:port")
        # Imported here: whoever never asks a service should not need its client.
        from geopy.adapters import URLLibAdapter
        from geopy.extra.rate_limiter import RateLimiter
        from geopy.geocoders import Nominatim, Pelias, Photon

        self.service = service
        self.url = url
        self.gazetteer = gazetteer
        self.attempts = attempts
        self.box = box
        self.near_metres = near_metres
        self._cache = cache or AnswerCache()
        self._version = version
        common = {
            "domain": parts.netloc + parts.path.rstrip("/"),
            "scheme": parts.scheme,
            "timeout": timeout_seconds,
            "user_agent": "buuta",
            # The service stands in the office's own network: no proxy in between.
            "proxies": {},
            "adapter_factory": URLLibAdapter,
        }
        client: Any
        if service == "nominatim":
            client = Nominatim(**common)
        elif service == "photon":
            client = Photon(**common)
        else:
            client = Pelias(api_key=api_key, **common)
        self._geocode: Callable[..., Any] = RateLimiter(
            client.geocode,
            min_delay_seconds=delay_seconds,
            max_retries=attempts - 1,
            error_wait_seconds=max(pause_seconds, delay_seconds),
            swallow_exceptions=False,
        )

    def locate(self, text: str, *, on: date | None = None, district: str | None = None) -> Match:
        """
        Return where an address is.

        Raises
        ------
        UnavailableError
            The service did not answer.
        RefusedError
            The service will not serve us.
        """
        checked = None
        if self.gazetteer is not None:
            checked = self.gazetteer.locate(text, on=on, district=district)
            if checked.level == "outside":
                return checked
        answers = [
            a for a in self._ask(self._question(text, district)) if self._inside(a.lat, a.lon)
        ]
        if not answers:
            return checked or Match(
                query=text, level="none", quality=0.0, confident=False, doubt="not_found"
            )
        answers.sort(key=lambda a: -a.quality)
        best = answers[0]
        doubt = self._doubt(best, answers, checked)
        commune = checked.best if checked is not None and checked.confident else None
        if commune is not None and checked is not None and doubt in ("conflict", "district_only"):
            # Far from the commune that is certain, or no finer than it: the commune is better.
            return checked
        return Match(
            query=text,
            level=best.level,
            quality=best.quality,
            confident=not doubt,
            doubt=doubt,
            candidates=tuple(_candidate(answer, commune) for answer in answers[:5]),
        )

    def locate_many(
        self,
        texts: Sequence[str],
        *,
        on: date | None = None,
        districts: Sequence[str | None] | None = None,
    ) -> list[Match]:
        """
        Return where many addresses are, in their order, one question after the other.

        Raises
        ------
        UnavailableError
            The service stopped answering; what it said before is in the cache.
        """
        given = [None] * len(texts) if districts is None else districts
        return [
            self.locate(text, on=on, district=district)
            for text, district in zip(texts, given, strict=True)
        ]

    def _question(self, text: str, district: str | None) -> str:
        question = compose(text)
        known = {d.code: d.name for d in phu_tho.districts()}
        name = known.get(district or "", district or "")
        if name and fold(name) not in fold(question):
            question += f", {name}"
        if "phu tho" not in fold(question):
            question += ", Phú Thọ"
        return question

    def _ask(self, question: str) -> list[Answer]:
        key = json.dumps([self.service, self.url, self._version, question], ensure_ascii=False)
        kept = self._cache.get(key)
        if kept is None:
            kept = self._fetch(question)
            self._cache.put(key, kept)
        return kept

    def _fetch(self, question: str) -> list[Answer]:
        from geopy import exc

        options: dict[str, Any] = {"exactly_one": False}
        corners = [(self.box.south, self.box.west), (self.box.north, self.box.east)]
        if self.service == "nominatim":
            options |= {"limit": 5, "viewbox": corners, "bounded": True, "language": "vi"}
        elif self.service == "photon":
            options |= {"limit": 5, "bbox": corners}
        else:
            options |= {"boundary_rect": corners}
        try:
            found = self._geocode(question, **options)
            return [_answer(self.service, place) for place in found or ()]
        except (
            exc.GeocoderAuthenticationFailure,
            exc.GeocoderInsufficientPrivileges,
            exc.GeocoderQueryError,
            exc.ConfigurationError,
        ) as error:
            raise RefusedError(service=self.service, reason=_short(error)) from error
        except exc.GeopyError as error:
            raise UnavailableError(
                service=self.service, attempts=self.attempts, reason=_short(error)
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise UnavailableError(
                service=self.service, attempts=1, reason="an answer in no known shape"
            ) from error

    def _inside(self, lat: float, lon: float) -> bool:
        return self.box.contains(LatLon(lat=lat, lon=lon))

    def _doubt(self, best: Answer, answers: Sequence[Answer], checked: Match | None) -> Doubt:
        if checked is None:
            return "unchecked"
        if not checked.confident or checked.point is None:
            return checked.doubt or "unchecked"
        if _metres(best, checked.point.lat, checked.point.lon) > self.near_metres:
            return "conflict"
        if best.level not in ("address", "street", "commune"):
            return "district_only"
        # Two equally good answers at two ends of a commune are no answer.
        rivals = [a for a in answers[1:] if best.quality - a.quality < 0.05]
        if any(_metres(best, a.lat, a.lon) > 1_000 for a in rivals):
            return "ambiguous"
        return ""


def _metres(answer: Answer, lat: float, lon: float) -> float:
    a = np.radians(np.array([answer.lat, answer.lon]))
    b = np.radians(np.array([lat, lon]))
    return float(great_circle_metres(a[:1], a[1:], b[:1], b[1:])[0])


def _answer(service: Service, place: Any) -> Answer:
    raw = place.raw
    properties = raw.get("properties", {})
    if service == "nominatim":
        kind = raw.get("addresstype") or raw.get("type") or ""
    elif service == "photon":
        kind = properties.get("type") or ""
    else:
        kind = properties.get("layer") or ""
    level = _LEVELS.get(str(kind), "commune")
    quality = _QUALITY[level]
    if service == "pelias":
        quality *= float(properties.get("confidence", 1.0))
    return Answer(
        label=str(place.address),
        lat=float(place.latitude),
        lon=float(place.longitude),
        level=level,
        quality=round(quality, 3),
    )


def _candidate(answer: Answer, commune: Candidate | None) -> Candidate:
    return Candidate(
        label=answer.label,
        point=LatLon(lat=answer.lat, lon=answer.lon),
        point_quality="exact" if answer.level == "address" else "approximate",
        quality=answer.quality,
        level=answer.level,
        commune_code=commune.commune_code if commune else "",
        district_code=commune.district_code if commune else "",
        unit_code=commune.unit_code if commune else "",
    )


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
