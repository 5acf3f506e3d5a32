"""Errors of roads in the reader's language."""

from __future__ import annotations

from dispatch.messages import Language, text
from geo.errors import Finding, GeoError, OffRoadError, TravelDataError, UnreachableError


def explained(error: GeoError, lang: Language) -> str:
    """Return what an error says, in its own English words where no catalogue has a text."""
    if isinstance(error, TravelDataError) and all(f.key for f in error.findings):
        return "\n".join(_said(finding, lang) for finding in error.findings)
    if isinstance(error, OffRoadError):
        return _off_road(error, lang)
    if isinstance(error, UnreachableError):
        shown = "; ".join(f"{a} → {b}" for a, b in error.pairs[:3])
        profile = text(f"vehicle.{error.profile}", lang).lower()
        return text("trouble.unreachable", lang, count=error.count, vehicle=profile, shown=shown)
    return str(error)


def _said(finding: Finding, lang: Language) -> str:
    return text(f"trouble.{finding.key}", lang, where=finding.where, **dict(finding.facts))


def _off_road(error: OffRoadError, lang: Language) -> str:
    shown = "; ".join(
        f"{row} ({point.lat:.5f}, {point.lon:.5f})"
        for row, point in zip(error.rows, error.points, strict=False)
    )
    key = "off_road"
    if len(error.rows) == error.asked:
        key = "off_road_all" if error.covers else "off_road_server"
    return text(
        f"trouble.{key}",
        lang,
        count=len(error.rows),
        vehicle=text(f"vehicle.{error.profile}", lang).lower(),
        metres=f"{error.farthest:.0f}",
        islands=len(error.islands),
        across=len(error.across),
        covers=error.covers,
        shown=shown + (" …" if len(error.rows) > len(error.points) else ""),
    )
