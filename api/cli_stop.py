"""Ctrl-C as a question: the first one stops the search, the second one everything."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """Remembers that a stop was asked for."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        """Tell whether a stop was asked for."""
        return self.asked


@contextmanager
def stop_on_interrupt(tell: Callable[[], None]) -> Iterator[StopFlag]:
    """
    Turn the first Ctrl-C (or a polite `kill`) into a raised flag; the second interrupts.

    Parameters
    ----------
    tell
        Called once, at the first one, to say what happens now.
    """
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may handle signals; elsewhere nobody types Ctrl-C either.
        yield flag
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if flag.asked:
            raise KeyboardInterrupt
        flag.asked = True
        tell()

    before = {name: signal.signal(name, ask) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
