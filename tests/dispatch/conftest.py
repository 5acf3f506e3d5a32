from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.sql import SqlStore, open_store
from tests.dispatch import postgres


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be made: each test that asks for it runs on both."""
    if request.param == "sqlite":
        return str(tmp_path / "store" / "buuta.db")
    running: postgres.Cluster = request.getfixturevalue("cluster")
    return running.create(f"t{uuid4().hex}")


@pytest.fixture
def opened(address: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens the store of this test once more, as another process would."""
    stores: list[SqlStore] = []

    def again() -> SqlStore:
        stores.append(open_store(address, busy_seconds=20, migrate=True))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], SqlStore]) -> SqlStore:
    return opened()
