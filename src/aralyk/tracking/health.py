"""How devices keep, laid out by hours from the log: contacts, gaps, battery, clock, quality of places, coverage.

A projection of its own, read from the log behind the monitor: the hot path does nothing for it, and it may be emptied
and rebuilt at will. Gaps are between the receipts of frames, so a backlog that comes at once is one contact after a
long gap. A place counts for coverage only while an order permits to keep it, in a cell of about 500 m, without a time
finer than the month. What is taken of one hour is bounded: a device gone mad does not fill the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
import psycopg

from aralyk.tracking.keeping import lay_by
from aralyk.tracking.log import ENGINE_LANES, Lane, last_sequences, read_after

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

LANES: Final = frozenset(lane.value for lane in ENGINE_LANES) - {Lane.CONTROL.value}
GAPS_MAX: Final = 720  # of an hour: one each 5 s, the shortest interval that can be registered
BATTERY_EVERY_MIN: Final = 5  # one reading of the battery is kept of so many minutes
SAMPLES_MAX: Final = 60  # accuracies of an hour; clock errors likewise
GAP_S_MAX: Final = 32_767  # nine hours; a longer silence is one of nine hours here, and an incident elsewhere
LATE: Final = timedelta(seconds=120)
COARSE_M: Final = 150.0  # a declared radius that says nothing about a street
CELL_DEGREES: Final = 0.0045  # 500 m from north to south
CELL_X_DEGREES: Final = 0.006  # 490 m from east to west at 42.9 degrees north
MISSED_MAX: Final = 240  # reports that one silence counts as missing: an hour of a device of 15 s
BATCHES_AT_ONCE: Final = 2_000
LINES_AT_ONCE: Final = 50_000
HOURS_KEPT: Final = timedelta(days=15)
MONTHS_KEPT: Final = timedelta(days=62)
# How protocols call them; the device's own number, to be compared with itself alone.
SIGNALS: Final = ("gsm_signal", "signal", "rssi", "csq")
FIRMWARES: Final = ("firmware", "firmware_version", "version_fw", "versionFw")
_TEXT_MAX: Final = 64

_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class _Said(msgspec.Struct, frozen=True):
    """One message, as far as health needs it."""

    fixed_at: _Time | None = None
    sent_at: _Time | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None
    accuracy_m: float | None = None
    source: str = "unknown"
    battery_pct: float | None = None
    charging: bool | None = None
    strap: str | None = None
    alarms: tuple[str, ...] = ()
    extra: dict[str, Any] = {}


class _Frame(msgspec.Struct, frozen=True):
    received_at: _Time
    messages: list[_Said]
    device: str | None = None


_decoder: Final = msgspec.json.Decoder(_Frame)
_SIGN_OF_LIFE: Final = _Said()  # a frame without records


@dataclass(slots=True)
class Hour:
    """What one device did in one hour, as far as it was read in this round."""

    contacts: int = 0
    late: int = 0
    fixes: int = 0
    coarse: int = 0
    invalid: int = 0
    charging: int = 0
    gaps_s: list[int] = field(default_factory=list)
    battery: dict[int, int] = field(default_factory=dict)  # minute of the hour -> percent
    clock_error_s: list[float] = field(default_factory=list)
    accuracy_m: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Trait:
    """What is newest of a device."""

    heard_at: datetime
    strap: str | None = None
    firmware: str | None = None
    firmware_at: datetime | None = None
    signal: float | None = None
    signal_at: datetime | None = None
    cell: tuple[int, int] | None = None


@dataclass(slots=True)
class Cell:
    """What one device met in one cell in one month."""

    reports: int = 0
    missed: int = 0
    gnss: int = 0
    signals: int = 0
    signal: float = 0.0


@dataclass(slots=True)
class Round:
    """What one round read."""

    hours: dict[tuple[str, datetime], Hour] = field(default_factory=dict)
    straps: dict[tuple[str, datetime], str] = field(default_factory=dict)
    cells: dict[tuple[date, int, int, str], Cell] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    contacts: list[tuple[Any, ...]] = field(default_factory=list)  # of devices under a check
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Registered:
    """What the register says, as far as health needs it."""

    intervals_s: Mapping[str, int]
    tracked: frozenset[str]  # an order permits to keep their places now
    checked: frozenset[str]  # a check of them is running


class Projector:
    """Follows the log; one at a time. What it holds in memory is written in the same transaction as its position."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._traits: dict[str, Trait] = {}
        self._seqs: dict[str, int] = dict(connection.execute("SELECT stream, seq FROM health_reader").fetchall())
        rows = connection.execute(
            "SELECT device, heard_at, strap, firmware, firmware_at, signal, signal_at, cell_y, cell_x FROM device_trait"
        )
        for device, heard_at, strap, firmware, firmware_at, signal, signal_at, y, x in rows:
            cell = None if y is None else (y, x)
            self._traits[device] = Trait(heard_at, strap, firmware, firmware_at, signal, signal_at, cell)

    def follow(self, *, now: datetime) -> int:
        """Read what is new, up to a bound, and write it; returns how many lines were read."""
        found, seqs = Round(), {}
        with self._connection.cursor() as cursor:
            registered = _register(cursor, now)
            for stream in sorted(last_sequences(cursor)):
                if stream.split("/")[0] not in LANES:
                    continue
                seq = self._seqs.get(stream, 0)
                for batch in read_after(cursor, stream=stream, seq=seq, limit=BATCHES_AT_ONCE, lines_max=LINES_AT_ONCE):
                    for line in batch.lines():
                        self._hear(found, line, registered)
                    seqs[stream] = batch.seq
        if seqs:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                _write(cursor, found, {device: self._traits[device] for device in found.heard})
                cursor.executemany(
                    "INSERT INTO health_reader (stream, seq) VALUES (%s, %s)"
                    " ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq",
                    list(seqs.items()),
                )
            self._seqs |= seqs
        lay_by(self._connection, now=now)
        return found.lines

    def _hear(self, found: Round, line: bytes, registered: Registered) -> None:
        found.lines += 1
        try:
            frame = _decoder.decode(line)
        except msgspec.MsgspecError:
            return  # the monitor sets such a line aside, with its reason
        device = frame.device
        if device is None or device not in registered.intervals_s:
            return
        hour_at = frame.received_at.replace(minute=0, second=0, microsecond=0)
        hour = found.hours.setdefault((device, hour_at), Hour())
        trait = self._meet(found, device, hour, frame.received_at, registered)
        found.heard.add(device)
        checked, tracked = device in registered.checked, device in registered.tracked
        for said in frame.messages or (_SIGN_OF_LIFE,):
            _count(hour, said, frame.received_at)
            _note_traits(found, device, trait, said, frame.received_at)
            if checked:
                found.contacts.append(_contact(device, said, frame.received_at))
            if tracked:
                _cover(found, device, trait, said, frame.received_at)

    def _meet(self, found: Round, device: str, hour: Hour, at: datetime, registered: Registered) -> Trait:
        """Count a contact and the gap before it; reports that did not come are missing where it was last."""
        hour.contacts += 1
        trait = self._traits.get(device)
        if trait is None:
            trait = self._traits[device] = Trait(heard_at=at)
            return trait
        gap_s = (at - trait.heard_at).total_seconds()
        trait.heard_at = max(trait.heard_at, at)
        if gap_s < 1:
            return trait
        if len(hour.gaps_s) < GAPS_MAX:
            hour.gaps_s.append(min(round(gap_s), GAP_S_MAX))
        missed = min(max(round(gap_s / registered.intervals_s[device]) - 1, 0), MISSED_MAX)
        if missed and trait.cell is not None and device in registered.tracked:
            _cell(found, device, trait.cell, at).missed += missed
        return trait


def forget(connection: Connection, *, now: datetime) -> None:
    """Remove hours and months beyond their time."""
    connection.execute("DELETE FROM device_hour WHERE hour < %s", (now - HOURS_KEPT,))
    connection.execute("DELETE FROM checkup_contact WHERE received_at < %s", (now - HOURS_KEPT,))
    connection.execute("DELETE FROM coverage_cell WHERE month < %s", ((now - MONTHS_KEPT).date(),))


def cell_of(lat: float, lon: float) -> tuple[int, int]:
    """The cell of a place: row from the equator, column from Greenwich."""
    return int(lat // CELL_DEGREES), int(lon // CELL_X_DEGREES)


def centre_of(cell_y: int, cell_x: int) -> tuple[float, float]:
    """Latitude and longitude of a cell's middle."""
    return (cell_y + 0.5) * CELL_DEGREES, (cell_x + 0.5) * CELL_X_DEGREES


def _register(cursor: Cursor, now: datetime) -> Registered:
    cursor.execute("SELECT id, interval_s FROM devices_device")
    intervals_s: dict[str, int] = dict(cursor.fetchall())
    cursor.execute(
        "SELECT DISTINCT a.device_id FROM devices_assignment a JOIN orders_order o ON o.id = a.order_id"
        " WHERE a.until IS NULL AND o.starts_at <= %s AND least(o.expires_at, o.ended_at) > %s",
        (now, now),
    )
    tracked = frozenset(device for (device,) in cursor.fetchall())
    cursor.execute("SELECT DISTINCT device_id FROM devices_checkup WHERE finished_at IS NULL")
    return Registered(intervals_s, tracked, frozenset(device for (device,) in cursor.fetchall()))


def _contact(device: str, said: _Said, at: datetime) -> tuple[Any, ...]:
    """One word of a device under a check: whether there was a place and how good, never where."""
    return device, at, said.lat is not None, said.valid, said.accuracy_m, said.battery_pct, "sos" in said.alarms


def _count(hour: Hour, said: _Said, at: datetime) -> None:
    own_at = said.sent_at or said.fixed_at
    late = said.fixed_at is not None and at - said.fixed_at > LATE
    hour.late += late
    if own_at is not None and not late and len(hour.clock_error_s) < SAMPLES_MAX:
        hour.clock_error_s.append((at - own_at).total_seconds())
    if said.lat is not None:
        hour.fixes += 1
        hour.invalid += said.valid is False
        hour.coarse += said.source == "network" or (said.accuracy_m is not None and said.accuracy_m > COARSE_M)
        if said.accuracy_m is not None and said.valid is not False and len(hour.accuracy_m) < SAMPLES_MAX:
            hour.accuracy_m.append(said.accuracy_m)
    if said.battery_pct is not None and not late and 0 <= said.battery_pct <= 100:
        hour.battery[at.minute // BATTERY_EVERY_MIN * BATTERY_EVERY_MIN] = round(said.battery_pct)
    hour.charging += said.charging is True


def _note_traits(found: Round, device: str, trait: Trait, said: _Said, at: datetime) -> None:
    if said.strap is not None and said.strap != trait.strap:
        trait.strap = said.strap
        found.straps[device, min(said.fixed_at or at, at)] = said.strap
    signal, firmware = _number(said.extra, SIGNALS), _text(said.extra, FIRMWARES)
    if signal is not None:
        trait.signal, trait.signal_at = signal, at
    if firmware is not None:
        trait.firmware, trait.firmware_at = firmware, at


def _cover(found: Round, device: str, trait: Trait, said: _Said, at: datetime) -> None:
    if said.lat is None or said.lon is None or said.valid is False or not (-90 <= said.lat <= 90):
        return
    if said.accuracy_m is not None and said.accuracy_m > 2 * COARSE_M:
        return  # it could be in any of several cells
    trait.cell = cell_of(said.lat, said.lon)
    cell = _cell(found, device, trait.cell, at)
    cell.reports += 1
    cell.gnss += said.source == "gnss"
    signal = _number(said.extra, SIGNALS)
    if signal is not None:
        cell.signals += 1
        cell.signal += signal


def _cell(found: Round, device: str, cell: tuple[int, int], at: datetime) -> Cell:
    return found.cells.setdefault((at.date().replace(day=1), *cell, device), Cell())


def _number(extra: Mapping[str, Any], names: Iterable[str]) -> float | None:
    for name in names:
        value = extra.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10_000:
            return float(value)
    return None


def _text(extra: Mapping[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = extra.get(name)
        if isinstance(value, str | int | float) and "\0" not in str(value):
            return str(value)[:_TEXT_MAX]
    return None


_UPSERT_HOUR: Final = f"""
    INSERT INTO device_hour AS h (device, hour, contacts, late, fixes, coarse, invalid, charging, gaps_s,
                                  battery_minutes, battery_pct, clock_error_s, accuracy_m)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::smallint[], %s::smallint[], %s::smallint[], %s::real[], %s::real[])
    ON CONFLICT (device, hour) DO UPDATE SET
        contacts = h.contacts + excluded.contacts, late = h.late + excluded.late, fixes = h.fixes + excluded.fixes,
        coarse = h.coarse + excluded.coarse, invalid = h.invalid + excluded.invalid,
        charging = h.charging + excluded.charging,
        gaps_s = (h.gaps_s || excluded.gaps_s)[1:{GAPS_MAX}],
        battery_minutes = (h.battery_minutes || excluded.battery_minutes)[1:{SAMPLES_MAX}],
        battery_pct = (h.battery_pct || excluded.battery_pct)[1:{SAMPLES_MAX}],
        clock_error_s = (h.clock_error_s || excluded.clock_error_s)[1:{SAMPLES_MAX}],
        accuracy_m = (h.accuracy_m || excluded.accuracy_m)[1:{SAMPLES_MAX}]
"""
_UPSERT_TRAIT: Final = """
    INSERT INTO device_trait (device, heard_at, strap, firmware, firmware_at, signal, signal_at, cell_y, cell_x)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (device) DO UPDATE SET
        heard_at = excluded.heard_at, strap = excluded.strap, firmware = excluded.firmware,
        firmware_at = excluded.firmware_at, signal = excluded.signal, signal_at = excluded.signal_at,
        cell_y = excluded.cell_y, cell_x = excluded.cell_x
"""
_UPSERT_CELL: Final = """
    INSERT INTO coverage_cell AS c (month, cell_y, cell_x, device, reports, missed, gnss, signals, signal)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (month, cell_y, cell_x, device) DO UPDATE SET
        reports = c.reports + excluded.reports, missed = c.missed + excluded.missed, gnss = c.gnss + excluded.gnss,
        signals = c.signals + excluded.signals, signal = c.signal + excluded.signal
"""


def _write(cursor: Cursor, found: Round, traits: Mapping[str, Trait]) -> None:
    cursor.executemany(
        _UPSERT_HOUR,
        [
            (
                device, at, hour.contacts, hour.late, hour.fixes, hour.coarse, hour.invalid, hour.charging,
                hour.gaps_s, list(hour.battery), list(hour.battery.values()), hour.clock_error_s, hour.accuracy_m,
            )
            for (device, at), hour in sorted(found.hours.items())
        ],
    )  # fmt: skip
    cursor.executemany(
        _UPSERT_TRAIT,
        [
            (device, t.heard_at, t.strap, t.firmware, t.firmware_at, t.signal, t.signal_at, *(t.cell or (None, None)))
            for device, t in sorted(traits.items())
        ],
    )
    cursor.executemany(
        "INSERT INTO device_strap (device, since, strap) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [(device, since, strap) for (device, since), strap in sorted(found.straps.items())],
    )
    cursor.executemany("INSERT INTO checkup_contact VALUES (%s, %s, %s, %s, %s, %s, %s)", found.contacts)
    cursor.executemany(
        _UPSERT_CELL,
        [
            (*key, cell.reports, cell.missed, cell.gnss, cell.signals, cell.signal)
            for key, cell in sorted(found.cells.items())
        ],
    )
