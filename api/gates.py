"""Locks by name, for what must not be done twice at the same moment."""

from __future__ import annotations

import threading


class Gates:
    """One lock for each key that is being answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], Gate] = {}

    def gate(self, key: tuple[str, str]) -> Gate:
        """Return the gate of a key, counted until it is released."""
        with self._lock:
            gate = self._held.setdefault(key, Gate(self, key))
            gate.users += 1
            return gate

    def done(self, gate: Gate) -> None:
        """Forget a gate that nobody stands at any more."""
        with self._lock:
            gate.users -= 1
            if not gate.users:
                self._held.pop(gate.key, None)


class Gate:
    """A lock that any thread may release."""

    def __init__(self, gates: Gates, key: tuple[str, str]) -> None:
        self.key = key
        self.users = 0
        self._gates = gates
        self._turn = threading.Semaphore(1)

    def acquire(self) -> None:
        """Wait for one's turn."""
        self._turn.acquire()

    def release(self) -> None:
        """Let the next one through."""
        self._turn.release()
        self._gates.done(self)
