"""What the monitor counts, for Prometheus on 127.0.0.1. A registry of its own: nothing else of the process leaks in."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from aralyk.tracking.log import ENGINE_LANES


class Metrics:
    """The monitor's figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.steps = Counter("aralyk_monitor_steps", "Steps committed", registry=self.registry)
        self.messages = Counter("aralyk_monitor_messages", "Messages heard", registry=self.registry)
        self.fixes = Counter("aralyk_monitor_fixes", "Fixes projected", registry=self.registry)
        self.decisions = Counter("aralyk_monitor_decisions", "Decisions of the engine", registry=self.registry)
        self.poisons = Counter("aralyk_monitor_set_aside", "Lines set aside", registry=self.registry)
        self.restarts = Counter("aralyk_monitor_database_losses", "Database connections lost", registry=self.registry)
        self.step_s = Histogram(
            "aralyk_monitor_step_seconds",
            "From reading the log to the commit",
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=self.registry,
        )
        self.lag_s = Gauge(
            "aralyk_monitor_lag_seconds", "Wait of the newest line heard", ["lane"], registry=self.registry
        )
        self.replay_s = Gauge("aralyk_monitor_replay_seconds", "Last recovery", registry=self.registry)
        for lane in ENGINE_LANES:
            self.lag_s.labels(lane.value).set(0)

    def serve(self, port: int) -> None:
        """Answer on 127.0.0.1; 0: do not."""
        if port:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
