"""
What a study comes to, in sentences and tables for people: one story for screen, page and paper.

Nothing is computed here but the choice of words: every figure is an outcome's.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from typing import Any

from dispatch.fleet_search import Change, Found
from dispatch.investment import FIGURE_NAMES, Compared, Outcome, figure
from dispatch.messages import Language, money, number, share, text
from dispatch.model import VehicleKind
from dispatch.money import Interval
from dispatch.scenario_values import StudyFinding
from dispatch.scenarios import Scenario

_CANNOT_SHARE = 0.005
"""More given up orders than this share of the stops: the scenario does not serve its demand."""

COLUMNS = (
    "cost_per_stop", "on_time", "given_up", "waiting", "hours", "overtime_hours", "utilisation",
    "km", "co2_kg",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The one page: headline, sentences by section, and what is marked in red."""

    headline: str
    why: tuple[str, ...]
    sure: tuple[str, ...]
    change: tuple[str, ...]
    warnings: tuple[str, ...]
    made: str


def finding_sentence(finding: StudyFinding, file: str, lang: Language) -> str:
    """Say one finding of a scenario file."""
    what = text(f"study.finding.{finding.code}", lang, **finding.facts)
    path = finding.path or "-"
    if finding.value:
        return text("study.where_value", lang, file=file, path=path, value=finding.value, what=what)
    return text("study.where", lang, file=file, path=path, what=what)


def interval_words(interval: Interval, lang: Language, *, unit: float = 1e6) -> str:
    """Write an estimate with its half width, in millions of đồng."""
    value = number(interval.value / unit, lang, decimals=1)
    if interval.half is None:
        return f"{value} ± ?"
    return f"{value} ± {number(interval.half / unit, lang, decimals=1)}"


def millions(amount: float, lang: Language) -> str:
    """Write millions of đồng."""
    return f"{number(amount / 1e6, lang, decimals=1)} {_unit(lang)}"


def choose(compared: Compared) -> tuple[str, Outcome]:
    """Return what to say (take, keep, lean) and of which scenario."""
    base = compared.outcome(compared.study.baseline)
    best = compared.best
    if best.npv.low > 0:
        return "take", best
    if best is base or best.npv.value <= 0:
        return "keep", base
    return "lean", best


def story(compared: Compared, lang: Language, found: Found | None = None) -> Story:
    """Return the page's words."""
    study = compared.study
    base = compared.outcome(study.baseline)
    verdict, best = choose(compared)
    npv = millions(best.npv.value, lang)
    headline = text(
        f"study.say.{verdict}",
        lang,
        name=best.scenario.name,
        base=base.scenario.name,
        npv=npv,
        horizon=study.horizon,
    )
    shown = best
    if verdict == "keep":
        others = [one for one in compared.outcomes if one is not base]
        shown = max(others, key=lambda one: one.npv.value, default=base)
    return Story(
        headline=headline,
        why=_why(compared, base, shown, lang, found),
        sure=_sure(compared, shown, lang),
        change=_changes(compared, base, shown, lang),
        warnings=_warnings(compared, found, lang),
        made=text(
            "study.made",
            lang,
            name=study.name,
            days=sum(len(days) for days in base.days.values()),
            seed=compared.seed,
            orders=number(study.demand.orders_per_day, lang),
            origin=text(f"study.origin.{study.demand.origin}", lang),
        ),
    )


def _why(
    compared: Compared, base: Outcome, one: Outcome, lang: Language, found: Found | None
) -> tuple[str, ...]:
    study = compared.study
    said = []
    if one is not base:
        year = max(set(one.figures) & set(base.figures))
        mine, theirs = one.figures[year], base.figures[year]
        said.append(
            f"“{one.scenario.name}”: "
            + text(
                "study.say.why",
                lang,
                year=year,
                base=base.scenario.name,
                running=millions(mine["running"].mean, lang),
                base_running=millions(theirs["running"].mean, lang),
                per_stop=money(round(mine["cost_per_stop"].mean), lang),
                base_per_stop=money(round(theirs["cost_per_stop"].mean), lang),
            )
        )
        said.append(
            text(
                "study.say.service",
                lang,
                on_time=share(mine["on_time"].mean, lang),
                base_on_time=share(theirs["on_time"].mean, lang),
                km=number(mine["km"].mean, lang),
                base_km=number(theirs["km"].mean, lang),
                co2=number(mine["co2_kg"].mean, lang),
                base_co2=number(theirs["co2_kg"].mean, lang),
            )
        )
        if one.payback is not None:
            said.append(text("study.say.payback", lang, year=number(one.payback, lang)))
        else:
            said.append(text("study.say.no_payback", lang, horizon=study.horizon))
        said += _when(one, lang)
    if found is not None and found.marginal:
        first = found.marginal[0]
        said.append(
            text(
                "study.say.marginal",
                lang,
                base=base.scenario.name,
                change=change_words(first.change, base.scenario, lang),
                worth=interval_words(first.worth, lang),
            )
        )
    if found is not None and study.search is not None:
        said.append(found_line(found, study.search.budget, lang))
    return tuple(said)


def found_line(found: Found, budget: int, lang: Language) -> str:
    """Say what the search for a fleet came to."""
    key = "found" if found.taken else "found_none"
    line = text(
        f"study.{key}",
        lang,
        budget=millions(budget, lang),
        **{
            "changes": len(found.taken),
            "spent": millions(found.spent, lang),
            "worth": millions(sum(one.worth.value for one in found.taken), lang),
        }
        if found.taken
        else {},
    )
    if found.complete:
        return line
    partial = text("study.found_partial", lang)
    return f"{partial} {line}" if found.taken else partial


def _when(one: Outcome, lang: Language) -> list[str]:
    """Say in which year it is worth most to buy."""
    best = one.best_year
    if best is None or one.npv.value <= 0 or len(one.timing[1.0]) < 2:
        return []
    if best.year == 1:
        later = one.timing[1.0][1]
        lost = replace(later.waiting, value=-later.waiting.value)
        waiting = interval_words(lost, lang) + f" {_unit(lang)}"
        return [text("study.say.time_now", lang, year=later.year, waiting=waiting)]
    return [
        text(
            "study.say.time_later",
            lang,
            year=best.year,
            npv=interval_words(best.npv, lang) + f" {_unit(lang)}",
            waiting=interval_words(best.waiting, lang) + f" {_unit(lang)}",
        )
    ]


def _percent(part: float, lang: Language) -> str:
    """Write a round share of 1 without needless decimals: 95 %."""
    return f"{number(part * 100, lang, decimals=0 if round(part * 100, 6) % 1 == 0 else 1)} %"


def _unit(lang: Language) -> str:
    return "triệu đ" if lang == "vi" else "million đ"


def _sure(compared: Compared, one: Outcome, lang: Language) -> tuple[str, ...]:
    said = []
    if one.npv.half is not None and one.scenario.name != compared.study.baseline:
        said.append(
            f"“{one.scenario.name}”: "
            + text(
                "study.say.sure",
                lang,
                confidence=_percent(compared.study.confidence, lang),
                low=millions(one.npv.low, lang),
                high=millions(one.npv.high, lang),
                days=sum(len(days) for days in one.days.values()),
                blocks=len(one.blocks),
            )
        )
    said += [text("study.say.assumes", lang), text("study.say.left_out", lang)]
    return tuple(said)


def _changes(compared: Compared, base: Outcome, one: Outcome, lang: Language) -> tuple[str, ...]:
    said = []
    for name, ends in one.sensitivity.items():
        by = compared.study.sensitivity[name]
        values = sorted(end.value for end in ends)
        words = text(
            "study.say.varies",
            lang,
            what=text(f"study.vary.{name}", lang),
            down=f"−{_percent(by, lang)}",
            up=f"+{_percent(by, lang)}",
            low=millions(values[0], lang),
            high=millions(values[1], lang),
        )
        if values[0] < 0 < values[1]:
            words += f" ({text('study.say.flips', lang)})"
        said.append(words)
    for name, price in one.price_at_par.items():
        now = one.scenario.types[name].price
        said.append(
            text(
                "study.say.par_above" if price >= now else "study.say.par",
                lang,
                type=type_words(name, lang),
                price=millions(price, lang),
                now=millions(now, lang),
            )
        )
    return tuple(said)


def _warnings(compared: Compared, found: Found | None, lang: Language) -> tuple[str, ...]:
    said = []
    if not compared.complete:
        days = sum(len(d) for d in compared.outcome(compared.study.baseline).days.values())
        said.append(text("study.say.partial", lang, days=days))
    if found is not None and not found.complete:
        said.append(text("study.found_partial", lang))
    for one in compared.outcomes:
        for year, figures in one.figures.items():
            given_up = figures["given_up"].mean
            if given_up > _CANNOT_SHARE * max(figures["stops"].mean, 1):
                said.append(
                    text(
                        "study.say.cannot",
                        lang,
                        name=one.scenario.name,
                        year=year,
                        given_up=number(given_up, lang, decimals=1),
                        waiting=number(figures["waiting"].mean, lang),
                    )
                )
                break
    heavy = {
        one.scenario.name: max((f["impossible"].mean for f in one.figures.values()), default=0.0)
        for one in compared.outcomes
    }
    heavy = {name: mean for name, mean in heavy.items() if mean >= 1}
    if heavy:
        low, top = (number(end(heavy.values()), lang) for end in (min, max))
        names = ", ".join(f"“{name}”" for name in heavy)
        count = low if low == top else f"{low}–{top}"
        said.append(text("study.say.impossible", lang, count=count, names=names))
    base = compared.study.scenario(compared.study.baseline)
    said += [
        text("study.say.trucks_differ", lang, name=one.scenario.name)
        for one in compared.outcomes
        if {o.id for o in one.scenario.offices} != {o.id for o in base.offices}
    ]
    return tuple(said)


def type_words(name: str, lang: Language) -> str:
    """Say a vehicle type: in the language's words where it has the name of a kind."""
    if name not in set(VehicleKind):
        return name
    said = text(f"vehicle.{name}", lang)
    return said[0].lower() + said[1:]


def change_words(change: Change, scenario: Scenario, lang: Language) -> str:
    """Say a change to a fleet: how many, of what, where."""
    office = next((o.name for o in scenario.offices if o.id == change.office), change.office)
    key = "study.marginal.swap" if change.instead_of else "study.marginal.add"
    facts = {"office": office, "count": change.count, "type": type_words(change.buy, lang)}
    if change.instead_of:
        facts["old"] = type_words(change.instead_of, lang)
    return text(key, lang, **facts)


# ---- tables and files ---------------------------------------------------------------------------


def scenario_rows(compared: Compared, lang: Language) -> list[list[str]]:
    """Return a row for each scenario and sampled year, headings left out."""
    rows = []
    for one in compared.outcomes:
        for year, figures in one.figures.items():
            first = year == min(one.figures)
            name = one.scenario.name
            if one.beaten and first:
                name += f" ({text('study.say.beaten', lang)})"
            worth = "–" if one.scenario.name == compared.study.baseline else ""
            worth = worth or interval_words(one.npv, lang)
            shown = [
                name if first else "",
                str(year),
                worth if first else "",
                number(-one.capital[0] / 1e6, lang) if first else "",
                number(figures["running"].mean / 1e6, lang, decimals=2),
            ]
            for column in COLUMNS:
                value = figures[column].mean
                percent = column in ("on_time", "utilisation")
                decimals = 1 if column in ("given_up", "overtime_hours") else 0
                shown.append(
                    share(value, lang) if percent else number(value, lang, decimals=decimals)
                )
            rows.append(shown)
    return rows


def headings(lang: Language) -> list[str]:
    """Return the headings of `scenario_rows`."""
    names = ("scenario", "year", "npv", "capital", "running", *COLUMNS)
    return [text(f"study.column.{name}", lang) for name in names]


def days_csv(compared: Compared) -> str:
    """Return every counted day of every scenario."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scenario", "year", "block", "day", *FIGURE_NAMES])
    size = compared.study.block_days
    for one in compared.outcomes:
        for year, days in one.days.items():
            for index, day in enumerate(days):
                row = [f"{figure(name, day):.6g}" for name in FIGURE_NAMES]
                writer.writerow([one.scenario.name, year, index // size, index % size, *row])
    return out.getvalue()


def scenarios_csv(compared: Compared) -> str:
    """Return the means and percentiles of every figure by scenario and sampled year."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scenario", "year", "figure", "mean", "p5", "p50", "p95"])
    for one in compared.outcomes:
        for year, figures in one.figures.items():
            for name, held in figures.items():
                values = (held.mean, held.low, held.middle, held.high)
                writer.writerow([one.scenario.name, year, name, *(f"{v:.6g}" for v in values)])
    return out.getvalue()


def marginal_csv(found: Found) -> str:
    """Return what each change to the fleet is worth."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["office", "buy", "instead_of", "count", "price", "worth", "half", "blocks"])
    for one in found.marginal:
        half = "" if one.worth.half is None else f"{one.worth.half:.0f}"
        writer.writerow(
            [one.change.office, one.change.buy, one.change.instead_of, one.change.count,
             one.price, f"{one.worth.value:.0f}", half, one.blocks]
        )  # fmt: skip
    return out.getvalue()


def study_json(compared: Compared, found: Found | None = None) -> dict[str, Any]:
    """Return the whole result as plain values; the same for the same seed on every machine."""
    verdict, best = choose(compared)
    held: dict[str, Any] = {
        "format": "buuta-study-1",
        "name": compared.study.name,
        "seed": compared.seed,
        "days": compared.days,
        "complete": compared.complete,
        "baseline": compared.study.baseline,
        "verdict": verdict,
        "scenario": best.scenario.name,
        "scenarios": [_outcome_json(one) for one in compared.outcomes],
    }
    if found is not None:
        held["search"] = {
            "complete": found.complete,
            "spent": found.spent,
            "taken": [_valued_json(one) for one in found.taken],
            "marginal": [_valued_json(one) for one in found.marginal],
        }
    return held


def _outcome_json(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.scenario.name,
        "fleet": {office: dict(held) for office, held in one.scenario.fleet.items()},
        "blocks": len(one.blocks),
        "beaten": one.beaten,
        "npv": _interval_json(one.npv),
        "npv_money_only": _interval_json(one.money_only),
        "payback_year": one.payback,
        "price_at_par": {name: round(price) for name, price in one.price_at_par.items()},
        "capital_by_year": [round(value) for value in one.capital],
        "running_by_year": [round(value) for value in one.running],
        "sensitivity": {
            name: [_interval_json(end) for end in ends] for name, ends in one.sensitivity.items()
        },
        "timing": {
            f"{growth:g}": [
                {
                    "year": each.year,
                    "npv": _interval_json(each.npv),
                    "waiting": _interval_json(each.waiting),
                }
                for each in years
            ]
            for growth, years in one.timing.items()
        },
        "figures": {
            str(year): {
                name: {
                    "mean": round(held.mean, 6),
                    "p5": round(held.low, 6),
                    "p50": round(held.middle, 6),
                    "p95": round(held.high, 6),
                }
                for name, held in figures.items()
            }
            for year, figures in one.figures.items()
        },
    }


def _interval_json(interval: Interval) -> dict[str, Any]:
    half = None if interval.half is None else round(interval.half)
    return {"value": round(interval.value), "half": half}


def _valued_json(one: Any) -> dict[str, Any]:
    return {
        "office": one.change.office,
        "buy": one.change.buy,
        "instead_of": one.change.instead_of,
        "count": one.change.count,
        "price": one.price,
        "worth": _interval_json(one.worth),
        "blocks": one.blocks,
    }


def as_text(held: dict[str, Any]) -> str:
    """Write plain values as JSON."""
    return json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
