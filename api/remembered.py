"""Who was behind the last requests, so that the store is not asked for every one of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from api.access import Principal

KEPT = timedelta(seconds=5)
"""What another process revokes is still good for so long at most; what this one does, no moment."""

_MOST = 4_096


class Remembered:
    """Principals by the hash of the cookie or key that they came with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Principal, datetime]] = OrderedDict()
        self._turn = 0

    @property
    def turn(self) -> int:
        """Counts the times that all was forgotten: what was read before may be over by now."""
        return self._turn

    def get(self, secret: str, now: datetime) -> Principal | None:
        """Return who it is, None where that must be asked."""
        with self._lock:
            found = self._known.get(secret)
            if found is None:
                return None
            if not now < found[1] <= now + KEPT:
                del self._known[secret]
                return None
            return found[0]

    def put(
        self,
        secret: str,
        principal: Principal,
        *,
        now: datetime,
        until: datetime | None,
        turn: int,
    ) -> None:
        """Remember who it is, unless something was revoked since `turn`."""
        end = now + KEPT if until is None else min(now + KEPT, until)
        with self._lock:
            if turn != self._turn:
                return
            self._known[secret] = principal, end
            while len(self._known) > _MOST:
                self._known.popitem(last=False)

    def forget(self) -> None:
        """Forget everybody: somebody's rights or session changed."""
        with self._lock:
            self._turn += 1
            self._known.clear()
