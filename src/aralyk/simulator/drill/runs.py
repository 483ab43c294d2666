"""A run: two people, what an order forbids, what their devices say, and the truth; a batch of runs, ready to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.devices import Device, records
from aralyk.simulator.drill.errors import Errors
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.plane import Array

STARTS: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; second 0 of every run
TWIN: Final = "ring-at-once"
STARTS_US: Final = int(STARTS.timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pair for some time. `tags` are what figures are told apart by; `marks` are seconds the score needs."""

    name: str
    distance_m: float
    warning_m: float | None
    his: Device
    hers: Device | None  # none: she has no device (a full mode of an order)
    he: Track
    she: Track
    ends_s: float
    threat: str = "medium"
    twin: bool = False  # a second ring beside the first, for which driving through is no lesser thing
    tags: dict[str, str] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)

    def apart_m(self, at_s: Array) -> Array:
        """The true distance at these seconds."""
        x0, y0 = self.he.place(at_s)
        x1, y1 = self.she.place(at_s)
        return np.hypot(x0 - x1, y0 - y1)

    @property
    def interval_s(self) -> int:
        """The longer interval of the two: what the pair can be known by."""
        return max(self.his.interval_s, self.hers.interval_s if self.hers is not None else 0)

    def order(self) -> dict[str, Any]:
        """The order in the INTERFACES form."""
        hers = [] if self.hers is None else [_device(f"{self.name}-p", self.hers)]
        ring = {
            "id": "ring", "kind": "proximity", "protected": "p", "distance_m": self.distance_m,
            "warning_m": self.warning_m,
        }  # fmt: skip
        return {
            "order_id": self.name,
            "starts_at": _iso(0.0),
            "expires_at": _iso(self.ends_s + 86400.0),
            "timezone": "Asia/Bishkek",
            "threat_level": self.threat,
            "respondent": {"devices": [_device(f"{self.name}-r", self.his)]},
            "protected": [{"id": "p", "devices": hers}],
            "conditions": [ring, *([ring | {"id": TWIN, "drive_through": False}] if self.twin else [])],
        }  # fmt: skip


def said_by(runs: Sequence[Run], errors: Errors, rngs: Sequence[np.random.Generator]) -> npt.NDArray[Any]:
    """All records of a batch of runs, in the order of receipt."""
    parts = []
    for number, (run, rng) in enumerate(zip(runs, rngs, strict=True)):
        for party, device, track in ((0, run.his, run.he), (1, run.hers, run.she)):
            if device is None:
                continue
            said = records(device, track, rng, errors, from_s=0.0, to_s=run.ends_s)
            said["run"], said["party"] = number, party
            parts.append(said)
    together = np.concatenate(parts)
    together = together[together["received_s"] <= np.array([run.ends_s for run in runs])[together["run"]]]
    return np.asarray(together[np.argsort(together["received_s"], kind="stable")])


def device_id(run: Run, party: int) -> str:
    """The name of a device in the order of a run."""
    return f"{run.name}-{'rp'[party]}"


def _device(name: str, device: Device) -> dict[str, Any]:
    return {"id": name, "kind": device.kind, "interval_s": device.interval_s}


def _iso(second: float) -> str:
    return (STARTS + timedelta(seconds=round(second, 3))).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso(second: float) -> str:
    """A second of a run as ISO 8601."""
    return _iso(second)
