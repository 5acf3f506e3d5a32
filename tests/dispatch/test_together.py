"""Writers that come at the same moment: in order, together, and each with its own result."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dispatch.errors import StoreError
from dispatch.office.together import Together
from dispatch.sql.database import Turns


def waiting_behind(held: threading.Event, count: list[int]) -> Together[int, int]:
    """Doubles numbers; the first batch waits until it may go on, the sizes are noted."""

    def store(items: Sequence[int]) -> list[int]:
        count.append(len(items))
        if len(count) == 1:
            assert held.wait(10)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]

    return Together(store)


def test_who_waits_for_a_write_is_stored_with_all_others_who_wait() -> None:
    held, sizes = threading.Event(), list[int]()
    together = waiting_behind(held, sizes)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together.written, 0)
        while not sizes:
            pass
        others = [pool.submit(together.written, n) for n in range(1, 9)]
        while len(together._waiting) < 8:
            pass
        held.set()
        assert [one.result(10) for one in (first, *others)] == [2 * n for n in range(9)]
    assert sizes == [1, 8]


def test_one_that_cannot_be_stored_fails_alone() -> None:
    held, sizes = threading.Event(), list[int]()
    together = waiting_behind(held, sizes)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together.written, 0)
        while not sizes:
            pass
        good, bad, other = (pool.submit(together.written, n) for n in (12, 13, 14))
        while len(together._waiting) < 3:
            pass
        held.set()
        assert (first.result(10), good.result(10), other.result(10)) == (0, 24, 28)
        with pytest.raises(ValueError, match="13"):
            bad.result(10)


def test_a_full_store_is_told_to_all_who_waited() -> None:
    def full(items: Sequence[int]) -> list[int]:
        raise StoreError("full", where="x", said="x")

    with pytest.raises(StoreError):
        Together(full).written(1)


def test_turns_are_given_in_the_order_of_asking() -> None:
    turns = Turns()
    assert turns.acquire(1)
    order: list[int] = []

    def wait(number: int) -> None:
        assert turns.acquire(10)
        order.append(number)
        turns.release()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:
            pass
    turns.release()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_too_long_gives_his_place_up() -> None:
    turns = Turns()
    assert turns.acquire(1)
    assert not turns.acquire(0.01)
    turns.release()
    assert turns.acquire(0.01)
