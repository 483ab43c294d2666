"""`aralyk bench codecs`: what a frame costs before it waits for its commit, on one core: splitting, decoding, its line.

Frames are built by our own encoders and go through each stage alone, again and again. Processor time, and of several
rounds the quickest: other work on the machine can make a stage slower, never quicker.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import typer

DEVICE: Final = "860000000000017"
AT_US: Final = 1_795_255_200_000_000
BACKLOG: Final = 100  # records of a stored frame
ROUNDS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One frame as on the wire (HTTP: as it is kept)."""

    protocol: str
    frame: str
    wire: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of the result; microseconds of a whole frame.

    Attributes:
        protocol: As in the log.
        frame: Which of its frames.
        records: How many records are in it.
        size: Its bytes.
        split_us: Cutting it out of its stream; None: the protocol has no stream.
        decode_us: Reading it.
        line_us: Making the line that the log keeps.
        decodes_per_s: Frames a second that one core decodes.
        records_per_s: Records in them.
    """

    protocol: str
    frame: str
    records: int
    size: int
    split_us: float | None
    decode_us: float
    line_us: float
    decodes_per_s: int
    records_per_s: int


def bench_codecs(
    protocol: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    frames: Annotated[int, typer.Option(min=1, max=1_000_000, help="Frames of each round.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Measure splitting, decoding and the log's line, by protocol and frame, in processor time."""
    from aralyk.cli.errors import CommandRefused

    known = sorted({sample.protocol for sample in samples()})
    for name in protocol or []:
        if name not in known:
            raise CommandRefused(f"--protocol: expected {', '.join(known)}, found {name!r}")
    if not as_json:
        typer.echo(f"{'protocol':<10} {'frame':<9} {'records':>7} {'split us':>9} {'decode us':>9} {'line us':>8}")
    for sample in samples():
        if protocol and sample.protocol not in protocol:
            continue
        measured = measure(sample, frames)
        if as_json:
            typer.echo(json.dumps(asdict(measured)))
        else:
            split = "" if measured.split_us is None else f"{measured.split_us:.2f}"
            typer.echo(
                f"{measured.protocol:<10} {measured.frame:<9} {measured.records:>7} {split:>9}"
                f" {measured.decode_us:>9.2f} {measured.line_us:>8.2f}  {measured.decodes_per_s:,} decodes/s"
            )
    return 0


def samples() -> list[Sample]:
    """Places of one bracelet, phone or tracker in the frames that such devices send most."""
    from msgspec.structs import replace

    from aralyk.protocols.gl200 import encoder as gl200
    from aralyk.protocols.gt06 import encoder as gt06
    from aralyk.protocols.h02 import encoder as h02
    from aralyk.protocols.meitrack import encoder as meitrack
    from aralyk.protocols.messages import Alarm, Cell, Message, Strap
    from aralyk.protocols.osmand import encoder as osmand
    from aralyk.protocols.r16h import encoder as r16h
    from aralyk.protocols.teltonika import encoder as teltonika

    place = Message(
        device_id=DEVICE, fixed_at_us=AT_US, lat=42.87461, lon=74.56982, valid=True, speed_mps=1.5, heading_deg=111.0,
        altitude_m=760.0,
    )  # fmt: skip
    celled = replace(place, cells=(Cell(mcc=437, mnc=5, lac=30200, cid=1025124),))
    worn = replace(place, battery_pct=72.0, strap=Strap.LOCKED)
    stored = [replace(place, fixed_at_us=AT_US + 15_000_000 * n) for n in range(BACKLOG)]
    wires = {
        ("r16h", "fix"): r16h.encode_position(worn),
        ("r16h", "sos"): r16h.encode_position(replace(worn, alarms=(Alarm.SOS,))),
        ("teltonika", "8"): teltonika.encode_records([place]),
        ("teltonika", f"8 x {BACKLOG}"): teltonika.encode_records(stored),
        ("gt06", "12"): gt06.encode_position(celled),
        ("gt06", "16 sos"): gt06.encode_position(replace(celled, battery_pct=72.0, alarms=(Alarm.SOS,))),
        ("gt06", "22"): gt06.encode_upload(celled),
        ("osmand", "query"): b"?" + osmand.encode_query(place).encode() + b"\n",
        ("osmand", "json"): b"?\n" + osmand.encode_json(place),
        ("h02", "text"): h02.encode_text(place),
        ("h02", "binary"): h02.encode_binary(replace(place, device_id=DEVICE[:10])),
        ("gl200", "report"): gl200.encode_report([place]),
        ("meitrack", "report"): meitrack.encode_report(place),
    }
    return [Sample(protocol=name, frame=frame, wire=wire) for (name, frame), wire in wires.items()]


def measure(sample: Sample, frames: int) -> Measured:
    """Put one frame through its stages, `frames` times in each round."""
    from aralyk.gateway.reception import lane_of
    from aralyk.protocols import registry
    from aralyk.protocols.codec import Session
    from aralyk.tracking import log

    codec, wire = registry()[sample.protocol], sample.wire
    session = Session(device_id=DEVICE)
    frame, split_us = wire, None
    if codec.splitter is not None:
        splitter = codec.splitter()
        (cut,) = splitter.feed(wire)
        assert isinstance(cut, bytes)
        frame, split_us = cut, _quickest_us(lambda: splitter.feed(wire), frames)
    decoded = codec.decode(frame, session)

    def line() -> bytes:
        return log.frame_line(
            raw=frame, lane=lane_of(decoded.messages), messages=[message.told() for message in decoded.messages],
            protocol=codec.name, received_at_us=AT_US, device=DEVICE, peer="00000000", trust="imei",
        )  # fmt: skip

    decode_us = _quickest_us(lambda: codec.decode(frame, session), frames)
    return Measured(
        protocol=codec.name,
        frame=sample.frame,
        records=len(decoded.messages),
        size=len(frame),
        split_us=split_us,
        decode_us=decode_us,
        line_us=_quickest_us(line, frames),
        decodes_per_s=round(1e6 / decode_us),
        records_per_s=round(len(decoded.messages) * 1e6 / decode_us),
    )


def _quickest_us(stage: Callable[[], object], times: int) -> float:
    quickest_s = float("inf")
    for _ in range(ROUNDS):
        began_s = time.process_time()
        for _ in range(times):
            stage()
        quickest_s = min(quickest_s, time.process_time() - began_s)
    return round(quickest_s / times * 1e6, 3)
