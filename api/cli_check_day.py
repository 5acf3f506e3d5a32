"""The command `check` on a whole folder: both echelons, and what lies between them."""

from __future__ import annotations

from pathlib import Path

from api.cli_errors import ExitCode
from api.cli_files import read_text
from api.cli_screen import Screen
from api.cli_solve import check, show_violations, violation_facts


def check_folder(folder: Path, *, screen: Screen) -> ExitCode:
    """Judge what `plan` wrote to a folder; without trucks, the couriers' plan alone."""
    if not (folder / "day.json").exists():
        return check(folder / "problem.json", folder / "plan.json", screen=screen)
    from dispatch.day_check import check_day
    from dispatch.day_files import read_day_file
    from solver.formats import read_plan, read_problem
    from solver.validation import require_valid

    echelons = []
    for prefix in ("", "trucks_"):
        problem = read_problem(read_text(folder / f"{prefix}problem.json")).problem
        require_valid(problem)
        echelons.append((problem, read_plan(read_text(folder / f"{prefix}plan.json"))))
    day, rules = read_day_file(
        read_text(folder / "day.json"), couriers=echelons[0], trucks=echelons[1]
    )
    verdict = check_day(day, rules)
    assert verdict is not None
    for key, report in (("check.couriers", verdict.couriers), ("check.trucks", verdict.trucks)):
        said = screen.say(
            key,
            routes=len(report.routes),
            stops=report.stops,
            unassigned=len(report.unassigned),
            count=len(report.violations),
        )
        screen.show(said, style="green" if report.feasible else "bold red")
        if not report.feasible:
            show_violations(screen, "check.broken", report.violations)
    if verdict.violations:
        screen.show(screen.say("trucks.broken"), style="bold red")
        for violation in verdict.violations:
            screen.show(f"  {violation}")
    else:
        screen.show(screen.say("trucks.clean"), style="green")
    screen.json(
        {
            "feasible": verdict.feasible,
            "couriers": [violation_facts(one) for one in verdict.couriers.violations],
            "trucks": [violation_facts(one) for one in verdict.trucks.violations],
            "day": [
                {"code": one.code.value, "amount": one.amount, "id": one.id}
                for one in verdict.violations
            ],
        }
    )
    return ExitCode.DONE if verdict.feasible else ExitCode.RULES_BROKEN
