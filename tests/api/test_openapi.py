"""What the service says of itself holds: every operation is tried with made-up requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    positive_data_acceptance,
    unsupported_method,
)

from tests.api.test_accounts import WHO, K, Office, _office

STREAMS = {"/api/days/{day}/events/stream", "/api/runs/{run}/progress"}
# Made-up problems would search for long, and a service that stops says so with 503: both have tests
# of their own.
ELSEWHERE = {"/vroom", "/health/ready"}
HIDDEN = {
    *("/", "/vroom/", "/vroom/optimization", "/optimization", "/vroom/health", "/health"),
}
# A request that fits may still be refused as things stand; other methods answer 405 in words; who
# may ask is asked as every role in test_accounts.
NOT_ASKED = [ignored_auth, positive_data_acceptance, unsupported_method]


@pytest.fixture(scope="module")
def made_up() -> Iterator[Office]:
    yield from _office()


@pytest.fixture(scope="module")
def described(made_up: Office) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", made_up.client.app)


ASKED = sorted(
    (method, path)
    for method, path in WHO
    if path not in STREAMS and path not in HIDDEN and path not in ELSEWHERE
)


def test_all_that_is_described_is_tried(described: Any) -> None:
    operations = {
        (found.ok().method.upper(), found.ok().path) for found in described.get_all_operations()
    }
    left_out = {("GET", path) for path in STREAMS} | {
        ("POST", "/vroom"),
        ("GET", "/health/ready"),
    }
    assert operations == set(ASKED) | left_out


@pytest.mark.parametrize(("method", "path"), ASKED, ids=str)
def test_no_request_makes_the_service_fail_or_break_its_word(
    described: Any, made_up: Office, method: str, path: str
) -> None:
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=made_up.headers[K], excluded_checks=NOT_ASKED)

    ask()
