"""What a service counts about itself, for Prometheus."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class Meters:
    """The meters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.answers = Counter(
            "segml_requests",
            "Requests by kind of route and status",
            ("route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "segml_request_seconds",
            "Time to answer, by kind of route",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._as_of_age = Gauge(
            "segml_as_of_age_days", "Days since the night that is served", registry=self._registry
        )
        self._cache = Gauge(
            "segml_cache",
            "Evaluations kept: hits, misses, bytes",
            ("what",),
            registry=self._registry,
        )
        self._versions = Gauge(
            "segml_model_version",
            "The version that scores, by model",
            ("model",),
            registry=self._registry,
        )

    def text(self, age: int | None, cache: Mapping[str, float], versions: Mapping[str, int]) -> str:
        """Return every meter as Prometheus reads it."""
        self._as_of_age.set(float("nan") if age is None else age)
        for what, value in cache.items():
            self._cache.labels(what).set(value)
        for model, version in versions.items():
            self._versions.labels(model).set(version)
        return generate_latest(self._registry).decode()
