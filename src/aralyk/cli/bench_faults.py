"""`aralyk bench path --protocol …`: many devices of real protocols, and what may happen to them and to the platform.

A platform of its own as in `bench_path`; the devices are a process of their own. While they speak, a fault strikes:
the database stands still, the disk is full, processes are killed. Afterwards the whole log is read: every record whose
receipt was confirmed must be there (lost), and of protocols without an answer those that are not are counted apart.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aralyk.cli.bench_home import Usage, free_port, scratch_environment, scratch_home, words_aside

if TYPE_CHECKING:
    from aralyk.cli.bench_devices import Campaign, Group

DECLARED_S: Final = 120
STRIKE_AFTER_S: Final = 5.0  # of load, before anything breaks
DISK_MIB: Final = 768  # of the small disk: a new cluster has 120 MiB, its log may keep 256 MiB
DISK_FULL_S: Final = 10.0
BETWEEN_KILLS_S: Final = 6.0
SETTLED_S: Final = 90.0  # for the monitor to have read everything
MIXED: Final = ("r16h", "teltonika", "osmand", "gt06", "watch", "h02")
FILES_WANTED: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for; see the options of the command."""

    protocol: str
    rate: float
    seconds: float
    connections: int
    backlog: int = 0
    malformed: float = 0.0
    burst: float = 1.0
    slow: int = 0
    half_open: int = 0
    storm: int = 0
    stop_database_s: float = 0.0
    disk_full: bool = False
    kill_loop: int = 0

    @property
    def protocols(self) -> tuple[str, ...]:
        """Which are spoken."""
        return MIXED if self.protocol == "mixed" else (self.protocol,)


def bench_faults(load: Load, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Measure one load with its faults; returns the result, which was also told.

    Raises:
        CommandRefused: The devices' process failed, or the machine does not allow what was asked for.
    """
    _allow_many_files()
    settings = _settings(load)
    with (
        scratch_home() as home,
        _small_disk(home, wanted=load.disk_full),
        scratch_environment(home, settings),
        words_aside(),
    ):
        result = _Run(home=home, load=load).measure()
    tell(result)
    return result


class _Run:
    """One platform under one load."""

    def __init__(self, *, home: Path, load: Load) -> None:
        self._home = home
        self._load = load
        self._struck: dict[str, Any] = {}

    def measure(self) -> dict[str, Any]:
        from aralyk.cli.bench_pairs import seed
        from aralyk.cli.bench_path import LiveStream
        from aralyk.cli.schema import bring_up_to_date
        from aralyk.cli.up import running_platform

        groups, devices = self._devices()

        def prepare() -> None:
            bring_up_to_date()
            carried = sum(group.devices for group in groups)
            seed(carried // 2, interval_s=DECLARED_S, devices=devices)

        with (
            running_platform(("watchdog", "jobs", "monitor", "gateway"), prepare) as (supervisor, _),
            _kept_running(supervisor.watch),
        ):
            for group in groups:
                group.port = _door(self._home, group.speaker)
            _settle(60.0)
            usage = Usage(self._home)
            with LiveStream() as live:
                heard = self._speak(groups)
                behind_s = _settle(SETTLED_S)
            used = usage.since(float(heard["seconds"]))
            return self._result(heard, live.arrivals_ns, used, behind_s)

    def _devices(self) -> tuple[list[Group], list[Any]]:
        from aralyk.cli.bench_devices import TROUBLED, Group
        from aralyk.cli.bench_pairs import Carried
        from aralyk.cli.bench_speakers import SPEAKERS

        load, groups, speakers, first = self._load, [], [], 0
        for name in load.protocols:
            speaker = SPEAKERS[name]
            share = load.rate / len(load.protocols)
            connections = max(1, load.connections // len(load.protocols))
            count = load.storm // len(load.protocols) if load.storm else connections
            if speaker.serves_many and not load.storm and not load.backlog:
                count = max(count, int(share * load.burst * speaker.step_us / 1e6 * 1.1))
            count += count % 2
            groups.append(
                Group(
                    speaker=name, port=0, first=first, devices=count, spare=0,
                    connections=count if load.storm or not speaker.serves_many else connections,
                )
            )  # fmt: skip
            speakers += [speaker] * count
            first += count
        for group in groups:
            group.spare = first
            speakers += [SPEAKERS[group.speaker]] * TROUBLED
            first += TROUBLED
        carried = [
            Carried(id=speaker.device_id(n), protocol=speaker.name, secret_hash=speaker.secret_hash(n))
            for n, speaker in enumerate(speakers)
        ]
        return groups, carried

    def _speak(self, groups: list[Group]) -> dict[str, Any]:
        import msgspec
        import numpy as np

        from aralyk.cli.bench_devices import Campaign
        from aralyk.cli.errors import CommandRefused

        load = self._load
        struck_s = load.stop_database_s + (DISK_FULL_S if load.disk_full else 0) + load.kill_loop * BETWEEN_KILLS_S
        out = self._home / "campaign.npz"
        campaign = Campaign(
            groups=groups, rate=load.rate, seconds=load.seconds + struck_s, backlog=load.backlog,
            malformed=load.malformed, burst=load.burst, sos_per_s=min(5.0, load.rate / 10), slow=load.slow,
            half_open=load.half_open, after_outage=bool(load.storm), patience_s=60.0, out=str(out),
        )  # fmt: skip
        with subprocess.Popen(
            [sys.executable, "-m", "aralyk.cli.bench_devices"], stdin=subprocess.PIPE, stdout=sys.stderr
        ) as devices:
            assert devices.stdin is not None
            devices.stdin.write(msgspec.json.encode(campaign))
            devices.stdin.close()
            self._strike(campaign, devices)
            devices.wait()
        if devices.returncode != 0:
            raise CommandRefused(f"the devices' process ended with code {devices.returncode} (see above)")
        with np.load(out) as stored:
            return {name: stored[name] for name in stored.files}

    def _strike(self, campaign: Campaign, devices: subprocess.Popen[bytes]) -> None:
        """Break what was asked for, while the devices speak."""
        load = self._load
        if load.storm:
            self._cut_off(Path(f"{campaign.out}.ready"), devices)
        if not (load.stop_database_s or load.disk_full or load.kill_loop):
            return
        time.sleep(STRIKE_AFTER_S)
        if load.stop_database_s:
            with _frozen(_database_processes(self._home)) as frozen:
                time.sleep(load.stop_database_s)
            self._struck["database_processes_frozen"] = frozen
        if load.disk_full:
            self._struck["disk_filled_mib"] = _fill_disk(self._home, for_s=DISK_FULL_S)
        for turn in range(load.kill_loop):
            name = ("gateway", "monitor")[turn % 2]
            os.kill(_pid_of(self._home, name), signal.SIGKILL)
            self._struck[f"{name}_killed"] = self._struck.get(f"{name}_killed", 0) + 1
            time.sleep(BETWEEN_KILLS_S)
            assert devices.poll() is None or campaign.backlog

    def _cut_off(self, ready: Path, devices: subprocess.Popen[bytes]) -> None:
        """Let all devices be connected and idle, then take the gateway away."""
        from aralyk.cli.bench_home import memory_mib

        while not ready.exists() and devices.poll() is None:
            time.sleep(0.05)
        gateway = _pid_of(self._home, "gateway")
        self._struck["gateway_idle_mib"] = memory_mib(gateway)
        os.kill(gateway, signal.SIGKILL)
        self._struck["gateway_killed"] = 1

    def _result(
        self, heard: dict[str, Any], arrivals_ns: dict[str, int], used: dict[str, Any], behind_s: float
    ) -> dict[str, Any]:
        import numpy as np

        from aralyk.cli.bench_found import found_in_log, live_ms
        from aralyk.cli.bench_path import quantiles, rows

        load = self._load
        found = found_in_log()
        acked = heard["acked_ns"] > 0
        answers = heard["answers"]
        ack_ms = (heard["acked_ns"] - heard["due_ns"])[acked] / 1e6
        first_sent = heard["sent_ns"][heard["sent_ns"] > 0]
        missing = found.missing(heard, np.ones(len(acked), bool))
        waits_ms = live_ms(heard, arrivals_ns, found)
        records = int(heard["records"].sum())
        spoken_s = (int(heard["sent_ns"].max()) - int(first_sent.min())) / 1e9 if len(first_sent) else 0.0
        return {
            "phase": "result",
            "protocol": load.protocol,
            "offered_per_s": round(records / max(spoken_s, 1e-9)) if not (load.backlog or load.storm) else None,
            "sustained_per_s": round(found.distinct / max(found.span_s, 1e-9)),
            "seconds": round(float(heard["seconds"]), 1),
            "connections": load.connections if not load.storm else load.storm,
            "connects": int(heard["connects"]),
            "frames": len(acked),
            "records": records,
            "acks": int(heard["records"][acked].sum()),
            "unanswered": int(heard["records"][answers & ~acked].sum()),
            "losses": found.missing(heard, acked & answers),
            "silent_missing": found.missing(heard, ~answers) if (~answers).any() else None,
            "missing": missing,
            "ack_ms": quantiles(ack_ms),
            "live_ms": quantiles(waits_ms["others"]),
            "panic_live_ms": quantiles(waits_ms["panic"]),
            "panics": len(waits_ms["panic"]),
            "panics_offered": int(heard["sos"].sum()),
            "monitor_behind_s": round(behind_s, 1),
            "generator_cpu": round(float(heard["cpu_s"]) / float(heard["seconds"]), 3),
            "platform": used,
            "fault": self._struck,
            "rows": rows(),
        }


def _settings(load: Load) -> dict[str, str]:
    http_port, r16h_port, *others = _distinct_ports(2 + len(load.protocols))
    named = [name for name in load.protocols if name not in {"r16h", "osmand"}]
    return {
        "ARALYK_GATEWAY_HTTP_PORT": str(http_port),
        "ARALYK_GATEWAY_R16H_PORT": str(r16h_port),
        "ARALYK_GATEWAY_PORTS": ",".join(f"{name}:{port}" for name, port in zip(named, others, strict=False)),
        "ARALYK_GATEWAY_DEVICE_FRAMES_PER_S": "1000000",  # what is measured is the platform, not its patience
    }


def _distinct_ports(count: int) -> list[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return sorted(found)


def _allow_many_files() -> None:
    """20,000 devices are 20,000 files on either side; the processes that are started inherit this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, FILES_WANTED) if os.geteuid() == 0 else hard
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))


@contextlib.contextmanager
def _kept_running(watch: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """The supervisor's own loop in a thread, so that what is killed comes back as in an installation."""
    ended = threading.Event()

    def tick() -> None:
        if ended.is_set():
            raise _Ended

    def run() -> None:
        with contextlib.suppress(_Ended):
            watch(tick)

    thread = threading.Thread(target=run, name="supervisor")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Ended(Exception):
    """The bench is over."""


def _door(home: Path, speaker: str) -> int:
    from aralyk.cli.bench_speakers import SPEAKERS

    beat = json.loads((home / "run" / "gateway.heartbeat").read_text(encoding="utf-8"))
    return int(beat["detail"]["ports"][SPEAKERS[speaker].door])


def _pid_of(home: Path, process: str) -> int:
    status = json.loads((home / "run" / "supervisor.json").read_text(encoding="utf-8"))
    return int(status["processes"][process]["pid"])


def _database_processes(home: Path) -> list[int]:
    from aralyk.cli.bench_home import descendants

    status = json.loads((home / "run" / "supervisor.json").read_text(encoding="utf-8"))
    return [int(status["database"]), *descendants(int(status["database"]))]


@contextlib.contextmanager
def _frozen(pids: Sequence[int]) -> Iterator[int]:
    """The server stands still, as on a disk that hangs: it neither answers nor closes a connection."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield len(pids)
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def _small_disk(home: Path, *, wanted: bool) -> Iterator[None]:
    """A file system of the home's own that can be filled without harm to the machine's.

    Raises:
        CommandRefused: This user may not mount one.
    """
    from aralyk.cli.errors import CommandRefused

    if not wanted:
        yield
        return
    options = f"size={DISK_MIB}m,mode=0755"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(home)], check=False)
    if made.returncode != 0:
        raise CommandRefused("--disk-full needs a small file system of its own, which only root may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def _fill_disk(home: Path, *, for_s: float) -> int:
    """Take every free byte for a while; returns how many MiB that were."""
    filler, taken = home / "filler", 0
    block = bytes(1024 * 1024)
    try:
        with filler.open("wb", buffering=0) as file:
            ends_s = time.monotonic() + for_s
            while time.monotonic() < ends_s:
                try:
                    taken += file.write(block)
                except OSError:
                    time.sleep(0.05)
    finally:
        filler.unlink()
    return taken // len(block)


def _settle(within_s: float) -> float:
    """Wait until the monitor has read the whole log, through any fault's end; returns how long that took."""
    import psycopg

    from aralyk.cli.bench_path import BEHIND
    from aralyk.cli.errors import CommandRefused
    from aralyk.database import Role, connect

    began_s = time.monotonic()
    while time.monotonic() - began_s < within_s:
        with contextlib.suppress(psycopg.Error), connect(Role.OWNER, autocommit=True) as connection:
            if connection.execute(BEHIND).fetchall()[0][0] == 0:
                return time.monotonic() - began_s
        time.sleep(0.1)
    raise CommandRefused(f"the monitor has not read everything after {within_s:g} s")
