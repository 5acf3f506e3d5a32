"""The commands `solve` and `check`: any problem planned, any plan judged."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from api.cli_errors import ExitCode, Trouble
from api.cli_files import read_text, write_text
from api.cli_screen import Screen
from api.cli_stop import stop_on_interrupt
from solver.model import Progress, Report, Result, Violation


def solve(
    file: Path,
    *,
    seconds: float,
    seed: int,
    engine: str,
    threads: int | None,
    out: Path | None,
    screen: Screen,
) -> ExitCode:
    """Plan the problem in a file and show what the checker says of the plan."""
    from dispatch.executors import solve_parts
    from solver.formats import read_problem, write_plan, write_solution

    instance = read_problem(read_text(file))
    began = time.monotonic()
    with (
        stop_on_interrupt(lambda: screen.note(screen.say("stop.asked"))) as asked,
        screen.steps() as steps,
    ):
        steps.begin("step.search", seconds)

        def stop() -> bool:
            steps.at(time.monotonic() - began)
            return asked()

        def tell(progress: Progress) -> None:
            cost = instance.published_cost(progress.cost, progress.vehicles)
            steps.state(_state(screen, progress, plain(cost)))

        result = solve_parts(
            instance.problem,
            clock=time.monotonic,
            seconds=seconds,
            seed=seed,
            engine=engine,
            workers=threads,
            on_progress=tell,
            stop=stop,
        )
        steps.end()
    used = len(result.plan.routes)
    cost = instance.published_cost(result.report.cost.total, used)
    if out is not None:
        if instance.numbers:
            text = write_solution(result.plan, instance, result.report.cost.total)
        else:
            text = write_plan(result.plan, result.report)
        write_text(out, text)
    _show_result(screen, instance.name or file.name, instance.kind, plain(cost), result)
    facts = {
        "name": instance.name,
        "kind": instance.kind,
        "cost": float(cost),
        "total": result.report.cost.total,
        "vehicles": used,
        **_report_facts(result.report),
        "engine": result.engine,
        "seed": seed,
        "iterations": result.iterations,
        "seconds": round(result.seconds, 3),
        "stopped": result.stopped,
        "notes": [str(note) for note in instance.notes],
        "out": None if out is None else str(out),
    }
    screen.json(facts)
    return ExitCode.DONE if result.report.feasible else ExitCode.RULES_BROKEN


def check(problem_file: Path, plan_file: Path, *, screen: Screen) -> ExitCode:
    """Judge a plan of our own JSON, or a VRPLIB solution, against its problem."""
    from dispatch import messages
    from solver.checker import check as judge
    from solver.formats import read_plan, read_problem, read_solution
    from solver.schedule import schedule
    from solver.validation import require_valid

    instance = read_problem(read_text(problem_file))
    require_valid(instance.problem)
    text = read_text(plan_file)
    if text.lstrip().startswith("{"):
        plan = read_plan(text)
    elif instance.numbers:
        plan = schedule(instance.problem, read_solution(text, instance).tours)
    else:
        raise Trouble(
            f"{plan_file} is no plan of ours; name the plan.json that belongs to {problem_file}"
        )
    report = judge(instance.problem, plan)
    cost = instance.published_cost(report.cost.total, len(plan.routes))
    if report.feasible:
        counts = {
            "routes": len(report.routes),
            "stops": report.stops,
            "unassigned": len(report.unassigned),
        }
        if instance.numbers:
            said = screen.say("check.clean_instance", cost=plain(cost), **counts)
        else:
            km = messages.number(report.metres / 1000, _lang(screen), decimals=1)
            money = _money(screen, report.cost.total)
            said = screen.say("check.clean", km=km, cost=money, **counts)
        screen.show(said, style="green")
    else:
        show_violations(screen, "check.broken", report.violations)
    screen.json(
        {
            "name": instance.name,
            "cost": float(cost),
            "total": report.cost.total,
            "vehicles": len(plan.routes),
            **_report_facts(report),
        }
    )
    return ExitCode.DONE if report.feasible else ExitCode.RULES_BROKEN


def show_violations(screen: Screen, key: str, violations: tuple[Violation, ...]) -> None:
    """List what a plan breaks, each with its code, its amount and where."""
    from dispatch.views import violation_sentence

    screen.show(screen.say(key, count=len(violations)), style="bold red")
    for violation in violations:
        screen.show(f"  {violation.code.value}: {violation_sentence(violation, _lang(screen))}")


def violation_facts(violation: Violation) -> dict[str, Any]:
    """Return a violation as JSON says it."""
    return {
        "code": violation.code.value,
        "amount": violation.amount,
        "vehicle": violation.vehicle,
        "id": violation.id,
        "dimension": violation.dimension,
    }


def plain(cost: Decimal) -> str:
    """Write a published cost without an exponent or idle zeros."""
    return f"{cost.normalize():f}"


def _report_facts(report: Report) -> dict[str, Any]:
    return {
        "feasible": report.feasible,
        "stops": report.stops,
        "metres": report.metres,
        "duty_seconds": report.duty_seconds,
        "unassigned": list(report.unassigned),
        "violations": [violation_facts(violation) for violation in report.violations],
    }


def _show_result(screen: Screen, name: str, kind: str, cost: str, result: Result) -> None:
    rows = [
        ("solve.kind", kind),
        ("solve.cost", cost),
        ("solve.vehicles", str(len(result.plan.routes))),
        ("solve.stops", str(result.report.stops)),
        ("solve.unassigned", str(len(result.plan.unassigned))),
        ("solve.feasible", screen.say("yes" if result.report.feasible else "no")),
        ("solve.engine", result.engine),
        ("solve.seconds", f"{result.seconds:.1f}"),
        ("solve.iterations", str(result.iterations)),
    ]
    screen.table(
        screen.say("solve.table", name=name),
        [("", "left"), ("", "left")],
        [(screen.say(key), value) for key, value in rows],
    )
    if not result.report.feasible:
        show_violations(screen, "check.broken", result.report.violations)
    if result.stopped:
        screen.show(screen.say("stop.kept", seconds=f"{result.seconds:.1f}"))


def _state(screen: Screen, progress: Progress, cost: str) -> str:
    return screen.say(
        "search.state",
        cost=cost,
        unassigned=progress.unassigned,
        vehicles=progress.vehicles,
    )


def _money(screen: Screen, thousandths: int) -> str:
    from dispatch import messages

    return messages.money(messages.dong(thousandths), _lang(screen))


def _lang(screen: Screen) -> Any:
    return screen.lang
