"""The log that everything else is derived from: batches of lines in gapless streams.

A stream is lane x writer ("panic/g1"). One row is one group commit of one stream; its number is allotted last, by
UPDATE … RETURNING: the row lock makes numbers follow the order of commits, so a reader takes last + 1 and a missing
number is an alarm, never a maybe. A line is hashed as it is stored; the batch's Merkle root goes into the evidence
log in the same transaction, so that one frame can be proven years later without showing its neighbours.

Works on a psycopg cursor (gateway, monitor) and on Django's (an order that becomes a control record).
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, Protocol

import msgspec

from aralyk import clock
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.ledger import merkle

SALT_BYTES: Final = 16  # a withheld line must not be guessable from its hash, though a place has few digits
SALTS_AT_ONCE: Final = 256  # asked of the operating system in one call


class Cursor(Protocol):
    """What psycopg's and Django's cursors have in common."""

    def execute(self, query: Any, params: Any = None, /) -> object: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Lane(StrEnum):
    """Separate queues, so that a panic never waits behind positions; also the order in which the monitor reads."""

    CONTROL = "control"
    PANIC = "panic"
    TAMPER = "tamper"
    POSITION = "position"
    STATUS = "status"
    QUARANTINE = "quarantine"  # bytes that no codec could read; never fed to the engine


ENGINE_LANES: Final = (Lane.CONTROL, Lane.PANIC, Lane.TAMPER, Lane.POSITION, Lane.STATUS)
TAMPER_ALARMS: Final = frozenset({"strap_open", "tamper", "jamming", "power_cut"})


class FrameLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One frame from a device with what its codec read in it."""

    context: dict[str, str] = {}
    device: str | None = None
    frame: str
    heard_at: str | None = None
    kind: Literal["frame"] = "frame"
    lane: Lane
    messages: list[dict[str, Any]]
    model: str | None = None
    peer: str | None = None
    protocol: str
    received_at: str
    salt: str
    suspect: list[str] = []
    trust: str | None = None


class ControlLine(msgspec.Struct, frozen=True, kw_only=True):
    """One act of people that the engine must know: an order, its end, a tamper looked at and cleared."""

    control: dict[str, Any]
    kind: Literal["control"] = "control"
    received_at: str
    salt: str


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One stored row."""

    stream: str
    seq: int
    received_at: datetime
    messages: int
    payload: bytes

    def lines(self) -> list[bytes]:
        """The exact bytes of each line."""
        return self.payload.split(b"\n")


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A frame line as it is written: fields in the order of the alphabet, because so they are written."""

    context: Mapping[str, str] = {}
    device: str | None = None
    frame: str
    heard_at: str | None = None
    kind: str
    lane: str
    messages: Sequence[object]
    model: str | None = None
    peer: str | None = None
    protocol: str
    received_at: str
    salt: str
    suspect: list[str] = []
    trust: str | None = None


_encoder = msgspec.json.Encoder(order="sorted")
_line_encoder = msgspec.json.Encoder(order="deterministic")  # sorts what is in dicts; structs are written as they stand
_kind_decoder = msgspec.json.Decoder(dict[str, Any])
_frame_decoder = msgspec.json.Decoder(FrameLine)
_control_decoder = msgspec.json.Decoder(ControlLine)


_salts: list[str] = []
os.register_at_fork(after_in_child=_salts.clear)  # no two processes may write the same


def new_salt() -> str:
    """32 hex digits of the operating system's randomness; each is given once, to any thread."""
    try:
        return _salts.pop()
    except IndexError:
        digits, width = os.urandom(SALT_BYTES * SALTS_AT_ONCE).hex(), 2 * SALT_BYTES
        fresh = [digits[at : at + width] for at in range(0, len(digits), width)]
        _salts.extend(fresh[1:])
        return fresh[0]


def frame_line(
    *,
    raw: bytes,
    lane: Lane,
    messages: Sequence[object],
    protocol: str,
    received_at_us: int,
    device: str | None,
    peer: str | None = None,
    context: Mapping[str, str] | None = None,
    model: str | None = None,
    trust: str | None = None,
    suspect: Sequence[str] | None = None,
    heard_at_us: int | None = None,
) -> bytes:
    """Encode one frame as the line that is stored and hashed; what is None or empty is left out.

    Args:
        raw: The frame.
        lane: Where it goes.
        messages: What the codec read: dicts, or `Told`s of the protocols; both give the same bytes.
        protocol: Which codec.
        received_at_us: Domain time.
        device: The registered device whose sender was believed.
        peer: The sender's address by its name.
        context: What earlier frames of the connection had said about this one.
        model: The registered model that it was read with.
        trust: On what the sender was believed.
        suspect: What is odd about it.
        heard_at_us: When the gateway had a frame that a person released from quarantine.
    """
    return _line_encoder.encode(
        _Line(
            context=context or {},
            device=device,
            frame=b2a_base64(raw, newline=False).decode("ascii"),
            heard_at=None if heard_at_us is None else clock.iso(heard_at_us),
            kind="frame",
            lane=lane._value_,  # `.value` looks for it through two calls
            messages=messages,
            model=model or None,
            peer=peer,
            protocol=protocol,
            received_at=clock.iso(received_at_us),
            salt=new_salt(),
            suspect=list(suspect) if suspect else [],
            trust=trust,
        )
    )


def control_line(control: dict[str, Any], *, received_at_us: int) -> bytes:
    """Encode one act of people as the line that is stored and hashed."""
    return _encoder.encode(
        {"control": control, "kind": "control", "received_at": clock.iso(received_at_us), "salt": new_salt()}
    )


def decode_line(line: bytes) -> FrameLine | ControlLine:
    """Read a stored line.

    Raises:
        msgspec.ValidationError: Not a line of this log; the message names the field.
    """
    if b'"kind":"frame"' in line:
        try:
            return _frame_decoder.decode(line)
        except msgspec.ValidationError:
            if _kind_decoder.decode(line).get("kind") == "frame":
                raise
    return _control_decoder.decode(line)


def lane_of(messages: Sequence[dict[str, Any]]) -> Lane:
    """The lane of a frame: its most urgent message decides."""
    lane = Lane.STATUS
    for message in messages:
        alarms = message.get("alarms", ())
        if "sos" in alarms:
            return Lane.PANIC
        if message.get("strap") == "open" or not TAMPER_ALARMS.isdisjoint(alarms):
            lane = Lane.TAMPER
        elif lane is Lane.STATUS and message.get("lat") is not None:
            lane = Lane.POSITION
    return lane


def append(
    cursor: Cursor, *, stream: str, lines: Sequence[bytes], received_at: datetime, by: str, shard: int = 0
) -> int:
    """Add one batch to a stream, with its witness. Call it last in the transaction, streams in sorted order.

    Args:
        cursor: Inside an open transaction; nothing is visible to anyone before its commit.
        stream: "<lane>/<writer>".
        lines: 1 or more, from `frame_line` or `control_line`.
        received_at: When the newest of them was received.
        by: Who writes, as evidence names it ("system:gateway", "user:17").
        shard: Which monitor reads it.

    Returns:
        The batch's sequence number, 1 more than the stream's last.

    Raises:
        ValueError: No lines, or a line with a line break in it (which would read as two).
    """
    if not lines:
        raise ValueError("a batch holds at least one line")
    payload = b"\n".join(lines)
    if payload.count(b"\n") != len(lines) - 1:
        raise ValueError("a line holds no line break")
    root = merkle.root_of_leaf_hashes([merkle.leaf_hash(line) for line in lines])
    cursor.execute("UPDATE log_stream SET last_seq = last_seq + 1 WHERE stream = %s RETURNING last_seq", (stream,))
    row = cursor.fetchone()
    if row is None:
        cursor.execute("INSERT INTO log_stream (stream, shard) VALUES (%s, %s) ON CONFLICT DO NOTHING", (stream, shard))
        cursor.execute("UPDATE log_stream SET last_seq = last_seq + 1 WHERE stream = %s RETURNING last_seq", (stream,))
        row = cursor.fetchone()
    seq = int(row[0])
    cursor.execute(
        "INSERT INTO log_batch (stream, seq, shard, received_at, messages, root, payload)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (stream, seq, shard, received_at, len(lines), root, payload),
    )
    record(
        cursor,
        kind=Kind.LOG_BATCH,
        subject=f"stream:{stream}",
        by=by,
        at=received_at,
        data={"messages": len(lines), "root": root.hex(), "seq": seq, "stream": stream},
    )
    cursor.execute("SELECT pg_notify('log', %s)", (stream,))
    return seq


def last_sequences(cursor: Cursor, *, shard: int = 0) -> dict[str, int]:
    """The newest sequence number of each stream that the engine reads, by stream name."""
    cursor.execute("SELECT stream, last_seq FROM log_stream WHERE shard = %s ORDER BY stream", (shard,))
    return {stream: int(seq) for stream, seq in cursor.fetchall() if stream.split("/")[0] in ENGINE_LANES}


def read_after(
    cursor: Cursor, *, stream: str, seq: int, limit: int, lines_max: int = 1_000_000, bytes_max: int = 2**40
) -> Iterator[Batch]:
    """Read up to `limit` batches of a stream that follow `seq`, in order, and about `lines_max` lines.

    Args:
        cursor: Of a role that may read the log.
        stream: "<lane>/<writer>".
        seq: The last batch that the caller has.
        limit: Most batches to read.
        lines_max: No batch is read after the one that reaches this many lines (one batch is always read).
        bytes_max: The same for the bytes of the lines: one line may hold a device's hundred stored records.

    Raises:
        LogGap: A sequence number is missing. Never skipped: a gap means that something acknowledged is not there.
    """
    # The window runs over the small columns alone; only payloads that are wanted are fetched.
    cursor.execute(
        # The length of a payload stands beside where it is kept: nothing is fetched for it.
        "SELECT b.stream, b.seq, b.received_at, b.messages, b.payload FROM log_batch b JOIN ("
        "  SELECT stream, seq, sum(messages) OVER upto - messages AS lines, sum(size) OVER upto - size AS bytes FROM ("
        "    SELECT stream, seq, messages, octet_length(payload) AS size FROM log_batch"
        "    WHERE stream = %s AND seq > %s ORDER BY seq LIMIT %s) heads WINDOW upto AS (ORDER BY seq)"
        ") wanted USING (stream, seq) WHERE wanted.lines < %s AND wanted.bytes < %s ORDER BY b.seq",
        (stream, seq, limit, lines_max, bytes_max),
    )
    expected = seq + 1
    for row in cursor.fetchall():
        if row[1] != expected:
            raise LogGap(stream=stream, expected=expected, found=row[1])
        expected += 1
        yield Batch(stream=row[0], seq=row[1], received_at=row[2], messages=row[3], payload=bytes(row[4]))


class LogGap(AssertionError):
    """A stream has a hole. The log promises none: stop and raise, never go on over it."""

    def __init__(self, *, stream: str, expected: int, found: int) -> None:
        super().__init__(f"stream {stream}: expected sequence {expected}, found {found}")
        self.stream = stream
        self.expected = expected
        self.found = found
