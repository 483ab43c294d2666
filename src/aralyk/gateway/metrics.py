"""What the gateway counts, by lane, for Prometheus on 127.0.0.1."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from aralyk.gateway.lanes import LaneQueue, Parcel
from aralyk.tracking.log import Lane

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The gateway's figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.frames = Counter("aralyk_gateway_frames", "Frames committed", ["lane"], registry=self.registry)
        self.quarantined = Counter(
            "aralyk_gateway_quarantined", "Frames set aside, by reason", ["protocol", "code"], registry=self.registry
        )
        self.answers = Counter("aralyk_gateway_answers", "Answers over HTTP", ["status"], registry=self.registry)
        self.failures = Counter(
            "aralyk_gateway_database_failures", "Commits and probes that failed", ["writer"], registry=self.registry
        )
        self.strangers = Counter(
            "aralyk_gateway_strangers_not_kept", "Frames of unknown senders beyond the rate", registry=self.registry
        )
        self.unstorable = Counter(
            "aralyk_gateway_unstorable", "Lines that the database refused for themselves", registry=self.registry
        )
        self.suspects = Counter(
            "aralyk_gateway_suspects", "Frames kept and marked", ["protocol", "what"], registry=self.registry
        )
        self.refused = Counter(
            "aralyk_gateway_connections_refused", "Connections that found no room", ["port", "why"],
            registry=self.registry,
        )  # fmt: skip
        self.unheard = Counter(
            "aralyk_gateway_datagrams_unheard", "Frames of datagrams that met no room", ["port"], registry=self.registry
        )
        self.full = Counter("aralyk_gateway_lane_full", "Frames met by a full lane", ["lane"], registry=self.registry)
        self.commit_s = Histogram(
            "aralyk_gateway_commit_seconds", "One commit", ["lane"], buckets=_SECONDS, registry=self.registry
        )
        self.wait_s = Histogram(
            "aralyk_gateway_wait_seconds",
            "From the arrival of a commit's oldest frame to the commit",
            ["lane"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.queue = Gauge("aralyk_gateway_queue", "Frames that wait", ["lane"], registry=self.registry)
        self.stuck_s = Gauge(
            "aralyk_gateway_stuck_seconds", "For how long frames have waited and none was stored", ["lane"],
            registry=self.registry,
        )  # fmt: skip
        self.commands = Gauge(
            "aralyk_gateway_commands_waiting", "Commands known to wait for their devices", registry=self.registry
        )
        self.connections = Gauge("aralyk_gateway_connections", "Open connections", ["port"], registry=self.registry)

    def watch(self, lanes: Sequence[LaneQueue]) -> None:
        """Read the queues' lengths when asked."""
        for lane in lanes:
            self.queue.labels(lane.lane.value).set_function(lane.__len__)
            self.stuck_s.labels(lane.lane.value).set_function(partial(_stuck_s, lane))

    def committed(self, parcels: Sequence[Parcel], *, started_s: float, now_s: float) -> None:
        """Count one commit; times are monotonic seconds."""
        frames: dict[Lane, int] = {}
        oldest_s: dict[Lane, float] = {}
        for parcel in parcels:
            lane = parcel.lane
            frames[lane] = frames.get(lane, 0) + 1
            oldest_s.setdefault(lane, parcel.since_s)
            if parcel.refusal is not None:
                self.quarantined.labels(parcel.refusal.protocol, parcel.refusal.code).inc()
        for lane, count in frames.items():
            self.frames.labels(lane.value).inc(count)
            self.commit_s.labels(lane.value).observe(now_s - started_s)
            self.wait_s.labels(lane.value).observe(now_s - oldest_s[lane])

    def serve(self, port: int) -> None:
        """Answer on 127.0.0.1; 0: do not."""
        if port:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)


def _stuck_s(lane: LaneQueue) -> float:
    return lane.stuck_s(time.monotonic())
