"""Cuts lose nothing, put together what is near, and differ from turn to turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.types import PlanarTravel
from solver.cutting import Ground, Piece, cut_routes, first_cut, visited
from solver.model import Place, Problem, Tour
from tests.solver.builders import job, problem, tour, vehicle
from tests.solver.strategies import problems, tours


def everything(ground: Ground, found: tuple[Tour, ...] = ()) -> Piece:
    return Piece(
        tasks=list(range(len(ground.tasks))),
        vehicles=list(range(len(ground.problem.vehicles))),
        tours=list(found),
    )


def field(count: int, *, vehicles: int = 10, bases: int = 1) -> Problem:
    """Return jobs all over a square, and vehicles at one base in the middle or at more in a row."""
    chance = np.random.default_rng(2)
    homes = [(200 * k + 100 * (bases == 1), 100) for k in range(bases)]
    spots = [*homes, *((int(x), int(y)) for x, y in chance.integers(0, 200 * bases, (count, 2)))]
    return problem(
        spots,
        jobs=[job(f"j{k}", bases + k, delivery=(1,)) for k in range(count)],
        vehicles=[
            vehicle(f"v{k}", start=k % bases, end=k % bases, capacity=(40,))
            for k in range(vehicles)
        ],
    )


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_task_and_vehicle_is_in_one_piece_that_may_do_it(data: st.DataObject) -> None:
    given_problem = data.draw(problems(max_jobs=9, max_vehicles=4))
    ground = Ground(given_problem)
    whole = everything(ground)
    whole.tasks = [task for task in whole.tasks if ground.may(task)]
    pieces = first_cut(ground, whole, size=data.draw(st.integers(1, 5)))
    assert sorted(task for piece in pieces for task in piece.tasks) == whole.tasks
    assert sorted(v for piece in pieces for v in piece.vehicles) == whole.vehicles
    for piece in pieces:
        for task in piece.tasks:
            assert set(ground.may(task)) & set(piece.vehicles)
    found = tuple(
        given_tour
        for given_tour in data.draw(tours(given_problem))
        if all(
            ground.vehicle_of[given_tour.vehicle] in ground.may(ground.task_of[name])
            for name in visited(given_tour)
        )
    )
    whole.tours = list(found)
    for turn in range(3):
        cut = cut_routes(ground, whole, size=3, turn=turn)
        driven = [tour for tour in found if list(visited(tour))]
        assert sorted(t.vehicle for p in cut for t in p.tours) == sorted(t.vehicle for t in driven)
        assert sorted(v for piece in cut for v in piece.vehicles) == whole.vehicles
        for piece in cut:
            inside = {ground.task_of[name] for t in piece.tours for name in visited(t)}
            assert inside <= set(piece.tasks)


def test_pieces_around_one_base_are_of_the_size_asked_for_and_share_the_fleet() -> None:
    ground = Ground(field(400, vehicles=20))
    pieces = first_cut(ground, everything(ground), size=100)
    assert len(pieces) == 4
    assert [len(piece.tasks) for piece in pieces] == pytest.approx([100] * 4, abs=2)
    assert [len(piece.vehicles) for piece in pieces] == pytest.approx([5] * 4, abs=1)
    # Sectors: seen from the base, no piece is wider than a third of the round.
    base = ground.bases[0]
    for piece in pieces:
        away = ground.points[piece.tasks] - base
        angles = np.sort(np.arctan2(away[:, 1], away[:, 0]))
        gap = np.diff(np.append(angles, angles[0] + 2 * np.pi)).max()
        assert 2 * np.pi - gap < 2 * np.pi / 3


def test_tasks_go_to_the_side_of_their_base() -> None:
    ground = Ground(field(300, vehicles=12, bases=3))
    pieces = first_cut(ground, everything(ground), size=150)
    for piece in pieces:
        for task in piece.tasks:
            apart = np.hypot(*(ground.bases - ground.points[task]).T)
            assert apart[piece.vehicles].min() == apart.min()


def test_a_side_that_is_full_hands_over_what_lies_nearest_to_the_border() -> None:
    # Two offices, all jobs near the first, which can carry only two of the four.
    day = problem(
        [0, 100, 10, 20, 30, 40],
        jobs=[job(f"j{k}", 1 + k, delivery=(1,)) for k in range(1, 5)],
        vehicles=[
            vehicle("a", start=0, end=0, capacity=(2,)),
            vehicle("a2", start=0, end=0, capacity=(0,)),
            vehicle("b", start=1, end=1, capacity=(9,)),
        ],
    )
    ground = Ground(day)
    # 97 % of two units is less than two: one job stays.
    pieces = first_cut(ground, everything(ground), size=2)
    with_a = next(piece for piece in pieces if 0 in piece.vehicles)
    assert [ground.tasks[k].id for k in with_a.tasks] == ["j1"]


def test_routes_are_cut_along_other_borders_at_every_turn() -> None:
    day = field(120, vehicles=30)
    ground = Ground(day)
    order = sorted(range(120), key=lambda k: (ground.points[k][0] // 40, ground.points[k][1]))
    found = tuple(
        tour(f"v{k}", *(f"j{number}" for number in order[4 * k : 4 * k + 4])) for k in range(30)
    )
    cuts = [cut_routes(ground, everything(ground, found), size=30, turn=turn) for turn in range(4)]
    partitions = {
        frozenset(frozenset(t.vehicle for t in piece.tours) for piece in cut) for cut in cuts
    }
    assert len(partitions) == 4
    assert all(len(piece.tasks) <= 32 for cut in cuts for piece in cut)


def test_places_without_coordinates_get_them_from_travel() -> None:
    day = field(60)
    x, y = (np.array([getattr(place, axis) for place in day.places]) for axis in "xy")
    plain = replace(
        day,
        places=tuple(Place(id=place.id) for place in day.places),
        travel={"default": PlanarTravel(x=x, y=y)},
    )
    made, drawn = Ground(plain).points, Ground(day).points
    # Distances on a plane are explained wholly by two axes.
    for k in (0, 17, 59):
        ours = np.hypot(*(made - made[k]).T)
        theirs = np.hypot(*(drawn - drawn[k]).T)
        assert ours == pytest.approx(theirs, rel=0.05, abs=5)
