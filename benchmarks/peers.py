"""
The engines under test, each in a process of its own on the same two cores for the same time.

A run's clock starts when the process has imported its engine, read the problem and, for ours,
compiled; building the peer's model counts. An engine with one thread runs two seeds side by side
and the better answer counts. A process that overstays its time by far is ended, and said to be.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import closest
from benchmarks.protocol import Case, Verdict, judge
from benchmarks.shapes import Answer, Peer
from solver.engine import Tours
from solver.formats import Instance
from solver.model import Problem

ENGINES: Mapping[str, tuple[str, str]] = {
    "ours": ("benchmarks.peer_ours", "Ours"),
    "pyvrp": ("benchmarks.peer_pyvrp", "PyVrp"),
    "ortools": ("benchmarks.peer_ortools", "OrtoolsPlain"),
    "vroom": ("benchmarks.peer_vroom", "Vroom"),
    "vrp-cli": ("benchmarks.peer_vrp_cli", "VrpCli"),
    "hygese": ("benchmarks.peer_hygese", "Hygese"),
}
"""Module and class by name."""

CORES = 2
_GRACE_SECONDS = 120.0
_PREPARE_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    One engine's answer to one case under one seed.

    Parameters
    ----------
    skipped
        Why there is no answer; empty when there is one.
    seconds
        Wall time from the start signal to the answer.
    history
        (seconds, published cost, vehicles or None) for each better plan; empty where the engine
        reports none, solved another problem than the full one, or ended with broken rules.
    differences
        Where the engine's model said less than the full problem.
    """

    case: str
    engine: str
    seed: int
    verdict: Verdict | None = None
    skipped: str = ""
    seconds: float = 0.0
    iterations: int = 0
    history: tuple[tuple[float, float, int | None], ...] = ()
    differences: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    answer: Answer
    seconds: float


def peer_named(name: str) -> Peer:
    """Return a new adapter; its package is imported only in the run's own process."""
    module, maker = ENGINES[name]
    peer: Peer = getattr(import_module(module), maker)()
    return peer


def run(case: Case, instance: Instance, engine: str, *, seconds: float, seed: int) -> Run:
    """Solve a case with an engine and let our checker judge the answer."""
    peer = peer_named(engine)
    lacks = lacking(peer, instance.problem)
    if lacks:
        return Run(
            case=case.name, engine=engine, seed=seed, skipped=f"cannot say: {', '.join(lacks)}"
        )
    different = (
        () if peer.full else tuple(closest.differences(instance.problem, strict=peer.strict))
    )
    beside = max(1, CORES // peer.threads)
    replies = _side_by_side(
        case, engine, seconds, [1 + (seed - 1) * beside + k for k in range(beside)]
    )
    judged = [
        (judge(instance, _tours(peer, instance, reply)), reply)
        for reply in replies
        if not isinstance(reply, str)
    ]
    if not judged:
        return Run(case=case.name, engine=engine, seed=seed, skipped=str(replies[0]))
    verdict, reply = min(judged, key=lambda pair: _rank(pair[0]))
    return Run(
        case=case.name,
        engine=engine,
        seed=seed,
        verdict=verdict,
        seconds=reply.seconds,
        iterations=reply.answer.iterations,
        history=(
            published(instance, reply.answer.history) if verdict.feasible and not different else ()
        ),
        differences=different,
        note="; ".join(
            filter(None, [reply.answer.note, *(r for r in replies if isinstance(r, str))])
        ),
    )


def _tours(peer: Peer, instance: Instance, reply: _Reply) -> Tours:
    tours = reply.answer.tours
    return tours if peer.full else closest.mended(instance.problem, tours)


def lacking(peer: Peer, problem: Problem) -> list[str]:
    """Name what the peer cannot express of the closest problem that it would get."""
    if peer.full:
        return peer.lacking(problem)
    found: list[str] = []
    for piece in closest.pieces(problem, strict=peer.strict):
        found += [what for what in peer.lacking(piece.problem) if what not in found]
    return found


def published(
    instance: Instance, history: Sequence[tuple[float, int, int]]
) -> tuple[tuple[float, float, int | None], ...]:
    """Say a history in published units; where vehicles come first the total tells their number."""
    points = []
    for at, total, told in history:
        used = total // instance.vehicle_cost if instance.vehicle_cost else told
        points.append((round(at, 3), float(instance.published_cost(total, used)), used or None))
    return tuple(points)


def _rank(verdict: Verdict) -> tuple[bool, int, int, int]:
    return (
        not verdict.feasible,
        len(verdict.broken),
        verdict.unassigned if verdict.broken else 0,
        verdict.total,
    )


# ---- processes ----------------------------------------------------------------------------------


def _side_by_side(
    case: Case, engine: str, seconds: float, seeds: Sequence[int]
) -> list[_Reply | str]:
    """Run one process for each seed at the same time; text tells what went wrong."""
    context = multiprocessing.get_context("spawn")
    started: list[tuple[Any, Connection]] = []
    for seed in seeds:
        here, there = context.Pipe()
        process = context.Process(target=_child, args=(there, case, engine, seconds, seed))
        process.start()
        there.close()
        started.append((process, here))
    replies: list[_Reply | str] = []
    try:
        refused = [_hear(pipe, _PREPARE_SECONDS) for _, pipe in started]
        for _, pipe in started:
            _tell(pipe)
        for (_, pipe), first in zip(started, refused, strict=True):
            replies.append(
                _hear(pipe, seconds * 2 + _GRACE_SECONDS) if first == "ready" else str(first)
            )
    finally:
        for process, pipe in started:
            pipe.close()
            process.join(2)
            if process.is_alive():
                process.kill()
                process.join()
    return replies


def _tell(pipe: Connection) -> None:
    try:
        pipe.send("go")
    except OSError:
        return


def _hear(pipe: Connection, patience: float) -> Any:
    try:
        if pipe.poll(patience):
            return pipe.recv()
    except (EOFError, ConnectionError):
        return "its process died"
    return f"no answer after {patience:.0f} s"


def _child(pipe: Connection, case: Case, engine: str, seconds: float, seed: int) -> None:
    """Prepare, wait for the signal, solve and send the answer."""
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        _hush()
        peer = peer_named(engine)
        peer.warm()
        problem = case.load().problem
        pieces = [] if peer.full else closest.pieces(problem, strict=peer.strict)
        pipe.send("ready")
        pipe.recv()
        began = time.monotonic()
        answer = (
            peer.solve(problem, seconds=seconds, seed=seed)
            if peer.full
            else _by_piece(peer, pieces, seconds, seed)
        )
        pipe.send(_Reply(answer=answer, seconds=time.monotonic() - began))
    except ImportError as error:
        pipe.send(f"not installed ({error}): run `make bench`, or pip install -e '.[bench]'")
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is a result to print
        last = traceback.extract_tb(error.__traceback__)[-1]
        pipe.send(f"failed with {type(error).__name__}: {error} ({last.name}, line {last.lineno})")


def _hush() -> None:
    """Send what a peer prints nowhere; its answer comes through the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _by_piece(peer: Peer, pieces: Sequence[closest.Piece], seconds: float, seed: int) -> Answer:
    """Solve the pieces one after the other; what one leaves of its time goes to the others."""
    began = time.monotonic()
    tours: Tours = ()
    left_share = sum(piece.share for piece in pieces)
    last = Answer(tours=())
    iterations = 0
    for piece in pieces:
        left = max(seconds - (time.monotonic() - began), 0.1)
        last = peer.solve(
            piece.problem, seconds=left * piece.share / max(left_share, 1e-9), seed=seed
        )
        left_share -= piece.share
        iterations += last.iterations
        tours += piece.back(last.tours)
    return Answer(
        tours=tours,
        history=last.history if len(pieces) == 1 else (),
        iterations=iterations,
        note=last.note,
    )
