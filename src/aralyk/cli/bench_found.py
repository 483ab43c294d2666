"""What of a bench's records is in the log, and which of them opened an incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_DEVICE: Final = 10**13  # a record is one number: its device, then its milliseconds since 2001
_EPOCH_US: Final = 978_307_200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInLog:
    """All records of the log.

    Attributes:
        keys: One number for each, sorted, each once.
        span_s: From the first receipt of a record to the last.
        opened: (order, receipt) of the records that opened an incident -> (device, its time, incident, kind).
    """

    keys: Any
    span_s: float
    opened: Mapping[str, tuple[int, int, str]]

    @property
    def distinct(self) -> int:
        """How many records are there, duplicates counted once."""
        return len(self.keys)

    def missing(self, heard: Mapping[str, Any], frames: Any) -> int:
        """How many records of these frames are not in the log."""
        import numpy as np

        counts = heard["records"][frames]
        if not len(counts):
            return 0
        device = np.repeat(heard["device"][frames], counts)
        nth = np.concatenate([np.arange(count) for count in counts])
        at_us = np.repeat(heard["first_us"][frames], counts) + nth * np.repeat(heard["step_us"][frames], counts)
        wanted = np.unique(key_of(device, at_us))
        return int((~np.isin(wanted, self.keys)).sum())


def key_of(device: Any, at_us: Any) -> Any:
    """One number for a record."""
    return device * _DEVICE + (at_us - _EPOCH_US) // 1_000


def found_in_log() -> FoundInLog:
    """Read every frame of the log once."""
    import numpy as np

    from aralyk.cli.bench_pairs import order_id
    from aralyk.cli.bench_speakers import index_of
    from aralyk.database import Role, connect
    from aralyk.tracking.arrivals import Frame, read_line, to_us

    with connect(Role.OWNER) as connection:
        raised = connection.execute(
            "SELECT i.order_id::text, e.data ->> 'decided_at', i.id::text, i.kind FROM incidents_incident i"
            " JOIN incidents_incidentevent e ON e.incident_id = i.id AND e.kind = 'raised'"
        ).fetchall()
        wanted = {(order, decided_at): (incident, kind) for order, decided_at, incident, kind in raised}
        keys: list[int] = []
        opened: dict[str, tuple[int, int, str]] = {}
        first_us, last_us = 2**62, 0
        with connection.cursor("log") as cursor:
            cursor.execute(
                "SELECT payload FROM log_batch WHERE stream NOT LIKE 'control/%' AND stream NOT LIKE 'quarantine/%'"
            )
            for (payload,) in cursor:
                for raw in bytes(payload).split(b"\n"):
                    line = read_line(raw)
                    assert isinstance(line, Frame)
                    assert line.device is not None
                    device, received_us = index_of(line.device), to_us(line.received_at)
                    times_us = [message.fixed_at_us for message in line.messages if message.fixed_at_us is not None]
                    if times_us:  # a login comes before the first record is due
                        first_us, last_us = min(first_us, received_us), max(last_us, received_us)
                    keys += [key_of(device, at_us) for at_us in times_us]
                    found = wanted.get((str(order_id(device // 2)), _iso(received_us)))
                    if found is not None and times_us:
                        opened[found[0]] = (device, times_us[0], found[1])
    return FoundInLog(
        keys=np.unique(np.array(keys, dtype=np.int64)), span_s=max(0, last_us - first_us) / 1e6, opened=opened
    )


def live_ms(heard: Mapping[str, Any], arrivals_ns: Mapping[str, int], found: FoundInLog) -> dict[str, Any]:
    """From a frame's due time to its incident on the live stream: panics, and the others."""
    import numpy as np

    due_ns = {
        (int(device), int(at_us)): int(due)
        for device, at_us, due in zip(heard["device"], heard["first_us"], heard["due_ns"], strict=True)
    }
    waits: dict[str, list[float]] = {"panic": [], "others": []}
    for incident, (device, at_us, kind) in found.opened.items():
        if incident in arrivals_ns and (device, at_us) in due_ns:
            waited_ms = (arrivals_ns[incident] - due_ns[device, at_us]) / 1e6
            waits["panic" if kind == "panic" else "others"].append(waited_ms)
    return {name: np.array(values) for name, values in waits.items()}


def _iso(at_us: int) -> str:
    from aralyk import clock

    return clock.iso(at_us)
