"""`aralyk bench path`: from a phone's socket to the disk, back as "received", and on to the live stream.

A platform of its own in a scratch home (embedded database with durable commits, gateway, monitor, sequencer), phones in
a process of their own on loopback. First the asked rate for a while, with approaches that open incidents; then a ramp
until the platform no longer keeps up. Delays are counted from the moment a record was due (nothing is hidden by a slow
sender). Every record that was answered "received" is looked up in the log: the others are losses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from aralyk.cli.bench_home import Usage, free_port, port_of, scratch_environment, scratch_home, words_aside
from aralyk.cli.bench_pairs import APPROACH_M

SAMPLING_S: Final = 15.0  # how often a phone reports, in a run long enough for RECORDS_EACH; gives their number
RECORDS_EACH: Final = len(APPROACH_M)  # so that every approach of the script is complete
DECLARED_S: Final = 120  # the interval in the orders: long enough that no pause of the bench itself counts as silence
CONNECTIONS: Final = 256
CONNECT_S: Final = 30.0
RAMP_STEP_S: Final = 8.0
RAMP_FACTOR: Final = 1.25
KEEPS_UP_ACK_MS: Final = 1000.0  # p99 beyond this is not "sustained"
KEEPS_UP_DRAIN_S: Final = 2.0  # nor a monitor that is further behind when the last record was answered
PROCESSES: Final = ("watchdog", "jobs", "monitor", "gateway")
_QUANTILES: Final = (("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One campaign's figures, as the phones wrote them (NumPy arrays by name)."""

    arrays: Mapping[str, Any]
    rate: float

    @property
    def received(self) -> Any:
        """Which records were answered "received"."""
        return self.arrays["status"] == 200

    def ack_ms(self) -> Any:
        """From due to "received", of those that were."""
        return (self.arrays["acked_ns"] - self.arrays["due_ns"])[self.received] / 1e6

    def late_ms(self) -> Any:
        """How far the sender itself was behind."""
        return (self.arrays["sent_ns"] - self.arrays["due_ns"]) / 1e6

    @property
    def seconds(self) -> float:
        """From the first record due to the last answer."""
        last_ns = int(max(self.arrays["acked_ns"].max(), self.arrays["due_ns"].max()))
        return (last_ns - int(self.arrays["due_ns"][0])) / 1e9


def bench_path(
    rate: Annotated[int, typer.Option(min=10, max=200_000, help="Records (with --protocol: frames) a second.")] = 600,
    seconds: Annotated[int, typer.Option(min=5, max=3600, help="For how long.")] = 75,
    ramp: Annotated[bool, typer.Option(help="Then look for the highest sustained rate (phones alone).")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, the last is the result.")] = False,
    protocol: Annotated[str, typer.Option(help="Of kept connections, with faults: one's name, or mixed.")] = "",
    connections: Annotated[int, typer.Option(min=1, max=50_000, help="Kept open.")] = 400,
    backlog: Annotated[int, typer.Option(min=0, max=100_000, help="Records that each device has stored.")] = 0,
    malformed: Annotated[float, typer.Option(min=0, max=0.9, help="Share of frames that nobody can read.")] = 0.0,
    burst: Annotated[float, typer.Option(min=1, max=100, help="The middle third is so many times as fast.")] = 1.0,
    slow: Annotated[int, typer.Option(min=0, max=10_000, help="Clients that say a byte a second.")] = 0,
    half_open: Annotated[int, typer.Option(min=0, max=10_000, help="Clients that stop within a frame.")] = 0,
    storm: Annotated[int, typer.Option(min=0, max=50_000, help="So many devices reconnect at the same moment.")] = 0,
    stop_database: Annotated[float, typer.Option(min=0, max=600, help="The database stands still, seconds.")] = 0.0,
    disk_full: Annotated[bool, typer.Option(help="The disk is full for 10 s (root: a small disk is mounted).")] = False,
    kill_loop: Annotated[int, typer.Option(min=0, max=1_000, help="kill -9 of gateway and monitor in turn.")] = 0,
) -> int:
    """Measure loopback devices → durable → incident on the live stream, on a platform made for the purpose.

    With `--protocol`, or any fault: kept-alive connections of that protocol, and what was asked to break.
    """
    from aralyk.cli.bench_faults import MIXED, Load, bench_faults
    from aralyk.cli.errors import CommandRefused

    tell = _teller(as_json)
    if protocol or backlog or malformed or slow or half_open or storm or stop_database or disk_full or kill_loop:
        if protocol not in {"", "mixed", *MIXED}:
            raise CommandRefused(f"--protocol: expected {', '.join(sorted(MIXED))} or mixed, found {protocol!r}")
        load = Load(
            protocol=protocol or "r16h", rate=rate, seconds=seconds, connections=connections, backlog=backlog,
            malformed=malformed, burst=burst, slow=slow, half_open=half_open, storm=storm,
            stop_database_s=stop_database, disk_full=disk_full, kill_loop=kill_loop,
        )  # fmt: skip
        return 0 if bench_faults(load, tell)["losses"] == 0 else 1
    with scratch_home() as home, scratch_environment(home, _gateway_ports()), words_aside():
        result = _Bench(home=home, rate=rate, seconds=seconds, ramp=ramp, tell=tell).run()
    return 0 if result["losses"] == 0 else 1


class _Bench:
    """One run of the bench."""

    def __init__(self, *, home: Path, rate: int, seconds: int, ramp: bool, tell: Callable[[dict[str, Any]], None]):
        self._home = home
        self._rate = rate
        self._seconds = seconds
        self._ramp = ramp
        self._tell = tell
        self._sampling_s = min(SAMPLING_S, seconds / RECORDS_EACH)
        self._pairs = max(1, round(rate * self._sampling_s / 2))
        self._campaigns: list[Heard] = []
        self._sent_by_each = 0
        self._stopping: Callable[[], bool] = lambda: False

    def run(self) -> dict[str, Any]:
        """Measure; returns the result, which was also told."""
        from aralyk.cli.bench_pairs import seed
        from aralyk.cli.schema import bring_up_to_date
        from aralyk.cli.up import running_platform

        def prepare() -> None:
            bring_up_to_date()
            seed(self._pairs, interval_s=DECLARED_S)

        with running_platform(PROCESSES, prepare) as (supervisor, _):
            self._stopping = lambda: supervisor.stopping
            self._port = port_of(self._home, "gateway", "http_port")
            self._await_monitor(60.0)
            usage = Usage(self._home)
            with LiveStream() as live:
                steady = self._send(float(self._rate), records=self._rate * self._seconds, approaching=True)
                self._await_monitor(30.0)
            used = usage.since(steady.seconds)
            result = self._steady_result(steady, live.arrivals_ns, used)
            self._tell({"phase": "steady", **result})
            sustained = self._climb() if self._ramp else None
            final = {
                "phase": "result",
                **result,
                "sustained_per_s": sustained,
                "acks": sum(int(heard.received.sum()) for heard in self._campaigns),
                "losses": _losses(self._campaigns),
                "rows": rows(),
            }
            self._tell(final)
            return final

    def _send(self, rate: float, *, records: int, approaching: bool) -> Heard:
        import msgspec
        import numpy as np

        from aralyk.cli.bench_phones import Campaign
        from aralyk.cli.errors import CommandRefused

        out = self._home / f"campaign-{len(self._campaigns)}.npz"
        campaign = Campaign(
            port=self._port,
            devices=2 * self._pairs,
            connections=CONNECTIONS,
            rate=rate,
            records=records,
            first_record=self._sent_by_each,
            approaching=approaching or bool(self._campaigns),
            out=str(out),
        )
        command = [sys.executable, "-m", "aralyk.cli.bench_phones"]
        phones = subprocess.run(command, input=msgspec.json.encode(campaign), check=False)
        if phones.returncode != 0:
            raise CommandRefused(f"the phones' process ended with code {phones.returncode} (see above)")
        with np.load(out) as stored:
            heard = Heard(arrays={name: stored[name] for name in stored.files}, rate=rate)
        out.unlink()
        self._campaigns.append(heard)
        self._sent_by_each += -(-records // (2 * self._pairs))
        return heard

    def _steady_result(self, heard: Heard, arrivals_ns: Mapping[str, int], used: dict[str, Any]) -> dict[str, Any]:
        waits_ms, others = _live_ms(heard, arrivals_ns)
        return {
            "offered_per_s": self._rate,
            "seconds": self._seconds,
            "phones": 2 * self._pairs,
            "sampling_s": round(self._sampling_s, 1),
            "connections": CONNECTIONS,
            "records": len(heard.received),
            "acks": int(heard.received.sum()),
            "ack_ms": quantiles(heard.ack_ms()),
            "incidents": len(waits_ms),
            "incidents_by_time": others,
            "live_ms": quantiles(waits_ms),
            "generator_late_ms": quantiles(heard.late_ms()),
            "generator_cpu": round(float(heard.arrays["cpu_s"]) / heard.seconds, 3),
            "platform": used,
        }

    def _climb(self) -> int:
        """Raise the rate until the platform no longer keeps up; returns the highest rate that it kept up with."""
        sustained, rate = 0, self._rate * 1.5
        while True:
            usage = Usage(self._home)
            heard = self._send(rate, records=int(rate * RAMP_STEP_S), approaching=True)
            began_s = time.monotonic()
            self._await_monitor(120.0)
            behind_s = time.monotonic() - began_s
            ack_ms, late_ms = quantiles(heard.ack_ms()), quantiles(heard.late_ms())
            keeps_up = (
                bool(heard.received.all()) and (ack_ms["p99"] or 0) <= KEEPS_UP_ACK_MS and behind_s <= KEEPS_UP_DRAIN_S
            )
            self._tell(
                {
                    "phase": "ramp",
                    "offered_per_s": round(rate),
                    "sustained": keeps_up,
                    "records": len(heard.received),
                    "acks": int(heard.received.sum()),
                    "ack_ms": ack_ms,
                    "monitor_behind_s": round(behind_s, 2),
                    "generator_late_ms": late_ms,
                    "generator_cpu": round(float(heard.arrays["cpu_s"]) / heard.seconds, 3),
                    "platform": usage.since(heard.seconds),
                }
            )
            if not keeps_up:
                return sustained
            sustained, rate = round(rate), rate * RAMP_FACTOR

    def _await_monitor(self, within_s: float) -> None:
        """Wait until the monitor has stepped over everything that is in the log.

        Raises:
            CommandRefused: It did not within the time.
        """
        from aralyk.cli.errors import CommandRefused
        from aralyk.database import Role, connect

        deadline_s = time.monotonic() + within_s
        with connect(Role.OWNER, autocommit=True) as connection:
            while True:
                (behind,) = connection.execute(BEHIND).fetchall()[0]
                if behind == 0:
                    return
                if self._stopping():
                    raise CommandRefused("stopped by a signal")
                if time.monotonic() > deadline_s:
                    raise CommandRefused(f"the monitor is {behind} batches behind after {within_s:g} s")
                time.sleep(0.05)


BEHIND: Final = """
    SELECT coalesce(sum(s.last_seq - coalesce((l.up_to ->> s.stream)::bigint, 0)), 0)
    FROM log_stream s LEFT JOIN (SELECT up_to FROM step ORDER BY step DESC LIMIT 1) l ON true
    WHERE s.stream NOT LIKE 'quarantine/%'
"""


class LiveStream:
    """Listens as a screen's process does: one connection, the ids of the events that came together, then their rows."""

    def __init__(self) -> None:
        self.arrivals_ns: dict[str, int] = {}
        self._ended = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="live")

    def __enter__(self) -> LiveStream:
        from aralyk.cli.errors import CommandRefused

        self._thread.start()
        if not self._listening.wait(CONNECT_S):
            raise CommandRefused(f"the live stream did not answer within {CONNECT_S:g} s")
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _listen(self) -> None:
        from aralyk.database import Role, connect

        with connect(Role.CONSOLE, autocommit=True) as connection:
            connection.execute("LISTEN live")
            self._listening.set()
            while not self._ended.is_set():
                # A list: while it iterates, psycopg holds the connection's lock.
                ids = [int(notice.payload) for notice in connection.notifies(timeout=0.5, stop_after=1)]
                if not ids:
                    continue
                rows = connection.execute(
                    "SELECT subject FROM live_event WHERE id = ANY(%s) AND kind = 'incident' ORDER BY id", (ids,)
                ).fetchall()
                for (incident,) in rows:
                    self.arrivals_ns.setdefault(incident, time.monotonic_ns())


def _live_ms(heard: Heard, arrivals_ns: Mapping[str, int]) -> tuple[Any, int]:
    """From a record's due time to the arrival of the incident that it opened; and how many no record opened.

    The record is found by its reception: an incident is decided at the moment its last observation was received.
    """
    import numpy as np

    from aralyk.cli.bench_pairs import device_id, order_id
    from aralyk.database import Role, connect

    due_ns = {
        (int(device), int(fixed_at_us)): int(due)
        for device, fixed_at_us, due in zip(
            heard.arrays["device"], heard.arrays["fixed_at_us"], heard.arrays["due_ns"], strict=True
        )
    }
    received: dict[tuple[str, str], int] = {}
    for device, fixed_at_us, received_at in _stored_records():
        if (device, fixed_at_us) in due_ns:
            received[str(order_id(device // 2)), received_at] = due_ns[device, fixed_at_us]
    assert device_id(0) == "bench-0"
    with connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT i.id::text, i.order_id::text, e.data ->> 'decided_at' FROM incidents_incident i"
            " JOIN incidents_incidentevent e ON e.incident_id = i.id AND e.kind = 'raised'"
        ).fetchall()
    waits = [
        (arrivals_ns[incident] - received[order, decided_at]) / 1e6
        for incident, order, decided_at in rows
        if incident in arrivals_ns and (order, decided_at) in received
    ]
    return np.array(waits), len(rows) - len(waits)


def _losses(campaigns: list[Heard]) -> int:
    """Records that were answered "received" and are not in the log."""
    stored = {(device, fixed_at_us) for device, fixed_at_us, _ in _stored_records()}
    lost = 0
    for heard in campaigns:
        pairs = zip(heard.arrays["device"][heard.received], heard.arrays["fixed_at_us"][heard.received], strict=True)
        lost += sum((int(device), int(fixed_at_us)) not in stored for device, fixed_at_us in pairs)
    return lost


def _stored_records() -> Iterator[tuple[int, int, str]]:
    """(phone, time of fix in microseconds, reception) of every frame in the log."""
    from aralyk import clock
    from aralyk.database import Role, connect
    from aralyk.tracking.log import FrameLine, decode_line

    with connect(Role.OWNER) as connection, connection.cursor("stored") as cursor:
        cursor.execute("SELECT payload FROM log_batch WHERE stream LIKE 'position/%'")
        for (payload,) in cursor:
            for raw in bytes(payload).split(b"\n"):
                line = decode_line(raw)
                assert isinstance(line, FrameLine)
                assert line.device is not None
                fixed_at_us = clock.to_us(clock.parse_iso(line.messages[0]["fixed_at"]))
                yield int(line.device.removeprefix("bench-")), fixed_at_us, line.received_at


def rows() -> dict[str, int]:
    from aralyk.database import Role, connect

    with connect(Role.OWNER) as connection:
        counts = {}
        for table in ("log_batch", "evidence_entry", "step", "fix", "incidents_incident", "live_event", "quarantine"):
            counts[table] = int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
    return counts


def quantiles(values_ms: Any) -> dict[str, float | None]:
    import numpy as np

    if not len(values_ms):
        return dict.fromkeys((*(name for name, _ in _QUANTILES), "max"))
    spread: dict[str, float | None] = {name: round(float(np.quantile(values_ms, q)), 1) for name, q in _QUANTILES}
    return spread | {"max": round(float(np.max(values_ms)), 1)}


def _gateway_ports() -> dict[str, str]:
    names = ("ARALYK_GATEWAY_HTTP_PORT", "ARALYK_GATEWAY_R16H_PORT")
    return {name: str(free_port()) for name in names}


def _teller(as_json: bool) -> Callable[[dict[str, Any]], None]:
    out = sys.stdout

    def tell(figures: dict[str, Any]) -> None:
        print(json.dumps(figures) if as_json else _table(figures), file=out, flush=True)

    return tell


def _table(figures: dict[str, Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, dict):
            return "  ".join(f"{name} {shown(inner)}" for name, inner in value.items())
        return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

    width = max(map(len, figures))
    return "\n".join(f"  {name.ljust(width)}  {shown(value)}" for name, value in figures.items()) + "\n"
