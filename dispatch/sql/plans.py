"""Plan versions as rows, their large parts as blobs that equal versions share."""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from threading import Lock

from sqlalchemy import Connection, select, update

from dispatch.errors import UnknownError
from dispatch.model import Order
from dispatch.plan_codec import read_content, write_content
from dispatch.records import PlanHead, PlanVersion
from dispatch.repository import chunks
from dispatch.sql.rows import Row, Writer, from_row, insert, to_row
from dispatch.sql.tables import blobs, days, orders, plans
from solver.formats.own import read_problem, write_problem
from solver.model import Problem


class Problems:
    """
    The last few problems that were written or read, by hash.

    A province's travel takes a second to read; a dispatcher who moves stops reads it once.
    """

    def __init__(self, most: int = 6) -> None:
        self._most = most
        self._held: OrderedDict[str, Problem] = OrderedDict()
        self._lock = Lock()

    def hash_of(self, problem: Problem) -> str | None:
        """Return the hash of a problem that came from here."""
        with self._lock:
            return next((key for key, held in self._held.items() if held is problem), None)

    def get(self, key: str) -> Problem | None:
        """Return the problem with a hash."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def keep(self, key: str, problem: Problem) -> None:
        """Remember a problem."""
        with self._lock:
            self._held[key] = problem
            while len(self._held) > self._most:
                self._held.popitem(last=False)


class SqlPlans:
    """`repository.Plans` in SQL."""

    def __init__(self, writer: Writer, problems: Problems) -> None:
        self._connection = writer.connection
        self._problems = problems

    def add(self, version: PlanVersion) -> PlanVersion:
        """Store a plan as the day's next version."""
        plan = version.plan
        content = keep_blob(self._connection, write_content(plan, version.numbers, version.locks))
        problem = self._keep_problem(plan.problem)
        trucks = None if plan.linehaul is None else self._keep_problem(plan.linehaul.problem)
        number = self._connection.execute(
            update(days)
            .where(days.c.date == version.head.day)
            .values(last_plan=days.c.last_plan + 1)
            .returning(days.c.last_plan)
        ).scalar_one_or_none()
        if number is None:
            raise UnknownError("unknown", what="day", id=version.head.day.isoformat())
        head = replace(version.head, version=number)
        self._connection.execute(
            plans.insert().values(
                **to_row(head), content=content, problem=problem, trucks_problem=trucks
            )
        )
        return replace(version, head=head)

    def get(self, day: date, version: int) -> PlanVersion | None:
        """Return a version with its plan, judged anew."""
        row = self._row(day, version)
        if row is None:
            return None
        problem = self._problem(row["problem"])
        trucks = None if row["trucks_problem"] is None else self._problem(row["trucks_problem"])
        text = blob(self._connection, row["content"])
        bare, numbers, locks = read_content(text, problem=problem, trucks=trucks)
        known = self._personal([order.id for order in bare.day.orders])

        def named(order: Order) -> Order:
            if order.id not in known:
                return order
            customer, phone, note = known[order.id]
            return replace(order, customer=customer, phone=phone, note=note)

        plan = replace(
            bare,
            day=replace(bare.day, orders=tuple(named(order) for order in bare.day.orders)),
            located={name: named(order) for name, order in bare.located.items()},
        )
        return PlanVersion(head=from_row(PlanHead, row), plan=plan, numbers=numbers, locks=locks)

    def head(self, day: date, version: int) -> PlanHead | None:
        """Return a version without its plan."""
        row = self._row(day, version)
        return None if row is None else from_row(PlanHead, row)

    def heads(self, day: date) -> Sequence[PlanHead]:
        """Return all versions of a day, the first one first."""
        rows = self._connection.execute(
            select(plans).where(plans.c.day == day).order_by(plans.c.version)
        )
        return [from_row(PlanHead, row) for row in rows.mappings()]

    def _row(self, day: date, version: int) -> Row | None:
        wanted = select(plans).where(plans.c.day == day, plans.c.version == version)
        return self._connection.execute(wanted).mappings().one_or_none()

    def _personal(self, ids: Sequence[str]) -> dict[str, tuple[str, str, str]]:
        columns = (orders.c.id, orders.c.customer, orders.c.phone, orders.c.note)
        found: dict[str, tuple[str, str, str]] = {}
        for batch in chunks(ids):
            for row in self._connection.execute(select(*columns).where(orders.c.id.in_(batch))):
                found[row.id] = (row.customer, row.phone, row.note)
        return found

    def _keep_problem(self, problem: Problem) -> str:
        known = self._problems.hash_of(problem)
        if known is not None and has_blob(self._connection, known):
            return known
        key = keep_blob(self._connection, write_problem(problem))
        self._problems.keep(key, problem)
        return key

    def _problem(self, key: str) -> Problem:
        held = self._problems.get(key)
        if held is None:
            held = read_problem(blob(self._connection, key)).problem
            self._problems.keep(key, held)
        return held


def keep_blob(connection: Connection, text: str) -> str:
    """Store a text unless it is there, and return its hash."""
    data = text.encode()
    key = hashlib.sha256(data).hexdigest()
    if not has_blob(connection, key):
        connection.execute(
            insert(connection, blobs)
            .values(hash=key, data=zlib.compress(data, 1))
            .on_conflict_do_nothing(index_elements=["hash"])
        )
    return key


def has_blob(connection: Connection, key: str) -> bool:
    """Tell whether a text is stored."""
    wanted = select(blobs.c.hash).where(blobs.c.hash == key)
    return connection.execute(wanted).first() is not None


def blob(connection: Connection, key: str) -> str:
    """Return a stored text."""
    wanted = select(blobs.c.data).where(blobs.c.hash == key)
    data: bytes = connection.execute(wanted).scalar_one()
    return zlib.decompress(data).decode()
