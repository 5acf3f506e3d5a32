"""Changes by hand: what is shown before letting go is what the checker says of the whole day."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from dispatch.around import planned_around
from dispatch.editing import Change, Edit, EditTable, Reverse, SetLock
from dispatch.errors import RefusedError, UnknownError
from dispatch.locking import Lock, LockKind
from dispatch.merging import merged
from dispatch.model import DayPlan
from dispatch.placing import choices
from dispatch.service import Search, Watch
from solver.checker import check
from solver.model import StopKind, Violation, ViolationCode
from tests.dispatch.day_plans import big_day_plan, tiny_day_plan


@pytest.fixture(scope="module")
def big() -> DayPlan:
    """Ten rounds with a hundred and twenty stops."""
    return big_day_plan(routes=10, stops=120)


def amounts(found: tuple[Violation, ...]) -> Counter[tuple[str, str, str, str]]:
    total: Counter[tuple[str, str, str, str]] = Counter()
    for one in found:
        total[one.code.value, one.vehicle, one.id, one.dimension] += one.amount
    return total


def random_changes(plan: DayPlan, seed: int) -> list[Change]:
    """Some moves, of one order or a few, to somewhere; now and then a round is reversed."""
    chance = random.Random(seed)
    table = EditTable(plan)
    couriers = [*table.vehicles, ""]
    found: list[Change] = []
    sketch = table.sketch()
    for _ in range(chance.randrange(1, 5)):
        if chance.random() < 0.2:
            change: Change = Reverse(courier=chance.choice(list(table.vehicles)))
        else:
            first, *more = chance.sample(list(table.tasks), chance.randrange(1, 4))
            to = chance.choice(couriers)
            gone = {first, *more}
            rest = [s for s in sketch.tours.get(to, ()) if s.id not in gone]
            position = None if chance.random() < 0.3 else chance.randrange(len(rest) + 1)
            change = Edit(order=first, more=tuple(more), to=to, position=position if to else None)
        sketch.do(change)
        found.append(change)
    return found


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("which", ["tiny", "big"])
def test_the_preview_says_what_the_checker_says_of_the_whole_day(
    big: DayPlan, which: str, seed: int
) -> None:
    plan = tiny_day_plan() if which == "tiny" else big
    changes = random_changes(plan, seed)
    sketch = EditTable(plan).sketch(changes)
    shown = sketch.preview()
    after = sketch.planned()
    report = check(plan.problem, after.result.plan)
    assert after.result.report == report
    assert shown.before == plan.result.report.cost
    assert shown.after == report.cost
    before, now = amounts(plan.result.report.violations), amounts(report.violations)
    assert {k for k in now if now[k] > before[k]} == set(amounts(shown.broken))
    assert {k for k in before if before[k] > now[k]} == set(amounts(shown.mended))
    old, new = plan.result.plan, after.result.plan
    assert set(shown.dropped) == set(new.unassigned) - set(old.unassigned)
    assert set(shown.taken) == set(old.unassigned) - set(new.unassigned)
    # Rounds that nobody touched are the same to the second.
    touched = {one.courier for one in shown.routes}
    kept = {route.vehicle: route for route in old.routes if route.vehicle not in touched}
    assert kept == {r.vehicle: r for r in new.routes if r.vehicle not in touched}


def test_a_selection_moves_as_one_block_in_its_order(big: DayPlan) -> None:
    table = EditTable(big)
    one, two = list(table.tours)[:2]
    block = [step.id for step in table.tours[one][:3]]
    change = Edit(order=block[2], more=(block[0], block[1]), to=two, position=1)
    sketch = table.sketch([change])
    assert [step.id for step in sketch.tours[two][1:4]] == [block[2], block[0], block[1]]
    assert not {step.id for step in sketch.tours[one]} & set(block)
    # Within its own round a position counts without what moves.
    back = table.sketch([Edit(order=block[0], more=(block[1],), to=one, position=1)])
    assert [step.id for step in back.tours[one][:3]] == [block[2], block[0], block[1]]


def test_a_round_is_reversed_trip_by_trip() -> None:
    table = EditTable(tiny_day_plan())
    (name,) = [n for n, steps in table.tours.items() if any(s.id == "noon" for s in steps)]
    before = [step.id for step in table.tours[name]]
    after = [step.id for step in table.sketch([Reverse(courier=name)]).tours[name]]
    noon = before.index("noon")
    assert after == [*reversed(before[:noon]), "noon", *reversed(before[noon + 1 :])]
    with pytest.raises(RefusedError) as raised:
        table.sketch([Reverse(courier=name, first="nobody's")])
    assert raised.value.key == "not_in_round"


def test_a_reversed_transfer_is_still_fetched_before_it_is_brought() -> None:
    table = EditTable(tiny_day_plan())
    made = table.sketch([Edit(order="HS-0005", to="BT-03"), Reverse(courier="BT-03")])
    assert [step.kind for step in made.tours["BT-03"]] == [StopKind.PICKUP, StopKind.DELIVERY]


# ---- locks --------------------------------------------------------------------------------------


def lock(kind: LockKind, courier: str, order: str = "") -> SetLock:
    return SetLock(lock=Lock(kind=kind, courier=courier, order=order))


def test_what_is_locked_is_refused_until_it_is_unlocked(big: DayPlan) -> None:
    table = EditTable(big)
    one, two, three = list(table.tours)[:3]
    steps = [step.id for step in table.tours[one]]
    made: list[Change] = [
        lock(LockKind.STOP, one, steps[4]),
        lock(LockKind.PREFIX, one, steps[1]),
        lock(LockKind.ROUTE, two),
    ]
    for change, key in (
        (Edit(order=steps[4], to=three), "locked_stop"),
        (Edit(order=steps[4]), "locked_stop"),
        (Edit(order=steps[5], to=one, position=0), "locked_prefix"),
        (Edit(order=steps[0], to=one, position=1), "locked_prefix"),
        (Reverse(courier=two), "locked_route"),
        (Edit(order=steps[5], to=two, position=0), "locked_route"),
    ):
        with pytest.raises(RefusedError) as raised:
            table.sketch([*made, change])
        assert raised.value.key == key, change
    # Its place in the round is free, and so is everything behind the locked beginning.
    free = table.sketch([*made, Edit(order=steps[4], to=one, position=2)])
    assert [step.id for step in free.tours[one][:3]] == [steps[0], steps[1], steps[4]]
    unlocked = SetLock(lock=Lock(kind=LockKind.STOP, courier=one, order=steps[4]), on=False)
    assert table.sketch([*made, unlocked, Edit(order=steps[4], to=three)]).where()[steps[4]] == (
        three
    )


def test_nothing_is_locked_that_is_not_there(big: DayPlan) -> None:
    table = EditTable(big)
    one, two = list(table.tours)[:2]
    theirs = table.tours[two][0].id
    with pytest.raises(RefusedError) as raised:
        table.sketch([lock(LockKind.STOP, one, theirs)])
    assert raised.value.key == "lock_nothing"
    with pytest.raises(UnknownError):
        table.sketch([lock(LockKind.ROUTE, "nobody")])


def test_a_search_around_the_locks_moves_everything_else() -> None:
    plan = big_day_plan(routes=3, stops=24)
    table = EditTable(plan)
    one, two, three = table.tours
    away = table.tours[one][0].id
    # Sent to the far end of another round, and locked there: dear, but somebody wants it so.
    dear: list[Change] = [
        Edit(order=away, to=two, position=len(table.tours[two])),
        lock(LockKind.STOP, two, away),
        Reverse(courier=three),
        lock(LockKind.ROUTE, three),
        lock(LockKind.PREFIX, one, table.tours[one][2].id),
    ]
    sketch = table.sketch(dear)
    start = sketch.planned()
    found = planned_around(
        start,
        sketch.locks,
        search=Search(seconds=None, iterations=300, engine="search", workers=1),
        watch=Watch(),
        clock=lambda: 0.0,
    )
    tours = {route.vehicle: route.tour.steps for route in found.result.plan.routes}
    assert tours[three] == sketch.tours[three]
    visits = [step for step in tours[one] if step.kind is not StopKind.RELOAD]
    # The first of the three went away before.
    assert visits[:2] == [s for s in sketch.tours[one] if s.kind is not StopKind.RELOAD][:2]
    assert away in {step.id for step in tours[two]}
    assert found.problem == plan.problem
    assert found.result.report == check(plan.problem, found.result.plan)
    assert found.result.report.cost.total < start.result.report.cost.total


# ---- who could take it --------------------------------------------------------------------------


def test_a_choice_costs_what_the_change_then_costs(big: DayPlan) -> None:
    table = EditTable(big)
    first = next(iter(table.tours))
    order = table.tours[first][3].id
    out = table.sketch([Edit(order=order)]).planned()
    found = choices(table, order)
    assert {one.courier for one in found} == set(table.vehicles)
    ranked = [(len(one.violations), one.cost) for one in found]
    assert ranked == sorted(ranked)
    for one in found[:4]:
        made = table.sketch([Edit(order=order, to=one.courier, position=one.position)]).planned()
        costs = made.result.report.cost, out.result.report.cost
        assert one.cost == (costs[0].total - costs[0].skipped) - (costs[1].total - costs[1].skipped)
        (route,) = [r for r in made.result.plan.routes if r.vehicle == one.courier]
        assert one.begin == next(stop.begin for stop in route.stops if stop.id == order)


# ---- two dispatchers ----------------------------------------------------------------------------


def test_changes_merge_where_they_do_not_meet(big: DayPlan) -> None:
    mine = EditTable(big)
    one, two, three, four = list(mine.tours)[:4]
    a, b = mine.tours[one][0].id, mine.tours[one][1].id
    c = mine.tours[two][2].id
    anchor = mine.tours[three][3].id
    theirs = EditTable(mine.sketch([Edit(order=a, to=four)]).planned())
    made = merged(
        mine,
        theirs,
        [
            Edit(order=a, to=two),  # they moved it, too
            Edit(order=b, to=three, position=4),  # behind the anchor
            Edit(order=c, more=(a,), to=three, position=0),
        ],
    )
    assert [(one.number, one.key, one.now, one.order) for one in made.lost] == [
        (0, "moved", four, a),
        (2, "moved", four, a),
    ]
    assert made.changes == (
        Edit(order=b, to=three, position=4),
        Edit(order=c, to=three, position=0),
    )
    where = made.sketch.where()
    assert (where[a], where[b], where[c]) == (four, three, three)
    round_ = [step.id for step in made.sketch.tours[three]]
    assert round_.index(b) == round_.index(anchor) + 1


def test_a_place_is_found_again_by_the_stop_before_it(big: DayPlan) -> None:
    mine = EditTable(big)
    one, two, three = list(mine.tours)[:3]
    steps = [step.id for step in mine.tours[two]]
    order = mine.tours[one][0].id
    more = mine.tours[three][0].id
    shifted = EditTable(mine.sketch([Edit(order=more, to=two, position=0)]).planned())
    made = merged(mine, shifted, [Edit(order=order, to=two, position=2)])
    assert made.changes == (Edit(order=order, to=two, position=3),)
    gone = EditTable(mine.sketch([Edit(order=steps[1])]).planned())
    made = merged(mine, gone, [Edit(order=order, to=two, position=2)])
    (lost,) = made.lost
    assert (lost.key, lost.kept, lost.now) == ("place", True, two)
    assert made.sketch.where()[order] == two


def test_a_lock_of_the_other_stands_against_a_change(big: DayPlan) -> None:
    mine = EditTable(big)
    one, two = list(mine.tours)[:2]
    order = mine.tours[one][0].id
    locks = mine.sketch([lock(LockKind.STOP, one, order)]).locks
    made = merged(mine, EditTable(big, locks), [Edit(order=order, to=two)])
    (lost,) = made.lost
    assert lost.error is not None
    assert lost.error.key == "locked_stop"
    assert made.changes == ()


def test_a_broken_rule_that_gets_worse_is_told(big: DayPlan) -> None:
    table = EditTable(big)
    first = next(iter(table.tours))
    many = [
        step.id
        for steps in list(table.tours.values())[1:]
        for step in steps
        if step.kind is not StopKind.RELOAD
    ]
    late = table.sketch([Edit(order=many[0], more=tuple(many[1:60]), to=first, position=0)])
    codes = {one.code for one in late.preview().broken}
    assert codes & {
        ViolationCode.SHIFT_TOO_LATE,
        ViolationCode.CAPACITY_EXCEEDED,
        ViolationCode.WINDOW_MISSED,
        ViolationCode.BREAK_WINDOW_MISSED,
    }
    worse = EditTable(late.planned()).sketch(
        [Edit(order=many[60], more=tuple(many[61:75]), to=first, position=0)]
    )
    assert {one.code for one in worse.preview().broken} & codes
