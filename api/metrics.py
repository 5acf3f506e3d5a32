"""What the service counts, for Prometheus; each app has its own registry."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "buuta_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "buuta_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "buuta_requests_under_way", "Requests being answered.", registry=self.registry
        )
        self.limited = Counter(
            "buuta_requests_limited", "Requests over a rate limit.", registry=self.registry
        )
        self.vroom = Counter(
            "buuta_vroom_answers",
            "Answers of the VROOM door by VROOM's code.",
            ("code",),
            registry=self.registry,
        )
        self.vroom_tasks = Counter(
            "buuta_vroom_tasks",
            "Tasks in the requests to the VROOM door, by whether they were assigned.",
            ("assigned",),
            registry=self.registry,
        )

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Show a figure that is asked for when the metrics are read."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def shown(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
