"""A whole day over real HTTP: a spawned service, its own client, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date

import pytest

from tests.api.served_day import run_day
from tests.api.serving import served
from tests.dispatch import postgres

DAY = date(2026, 11, 24)
# In the middle of the morning, so that the rest of the day is there to be planned anew.
REHEARSAL = {"BUUTA_PRETEND_NOW": "2026-11-24T10:00:00+07:00"}


def test_a_day_is_imported_planned_published_driven_replanned_and_closed() -> None:
    with served(environment=REHEARSAL) as service:
        told = run_day(service, orders=150, seconds=6, day=DAY)
        assert told.couriers >= 10
        assert told.done
        assert told.replanned > told.published
        service.end(signal.SIGTERM)
        said = "\n".join(service.said())
    assert "crashed" not in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_same_day_on_postgresql_with_a_worker_beside_the_server(
    cluster: postgres.Cluster,
) -> None:
    address = cluster.create("served")
    settings = {**REHEARSAL, "BUUTA_DATABASE": address, "BUUTA_WORKERS": "0"}
    with served(environment=settings) as service:
        worker = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "work", "--store", address],
            stderr=subprocess.DEVNULL,
        )
        try:
            told = run_day(service, orders=60, seconds=4, day=DAY)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        assert told.done
        assert told.replanned > told.published
        service.end(signal.SIGTERM)
        said = "\n".join(service.said())
    assert "crashed" not in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_day_of_two_hundred_couriers() -> None:
    with served(environment=REHEARSAL) as service:
        told = run_day(service, orders=1_500, seconds=30, day=DAY)
        assert told.couriers >= 150
        assert len(told.events) > 500
