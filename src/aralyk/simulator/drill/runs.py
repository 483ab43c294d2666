"""A run: two people, what an order forbids, what their devices say, and the truth; a batch of runs, ready to judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.devices import Device, records
from aralyk.simulator.drill.errors import Errors
from aralyk.simulator.drill.expected import Expected
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.plane import Array

STARTS: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; second 0 of every run
STARTS_US: Final = int(STARTS.timestamp()) * 1_000_000


RESPONDENT: Final = "r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """One more device of a run and who carries it: `RESPONDENT`, "p" (she) or another protected person's id."""

    party: str
    device: Device
    track: Track


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
    tags: dict[str, str] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)
    from_s: float = 0.0  # nothing is said before
    expires_s: float | None = None  # of the order; none: a day after the end
    timezone: str = "Asia/Bishkek"
    conditions: tuple[Mapping[str, Any], ...] = ()  # beside the ring, in the INTERFACES form
    others: tuple[Other, ...] = ()
    without_device: tuple[str, ...] = ()  # more protected persons, who carry nothing
    expected: tuple[Expected, ...] = ()

    def carriers(self) -> Iterator[tuple[int, str, Device, Track]]:
        """Every device of the run: its carrier's number, party, itself and where it truly is."""
        yield 0, RESPONDENT, self.his, self.he
        if self.hers is not None:
            yield 1, "p", self.hers, self.she
        for number, other in enumerate(self.others, start=2):
            yield number, other.party, other.device, other.track

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
        devices: dict[str, list[dict[str, Any]]] = {RESPONDENT: [], "p": []}
        devices |= {name: [] for name in (*(o.party for o in self.others), *self.without_device) if name not in devices}
        for number, party, device, _ in self.carriers():
            devices[party].append(_device(device_id(self, number), device))
        expires_s = self.ends_s + 86400.0 if self.expires_s is None else self.expires_s
        return {
            "order_id": self.name,
            "starts_at": _iso(self.from_s),
            "expires_at": _iso(expires_s),
            "timezone": self.timezone,
            "threat_level": self.threat,
            "respondent": {"devices": devices.pop(RESPONDENT)},
            "protected": [{"id": name, "devices": found} for name, found in devices.items()],
            "conditions": [
                {
                    "id": "ring", "kind": "proximity", "protected": "p", "distance_m": self.distance_m,
                    "warning_m": self.warning_m,
                },
                *(dict(condition) for condition in self.conditions),
            ],
        }  # fmt: skip


def said_by(runs: Sequence[Run], errors: Errors, rngs: Sequence[np.random.Generator]) -> npt.NDArray[Any]:
    """All records of a batch of runs, in the order of receipt."""
    parts = []
    for number, (run, rng) in enumerate(zip(runs, rngs, strict=True)):
        for carrier, _, device, track in run.carriers():
            said = records(device, track, rng, errors, from_s=run.from_s, to_s=run.ends_s)
            said["run"], said["party"] = number, carrier
            parts.append(said)
    together = np.concatenate(parts)
    together = together[together["received_s"] <= np.array([run.ends_s for run in runs])[together["run"]]]
    return np.asarray(together[np.argsort(together["received_s"], kind="stable")])


def device_id(run: Run, carrier: int) -> str:
    """The name of a carrier's device in the order of a run."""
    return f"{run.name}-{'rp'[carrier] if carrier < 2 else carrier}"


def _device(name: str, device: Device) -> dict[str, Any]:
    return {"id": name, "kind": device.kind, "interval_s": device.interval_s}


def _iso(second: float) -> str:
    return (STARTS + timedelta(seconds=round(second, 3))).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso(second: float) -> str:
    """A second of a run as ISO 8601."""
    return _iso(second)
