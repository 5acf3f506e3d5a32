"""The numbers on parcels, and what counts as a change of order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.changes import count_changed, first_numbers, in_order, numbers_after
from solver.model import Plan, Route, Step, Stop, StopKind


def _steps(names: str) -> list[Step]:
    return [Step(kind=StopKind.JOB, id=name) for name in names]


def _plan(**routes: str) -> Plan:
    return Plan(
        routes=tuple(
            Route(
                vehicle=courier,
                departure=0,
                stops=tuple(
                    Stop(kind=StopKind.JOB, id=name, arrival=k, begin=k, departure=k)
                    for k, name in enumerate(names)
                ),
                finish=99,
            )
            for courier, names in routes.items()
        )
    )


def _written(old: Plan, *new: Plan, courier: str = "v") -> str:
    numbers = first_numbers(old)
    for plan in new:
        numbers = numbers_after(numbers, plan)
    route = next(route for route in new[-1].routes if route.vehicle == courier)
    return " ".join(numbers[courier][Step(kind=StopKind.JOB, id=s.id)] for s in route.stops)


def test_a_new_stop_gets_the_number_before_it_with_a_letter() -> None:
    assert _written(_plan(v="abc"), _plan(v="abxyc")) == "1 2 2a 2b 3"


def test_a_new_stop_before_all_that_is_left_has_the_number_of_the_last_done() -> None:
    assert _written(_plan(v="abc"), _plan(v="xbc")) == "1a 2 3"


def test_a_number_is_never_given_twice() -> None:
    assert _written(_plan(v="ab"), _plan(v="axb"), _plan(v="ayb")) == "1 1b 2"


def test_the_numbers_of_stops_that_change_places_stay() -> None:
    assert _written(_plan(v="abc"), _plan(v="cab")) == "3 1 2"


def test_a_stop_that_comes_back_has_its_old_number() -> None:
    assert _written(_plan(v="abc", w="d"), _plan(v="ac", w="db"), _plan(v="abc", w="d")) == "1 2 3"


def test_a_courier_without_numbers_begins_at_one() -> None:
    assert _written(_plan(v="a"), _plan(v="a", w="xy"), courier="w") == "1 2"


def test_after_twenty_six_letters_there_are_two() -> None:
    many = "BCDEFGHIJKLMNOPQRSTUVWXYZbcdef"
    assert _written(_plan(v="a"), _plan(v="a" + many)).split()[-1] == "1ad"


def test_moving_one_stop_forward_changes_one() -> None:
    assert count_changed({"v": _steps("abcd")}, {"v": _steps("bcda")}) == 1


def test_a_stop_that_goes_to_another_counts_once_and_a_new_one_does_not() -> None:
    assert count_changed({"v": _steps("abc")}, {"v": _steps("ac"), "w": _steps("bx")}) == 1


@settings(deadline=None)
@given(st.permutations("abcdef"))
def test_what_kept_its_order_is_the_longest_there_is(names: list[str]) -> None:
    steps = _steps("".join(names))
    kept = in_order(_steps("abcdef"), steps)
    order = "".join(step.id for step in steps if step in kept)
    assert list(order) == sorted(order)
    # All subsets, by bits.
    best = max(
        bits.bit_count()
        for bits in range(64)
        if (part := [n for k, n in enumerate(names) if bits >> k & 1]) == sorted(part)
    )
    assert len(kept) == best
