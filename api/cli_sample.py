"""The command `sample`: a made-up day, to try everything before real data is at hand."""

from __future__ import annotations

from pathlib import Path

from api.cli_errors import ExitCode
from api.cli_files import folder_for, read_date, write_text
from api.cli_screen import Screen


def write_sample(*, orders: int, seed: int, out: Path, date: str, screen: Screen) -> ExitCode:
    """Write orders.csv, fleet.csv, offices.csv and trucks.csv of a sample day."""
    day = read_date(date)
    folder = folder_for(out)
    from dispatch.samples import sample_day, write_day

    with screen.steps() as steps:
        steps.begin("step.sample")
        made = sample_day(orders=orders, seed=seed, day=day)
        texts = write_day(made)
        steps.end()
    files = []
    for name, text in texts.items():
        write_text(folder / name, text)
        files.append(folder / name)
    screen.show(
        screen.say(
            "sample.done",
            day=f"{day:%d/%m/%Y}",
            orders=len(made.orders),
            couriers=len(made.couriers),
            offices=len(made.offices),
        )
    )
    for file in files:
        screen.show(f"  {file}")
    screen.json(
        {
            "date": day.isoformat(),
            "seed": seed,
            "orders": len(made.orders),
            "couriers": len(made.couriers),
            "offices": len(made.offices),
            "files": [str(file) for file in files],
        }
    )
    return ExitCode.DONE
