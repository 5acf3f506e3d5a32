"""A re-planned day in words and tables: what is done and why, every change, every odd event."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from dispatch.changes import Change
from dispatch.day_state import EventFinding
from dispatch.exports import safe_cell
from dispatch.messages import Language, dong, text
from dispatch.replanning import Answer, Reason
from solver.model import Cost, StopKind

FORMAT = "buuta-replan"
VERSION = 1

COLUMNS = (
    "change",
    "order",
    "part",
    "from",
    "place",
    "to",
    "new_place",
    "number",
    "minutes",
    "worth",
)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def finding_sentence(finding: EventFinding, lang: Language = "vi") -> str:
    """Return one odd event as a sentence."""
    values = _Blank(
        event=finding.event, courier=finding.courier, order=finding.order, **finding.facts
    )
    values.setdefault("cash", "0")
    from dispatch.messages import messages

    return messages(lang)[f"event_finding.{finding.code.value}"].format_map(values)


def reason_sentence(reason: Reason, lang: Language = "vi") -> str:
    """Return one reason as words, at most ten names of many."""
    names = ", ".join(reason.names[:10])
    if len(reason.names) > 10:
        names += ", …"
    return text(f"replan.reason.{reason.code.value}", lang, count=reason.count, names=names)


def change_row(change: Change, lang: Language = "vi") -> list[str]:
    """Return one change as the cells of `COLUMNS`."""
    worth = text("replan.needed", lang) if change.worth is None else str(dong(change.worth))
    return [
        text(f"replan.change.{change.kind.value}", lang),
        change.step.id,
        "" if change.step.kind is StopKind.JOB else text(f"replan.part.{change.step.kind}", lang),
        change.courier,
        str(change.place or ""),
        change.new_courier,
        str(change.new_place or ""),
        change.number,
        "" if change.later is None else f"{round(change.later / 60):+d}",
        worth,
    ]


def changes_csv(answer: Answer, lang: Language = "vi") -> str:
    """Return every change as a table, with a mark that tells spreadsheets it is UTF-8."""
    held = io.StringIO()
    held.write("\ufeff")
    writer = csv.writer(held)
    writer.writerow([text(f"replan.column.{name}", lang) for name in COLUMNS])
    for change in answer.changes:
        writer.writerow([safe_cell(cell) for cell in change_row(change, lang)])
    return held.getvalue()


def totals(answer: Answer) -> dict[str, int]:
    """Return what the rest of the day costs, thousandths, before and after, and what is spent."""
    now = answer.situation
    return {
        "spent": now.rest.done.total,
        "rest_before": now.report.cost.total,
        "rest_after": answer.report.cost.total,
        "day_after": now.rest.done.total + answer.report.cost.total,
    }


def answer_facts(answer: Answer) -> dict[str, Any]:
    """Return the whole answer as JSON values, for programs and for the next re-planning."""
    now = answer.situation
    return {
        "format": FORMAT,
        "version": VERSION,
        "now": now.rest.now,
        "action": answer.decision.action.value,
        "reasons": [
            {"code": each.code.value, "count": each.count, "names": list(each.names)}
            for each in answer.decision.reasons
        ],
        "changes": [_change_facts(each) for each in answer.changes],
        "counted": answer.counted,
        "cost": totals(answer),
        "cost_parts": _cost_facts(now.rest.done + answer.report.cost),
        "violations": [
            {"code": v.code.value, "amount": v.amount, "vehicle": v.vehicle, "id": v.id}
            for v in answer.violations
        ],
        "left_out": list(answer.report.unassigned),
        "findings": [
            {
                "code": each.code.value,
                "event": each.event,
                "courier": each.courier,
                "order": each.order,
                **each.facts,
            }
            for each in now.findings
        ],
        "presumed": list(now.progress.presumed),
        "numbers": {
            courier: {f"{step.kind.value}:{step.id}": number for step, number in given.items()}
            for courier, given in answer.numbers.items()
        },
    }


def _change_facts(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "order": change.step.id,
        "part": change.step.kind.value,
        "from": change.courier,
        "place": change.place,
        "to": change.new_courier,
        "new_place": change.new_place,
        "number": change.number,
        "seconds_later": change.later,
        "worth": change.worth,
    }


def _cost_facts(cost: Cost) -> Mapping[str, int]:
    return {name: getattr(cost, name) for name in Cost.__dataclass_fields__}


def answer_json(answer: Answer, *, known: Mapping[str, Any]) -> str:
    """Return the answer as a file's text, with what is known of the day beside it."""
    return json.dumps({**answer_facts(answer), **known}, ensure_ascii=False, indent=1) + "\n"
