"""What a command shows: tables and JSON on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.cli_messages import say


class Screen:
    """
    Where one command's words go.

    Parameters
    ----------
    lang
        "vi" or "en".
    quiet
        Only errors are shown, and JSON if it was asked for.
    as_json
        One JSON value on stdout instead of tables.
    """

    def __init__(self, *, lang: str, quiet: bool, as_json: bool) -> None:
        self.lang = lang
        self.quiet = quiet
        self.as_json = as_json
        wide = None if sys.stdout.isatty() else 160
        self._out = Console(width=wide, highlight=False, soft_wrap=False)
        self._err = Console(stderr=True, highlight=False)

    @property
    def live(self) -> bool:
        """Whether bars of progress are drawn: on a terminal, unless quiet was asked for."""
        return self._err.is_terminal and not self.quiet

    def say(self, key: str, **values: object) -> str:
        """Return one text of the catalogue in the command's language."""
        return say(key, self.lang, **values)

    def show(self, text: str = "", *, style: str | None = None) -> None:
        """Print words to stdout, unless JSON or quiet was asked for."""
        if not self.quiet and not self.as_json:
            self._out.print(escape(text), style=style)

    def note(self, text: str, *, style: str | None = None) -> None:
        """Print words to stderr, unless quiet was asked for."""
        if not self.quiet:
            self._err.print(escape(text), style=style)

    def table(
        self,
        title: str,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[Sequence[str]],
        *,
        total: bool = False,
    ) -> None:
        """
        Print a table to stdout, unless JSON or quiet was asked for.

        Parameters
        ----------
        columns
            (heading, "left" or "right") of each; no headings at all are not drawn.
        total
            The last row is a sum and stands apart.
        """
        if self.quiet or self.as_json:
            return
        drawn = Table(
            title=escape(title),
            title_justify="left",
            title_style="bold",
            show_header=any(heading for heading, _ in columns),
        )
        for heading, side in columns:
            right = side == "right"
            drawn.add_column(
                escape(heading),
                justify="right" if right else "left",
                no_wrap=right,
                overflow="fold",
            )
        for number, row in enumerate(rows):
            last = number == len(rows) - 1
            drawn.add_row(
                *(escape(cell) for cell in row),
                style="bold" if total and last else None,
                end_section=total and number == len(rows) - 2,
            )
        self._out.print(drawn)

    def json(self, value: Any) -> None:
        """Print one JSON value to stdout, if it was asked for."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    @contextmanager
    def steps(self) -> Iterator[Steps]:
        """Show what is being done, and for how long, while it lasts."""
        drawn = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=self._err,
            disable=not self.live,
            transient=False,
        )
        with drawn:
            yield Steps(drawn, self.say)


class Steps:
    """The lines of progress of one command: one bar after the other."""

    def __init__(self, drawn: Progress, say: Callable[..., str]) -> None:
        self._drawn = drawn
        self._say = say
        self._task: Any = None

    def begin(self, key: str, total: float | None = None) -> None:
        """Start the next step; what was going on is done."""
        self.end()
        self._task = self._drawn.add_task(self._say(key), total=total, state="")

    def at(self, done: float, total: float | None = None) -> None:
        """Move the bar."""
        if self._task is not None:
            self._drawn.update(self._task, completed=done, total=total)

    def state(self, text: str) -> None:
        """Say beside the bar how things stand."""
        if self._task is not None:
            self._drawn.update(self._task, state=escape(text))

    def end(self) -> None:
        """Fill the bar of the present step."""
        if self._task is not None:
            task = self._drawn.tasks[self._drawn.task_ids.index(self._task)]
            total = task.total if task.total is not None else 1
            self._drawn.update(self._task, completed=total, total=total)
            self._task = None
