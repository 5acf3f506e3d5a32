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
from dispatch.messages import Language, number, text
from dispatch.study_words import (
    Story,
    change_words,
    headings,
    interval_words,
    millions,
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
        for name in ("npv", "trade_off", "distribution", "load")
    }
    drawn = {
        "npv": study_figures.worth(compared, lang, titles["npv"]),
        "trade_off": study_figures.trade_off(compared, lang, titles["trade_off"]),
        "distribution": study_figures.distributions(compared, lang, titles["distribution"]),
        "load": study_figures.load_map(bench, compared, rings(zones), lang, titles["load"]),
    }
    return {name: (titles[name], drawn[name]) for name in drawn}


def rings(zones: Mapping[str, Any]) -> list[list[tuple[float, float]]]:
    """Return the outer rings of all polygons, (lon, lat)."""
    found = []
    for feature in zones.get("features", ()):
        shape = feature["geometry"]
        many = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        found += [[(lon, lat) for lon, lat, *_ in polygon[0]] for polygon in many]
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
        "marginal": {"title": text("study.marginal", lang), "heads": heads, "rows": rows[:6]},
        "figures": [list(drawn[name]) for name in ("npv", "trade_off")],
    }  # fmt: skip
    template = files("dispatch").joinpath("templates", "study.typ").read_bytes()
    return typst.compile(
        template, sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, format="pdf"
    )


_STYLE = """
:root{--ink:#16212e;--soft:#5b6672;--hair:#c9cfd6;--post:#123f7a;--alarm:#a3231b}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:76rem;color:var(--ink);background:#fff;
font:16px/1.5 "Be Vietnam Pro",system-ui,sans-serif}
h1{color:var(--post);margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem;color:var(--post)}
.made{color:var(--soft);font-size:.85rem}
.headline{font-size:1.25rem;font-weight:600;border-left:5px solid var(--post);padding:.4rem .8rem;
margin:1rem 0;background:#f1f4f7}
.warning{color:var(--alarm);font-weight:600}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1rem 2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.86rem}
th,td{padding:.3rem .55rem;border-bottom:1px solid var(--hair);text-align:right;white-space:nowrap}
th{text-align:right;color:var(--soft);font-weight:600}
th:first-child,td:first-child{text-align:left;white-space:normal}
figure{margin:0}figcaption{color:var(--soft);font-size:.86rem;margin-bottom:.2rem}
svg{width:100%;height:auto;border:1px solid var(--hair);border-radius:4px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1.2rem}
ul{margin:.2rem 0;padding-left:1.1rem}
@media(max-width:32rem){body{padding:.8rem}.figures{grid-template-columns:1fr}}
"""


def _html(
    compared: Compared,
    found: Found | None,
    told: Story,
    drawn: Mapping[str, tuple[str, str]],
    lang: Language,
) -> str:
    title = text("study.title", lang)
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
    figures = "".join(
        f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
        for caption, svg in drawn.values()
    )
    warnings = "".join(f'<p class="warning">{escape(line)}</p>' for line in told.warnings)
    marginal_heads, marginal_rows = _marginal(compared, found, lang)
    marginal = ""
    if marginal_rows:
        head = escape(text("study.marginal", lang))
        marginal = f"<h2>{head}</h2>" + _table(marginal_heads, marginal_rows)
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<p class="made">{escape(text("post", lang))} · {escape(told.made)}</p>'
        f"<h1>{escape(title)}</h1>{warnings}"
        f'<p class="headline">{escape(told.headline)}</p><div class="side">{sections}</div>'
        f"<h2>{escape(text('study.scenarios', lang))}</h2>"
        + _table(headings(lang), scenario_rows(compared, lang))
        + f"<h2>{escape(text('study.yearly', lang))}</h2>"
        + _table(*_yearly(compared, lang))
        + marginal
        + f'<h2></h2><div class="figures">{figures}</div></body></html>\n'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def found_line(found: Found, budget: int, lang: Language) -> str:
    """Say what the search for a fleet came to."""
    if not found.taken:
        return text("study.found_none", lang, budget=millions(budget, lang))
    return text(
        "study.found",
        lang,
        budget=millions(budget, lang),
        changes=len(found.taken),
        spent=millions(found.spent, lang),
        worth=millions(sum(one.worth.value for one in found.taken), lang),
    )
