"""
A study on one printed page (PDF, set with Typst) and on one screen (HTML, self-contained).

Both show the same words and figures: recommendation, why, how sure, what would change it. What a
scenario file wrote reaches Typst as JSON and HTML escaped, so it is never read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from dispatch import study_figures
from dispatch.fleet_search import Found
from dispatch.investment import Bench, Compared
from dispatch.messages import Language, number, share, text
from dispatch.study_words import (
    Story,
    change_words,
    choose,
    headings,
    interval_words,
    scenario_rows,
    story,
)

_MARGINAL_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The paper and the screen of a study."""

    pdf: bytes
    html: str


def pages(
    bench: Bench,
    compared: Compared,
    found: Found | None,
    *,
    zones: Mapping[str, Any],
    lang: Language = "vi",
) -> Pages:
    """
    Return the printed page and the screen.

    Parameters
    ----------
    zones
        Outlines of the districts, a GeoJSON FeatureCollection.
    """
    told = story(compared, lang, found)
    drawn = _figures(bench, compared, zones, lang)
    return Pages(
        pdf=_pdf(compared, found, told, drawn, lang),
        html=_html(compared, found, told, drawn, lang),
    )


def _figures(
    bench: Bench, compared: Compared, zones: Mapping[str, Any], lang: Language
) -> dict[str, tuple[str, str]]:
    """Return title and SVG by name."""
    titles = {
        name: text(f"study.figure.{name}", lang)
        for name in ("npv", "trade_off", "purchase_year", "distribution", "load")
    }
    drawn = {
        "npv": study_figures.worth(compared, lang, titles["npv"]),
        "trade_off": study_figures.trade_off(compared, lang, titles["trade_off"]),
        "purchase_year": study_figures.purchase_years(compared, lang, titles["purchase_year"]),
        "distribution": study_figures.distributions(compared, lang, titles["distribution"]),
        "load": study_figures.load_map(bench, compared, districts(zones), lang, titles["load"]),
    }
    return {name: (titles[name], drawn[name]) for name in drawn}


def districts(zones: Mapping[str, Any]) -> list[study_figures.District]:
    """Return the districts of a GeoJSON FeatureCollection."""
    found = []
    for feature in zones.get("features", ()):
        shape = feature["geometry"]
        many = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        found.append(
            study_figures.District(
                code=str(feature["properties"].get("id", "")),
                name=str(feature["properties"].get("name", "")),
                rings=tuple(tuple((lon, lat) for lon, lat, *_ in p[0]) for p in many),
            )
        )
    return found


def _marginal(
    compared: Compared, found: Found | None, lang: Language
) -> tuple[list[str], list[list[str]]]:
    heads = [text(f"study.column.{name}", lang) for name in ("change", "price", "worth")]
    if found is None:
        return heads, []
    base = compared.study.scenario(compared.study.baseline)
    rows = [
        [
            change_words(one.change, base, lang),
            number(one.price / 1e6, lang, decimals=1),
            interval_words(one.worth, lang),
        ]
        for one in found.marginal[:_MARGINAL_SHOWN]
    ]
    return heads, rows


def _yearly(compared: Compared, lang: Language) -> tuple[list[str], list[list[str]]]:
    study = compared.study
    heads = [text("study.column.scenario", lang), text("study.start", lang)]
    heads += [str(year) for year in range(1, study.horizon + 1)]
    rows = []
    for one in compared.outcomes:
        sums = [-one.capital[0] / 1e6]
        sums += [(run - paid) / 1e6 for run, paid in zip(one.running, one.capital[1:], strict=True)]
        rows.append([one.scenario.name, *(number(value, lang) for value in sums)])
    return heads, rows


def _timing(compared: Compared, lang: Language) -> tuple[list[str], list[list[str]]]:
    """Return what each scenario is worth by growth and year of purchase."""
    heads = [text("study.column.scenario", lang), text("study.column.growth", lang)]
    heads += [str(year) for year in range(1, compared.study.horizon + 1)]
    rows = []
    for one in compared.outcomes:
        for growth, years in one.timing.items():
            key = "slow" if growth < 1 else "fast" if growth > 1 else "assumed"
            first = growth == min(one.timing)
            rows.append(
                [
                    one.scenario.name if first else "",
                    text(f"study.growth.{key}", lang),
                    *(interval_words(each.npv, lang) for each in years),
                ]
            )
    return heads, rows


def _pdf(
    compared: Compared,
    found: Found | None,
    told: Story,
    drawn: Mapping[str, tuple[str, str]],
    lang: Language,
) -> bytes:
    import typst  # only printing needs it

    heads, rows = _marginal(compared, found, lang)
    year_heads, year_rows = _yearly(compared, lang)
    time_heads, time_rows = _timing(compared, lang)
    data = {
        "lang": lang,
        "post": text("post", lang),
        "title": text("study.title", lang),
        "made": told.made,
        "headline": told.headline,
        "warnings": list(told.warnings),
        "sections": [
            [text("study.why", lang), list(told.why)],
            [text("study.how_sure", lang), list(told.sure)],
            [text("study.what_would_change", lang), list(told.change)],
        ],
        "table": {"title": text("study.scenarios", lang), "heads": headings(lang),
                  "rows": scenario_rows(compared, lang)},
        "yearly": {"title": text("study.yearly", lang), "heads": year_heads, "rows": year_rows},
        "timing": {"title": text("study.timing", lang), "heads": time_heads, "rows": time_rows},
        "marginal": {"title": text("study.marginal", lang), "heads": heads, "rows": rows[:6]},
        "figures": [list(drawn[name]) for name in ("purchase_year", "trade_off")],
    }  # fmt: skip
    template = files("dispatch").joinpath("templates", "study.typ").read_bytes()
    return typst.compile(
        template, sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, format="pdf"
    )


def _html(
    compared: Compared,
    found: Found | None,
    told: Story,
    drawn: Mapping[str, tuple[str, str]],
    lang: Language,
) -> str:
    title = text("study.title", lang)
    style = files("dispatch").joinpath("templates", "study.css").read_text(encoding="utf-8")
    script = files("dispatch").joinpath("templates", "study.js").read_text(encoding="utf-8")
    sections = "".join(
        f"<section><h2>{escape(head)}</h2><ul>"
        + "".join(f"<li>{escape(line)}</li>" for line in lines)
        + "</ul></section>"
        for head, lines in (
            (text("study.why", lang), told.why),
            (text("study.how_sure", lang), told.sure),
            (text("study.what_would_change", lang), told.change),
        )
    )
    figures = {
        name: f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
        for name, (caption, svg) in drawn.items()
    }
    layers = "".join(
        f'<button type="button" data-show="{index}">{escape(one.scenario.name)}</button>'
        for index, one in enumerate(compared.outcomes)
    )
    warnings = "".join(f'<p class="warning">{escape(line)}</p>' for line in told.warnings)
    tables = [
        (text("study.scenarios", lang), headings(lang), scenario_rows(compared, lang)),
        (text("study.timing", lang), *_timing(compared, lang)),
        (text("study.marginal", lang), *_marginal(compared, found, lang)),
        (text("study.yearly", lang), *_yearly(compared, lang)),
    ]
    shown = "".join(
        f"<h2>{escape(head)}</h2>{_table(heads, rows)}" for head, heads, rows in tables if rows
    )
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f'<p class="made">{escape(text("post", lang))} · {escape(told.made)}</p>'
        f"<h1>{escape(title)}</h1>{warnings}"
        f'<p class="headline">{escape(told.headline)}</p>'
        f'<div class="cards">{_cards(compared, lang)}</div><div class="side">{sections}</div>'
        f'<p class="hint">{escape(text("study.hint", lang))}</p><div class="figures"><div>'
        f"{figures['npv']}{figures['purchase_year']}{figures['distribution']}</div>"
        f'<div>{figures["trade_off"]}<div class="layers">{layers}</div>{figures["load"]}</div>'
        f"</div>{shown}<script>{script}</script></body></html>\n"
    )


def _cards(compared: Compared, lang: Language) -> str:
    """Return the scenarios side by side, each with the figures of the last sampled year."""
    _, best = choose(compared)
    made = []
    for index, one in enumerate(compared.outcomes):
        year = max(one.figures)
        held = one.figures[year]
        base = one.scenario.name == compared.study.baseline
        mark = text("study.say.baseline", lang) if base else interval_words(one.npv, lang)
        facts = (
            ("capital", number(-one.capital[0] / 1e6, lang)),
            ("running", number(held["running"].mean / 1e6, lang, decimals=2)),
            ("cost_per_stop", number(held["cost_per_stop"].mean, lang)),
            ("on_time", share(held["on_time"].mean, lang)),
            ("utilisation", share(held["utilisation"].mean, lang)),
            ("co2_kg", number(held["co2_kg"].mean, lang)),
        )
        listed = "".join(
            f"<dt>{escape(text(f'study.column.{name}', lang))}</dt><dd>{escape(value)}</dd>"
            for name, value in facts
        )
        chosen = " chosen" if one is best else ""
        said = f" · {text('study.say.beaten', lang)}" if one.beaten else ""
        made.append(
            f'<article class="card{chosen}" tabindex="0" data-card="{index}" '
            f'style="--own:{study_figures.colour(index)}"><h3>{escape(one.scenario.name + said)}'
            f'</h3><p class="worth">{escape(mark)}</p><p class="unit">'
            f"{escape(text('study.card', lang, year=year))}</p><dl>{listed}</dl></article>"
        )
    return "".join(made)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="wide"><table class="sorted"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
