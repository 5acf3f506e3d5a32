"""
The kernel's own random numbers: four words of state in an array, the same on every thread.

References
----------
D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM Transactions on
Mathematical Software 47(4), 2021 (xoshiro256**).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.search.compiled import Whole, inlined


def seeded(seed: int, stream: int) -> NDArray[np.uint64]:
    """Return the state for a seed and a stream; different streams never share numbers."""
    words = np.random.SeedSequence([seed, stream]).generate_state(4, np.uint64)
    return np.ascontiguousarray(words)


@inlined
def _rotated(x: Any, k: Any) -> Any:
    return (x << k) | (x >> (np.uint64(64) - k))


@inlined
def draw(state: Any) -> Any:
    """Return 64 random bits."""
    result = _rotated(state[1] * np.uint64(5), np.uint64(7)) * np.uint64(9)
    t = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = _rotated(state[3], np.uint64(45))
    return result


@inlined
def below(state: Any, limit: int) -> Whole:
    """Return a whole number from 0 up to, not including, `limit`."""
    return np.int64((draw(state) >> np.uint64(11)) % np.uint64(limit))


@inlined
def share(state: Any) -> Whole:
    """Return a number from 0 up to, not including, 1."""
    return np.float64(draw(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
