"""Reads text reports: `+RESP:GTxxx,version,id,name,…,send time,count$`, `+BUFF:` when stored, `+ACK:` for commands.

A report is read by what all types share (see location.py and health.py) and by what its three letters say (reports.py),
so that a type or model that nobody wrote a reader for still gives its place. An alarm whose place can't be read is
given without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Fields
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Sequence, Session
from aralyk.protocols.commands import CommandAnswer
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Record, parse_id
from aralyk.protocols.gl200.health import Health, read_health, read_state
from aralyk.protocols.gl200.location import Place, access_points, find_places, read_cell, time_or_none
from aralyk.protocols.gl200.reports import CAN_REPEATS_THE_PLACE, ORDINARY, REPORTS, Family, Report, family_of
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source

COUNT_LAST: Final = 0xFFFF
FIELDS_MAX: Final = 1000
CELLS_MAX: Final = 16
_HEAD: Final = re.compile(r"\+(RESP|BUFF|ACK):GT([A-Z0-9]{3})")
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{4}")
_IMEI: Final = re.compile(r"[0-9]{15}")
_STATE: Final = re.compile(r"[0-9A-Fa-f]{1,2}")
_STRICT_CELL: Final = re.compile(r"[0-9]{4},[0-9]{4},[0-9A-Fa-f]{4},[0-9A-Fa-f]{4,8}")
_VOLTAGE: Final = re.compile(r"[0-5]\.[0-9]{1,2}")
_SEND_TIME: Final = re.compile(r"[0-9]{14}")
_CELL_STEP: Final = 6  # mcc, mnc, lac, cid, signal, reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A text frame's fields, and what stands at the same place in all of them."""

    form: str
    type: str
    fields: Fields[str]
    device_id: str
    sent_at_us: int | None
    record: Record

    @property
    def version(self) -> str:
        return self.fields[1]

    @property
    def stop(self) -> int:
        """Index of the send time."""
        return len(self.fields) - 2

    def field(self, at: int) -> str:
        return self.fields[at] if at < self.stop else ""


def decode_text(frame: bytes, session: Session) -> Decoded:
    """Read one text frame.

    Raises:
        ProtocolError: Not a text frame, an unreadable id, or a place outside the earth in a report without alarm.
    """
    said = _frame(frame)
    count = said.fields[-1]
    sequence = Sequence(number=int(count, 16), last=COUNT_LAST) if _COUNT.fullmatch(count) else None
    if said.form == "ACK":
        return _acknowledgement(said, sequence)
    old = _IMEI.fullmatch(said.version) is not None  # a GT300 has no version: its other fields are not known
    return Decoded(
        device_id=said.device_id,
        messages=() if old else _messages(said, session),
        # Stored reports keep the number that they got when they were taken.
        sequence=sequence if said.form == "RESP" else None,
    )


def _frame(frame: bytes) -> _Frame:
    fields = frame.rstrip(b"\r\n\0").removesuffix(b"$").decode("latin-1").split(",", FIELDS_MAX)
    head = _HEAD.fullmatch(fields[0])
    if head is None or len(fields) < 4:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected +RESP:GTxxx, +BUFF:GTxxx or +ACK:GTxxx and an id")
    record = Record(values={})
    return _Frame(
        form=head[1],
        type=head[2],
        fields=fields,
        device_id=parse_id(fields[1] if _IMEI.fullmatch(fields[1]) else fields[2], name="id"),
        sent_at_us=time_or_none(fields[-2], name="send time", record=record),
        record=record,
    )


def _acknowledgement(said: _Frame, sequence: Sequence | None) -> Decoded:
    if said.type == "HBD":
        answer = f"+SACK:GTHBD,{said.version},{said.fields[-1]}$".encode("latin-1")
        return Decoded(device_id=said.device_id, messages=(), answer=answer, sequence=sequence)
    serial = said.fields[-3] if len(said.fields) > 5 else ""
    number = int(serial, 16) if _COUNT.fullmatch(serial) else 0
    message = Message(device_id=said.device_id, sent_at_us=said.sent_at_us, extra={"result": f"+ACK:GT{said.type}"})
    return Decoded(
        device_id=said.device_id,
        messages=(message,),
        command_answers=(CommandAnswer(serial=number or None, accepted=True),),
        sequence=sequence,
    )


def _messages(said: _Frame, session: Session) -> tuple[Message, ...]:
    report = REPORTS.get(said.type, ORDINARY)
    extra: dict[str, Any] = {"type": said.type}
    if said.form == "BUFF":
        extra["stored"] = True
    places = _places(said, report)
    after = places[-1].ends_at if places else said.stop
    family = family_of(said.version, session.model)
    health = Health()
    if places and (report.several or places[-1].lat is not None):
        health = read_health(said.fields[after : said.stop], family=family, several=report.several, extra=extra)
    alarms = (*report.alarms, *((Alarm.JAMMING,) if health.jammed and Alarm.JAMMING not in report.alarms else ()))
    if Alarm.OTHER in alarms:
        extra["alarm"] = said.type
    whole = _whole(said, report, extra, alarms, health, places, family)
    if said.record.unreadable:
        extra["unreadable"] = sorted(set(said.record.unreadable))
    if not places:
        known = report.always or alarms or whole.cells or whole.wifi or whole.charging is not None
        return (whole,) if known else ()
    earlier = [_at(said, place, Message(extra={"type": said.type} | _stored(extra))) for place in places[:-1]]
    return (*earlier, _at(said, places[-1], whole))


def _stored(extra: dict[str, Any]) -> dict[str, Any]:
    return {"stored": True} if "stored" in extra else {}


def _places(said: _Frame, report: Report) -> list[Place]:
    try:
        found = find_places(said.fields, start=3, stop=said.stop, record=said.record)
    except ProtocolError as error:
        if not report.alarms:
            raise
        said.record.unreadable.append(error.detail.partition(":")[0])
        return []
    if said.type == "CAN" and said.version.startswith(CAN_REPEATS_THE_PLACE):
        found = [place for place in found if place.hdop]  # without a fix it is some earlier place
    fixes = [place for place in found if place.lat is not None]
    if not report.several:
        return (fixes or found)[:1]
    said_count = said.fields[found[0].starts_at - 1] if found else ""
    if said_count == str(len(found)):
        return found
    return fixes or found[:1]


def _whole(
    said: _Frame,
    report: Report,
    extra: dict[str, Any],
    alarms: tuple[Alarm, ...],
    health: Health,
    places: list[Place],
    family: Family,
) -> Message:
    """What the report says apart from its places."""
    battery_pct, charging, cells, wifi = health.battery_pct, report.charging, _loose_cell(said, places), _NO_WIFI
    match said.type:
        case "INF":
            battery_pct, charging = _information(said, extra)
        case "STT":
            read_state(said.field(4), extra)
        case "STR" | "CTN" if places and family is Family.ASSET:
            battery_pct = _percent(said.field(places[0].starts_at - 1))
        case "JDS" if places and places[0].starts_at > 4:
            extra["jamming_state"] = said.field(4)[:8]
        case "GSM":
            cells = _listed_cells(said, 4)
        case "LBS":
            cells, battery_pct = _listed_cells(said, 12), _percent(said.field(6))
        case "WIF":
            wifi, _ = access_points(said.fields, 5, said.stop, step=5)
            battery_pct = _percent(said.fields[said.stop - 1])
        case "IGN" | "VGN" | "IGF" | "VGF":
            extra["ignition"] = said.type.endswith("GN")
        case "IGL" | "NMR" | "GEO" | "SPD" | "DIS" if _STATE.fullmatch(said.field(5)):
            extra["state"] = said.field(5)
        case _:
            pass
    return Message(
        device_id=said.device_id,
        sent_at_us=said.sent_at_us,
        source=Source.NETWORK if cells or wifi else Source.UNKNOWN,
        battery_pct=battery_pct,
        charging=charging,
        alarms=alarms,
        cells=cells,
        wifi=wifi,
        extra=extra,
    )


_NO_WIFI: Final[tuple[AccessPoint, ...]] = ()


def _at(said: _Frame, place: Place, whole: Message) -> Message:
    """A message at a place of the report."""
    cells, wifi = place.cells or whole.cells, place.wifi or whole.wifi
    fixed = place.lat is not None
    return Message(
        device_id=said.device_id,
        fixed_at_us=place.fixed_at_us,
        sent_at_us=said.sent_at_us,
        lat=place.lat,
        lon=place.lon,
        valid=_valid(said, place) if fixed else None,
        altitude_m=place.altitude_m,
        speed_mps=place.speed_mps,
        heading_deg=place.heading_deg,
        source=Source.GNSS if fixed else Source.NETWORK if cells or wifi else Source.UNKNOWN,
        battery_pct=whole.battery_pct,
        charging=whole.charging,
        alarms=whole.alarms,
        cells=cells,
        wifi=wifi,
        extra=dict(whole.extra) if place.hdop is None else {**whole.extra, "hdop": place.hdop},
    )


def _valid(said: _Frame, place: Place) -> bool:
    """Elsewhere accuracy 0 marks the last known place, whose own time stands beside it; CAN reports repeat any."""
    return said.type != "CAN" or place.hdop is None or place.hdop > 0


def _information(said: _Frame, extra: dict[str, Any]) -> tuple[float | None, bool | None]:
    """State, battery voltage and whether it is charged; the percentage after the time of the last fix of a GL."""
    read_state(said.field(4), extra)
    charging = None
    for at in (11, 10, 12, 13, 14):
        if _VOLTAGE.fullmatch(said.field(at)):
            extra["battery_v"] = float(said.field(at))
            charging = {"0": False, "1": True}.get(said.field(at + 1))
            break
    after_fix = [at + 1 for at in range(12, said.stop) if _SEND_TIME.fullmatch(said.field(at))]
    carried = said.field(4) in ("41", "42")  # devices with the motion sensor's states are the carried ones
    return (_percent(said.field(after_fix[0])) if carried and after_fix else None), charging


def _listed_cells(said: _Frame, start: int) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for at in range(start, said.stop - _CELL_STEP + 2, _CELL_STEP):
        parts = said.fields[at : at + 4]
        signal = said.field(at + 4)
        cell = read_cell(parts, signal if signal.startswith("-") else "") if len(parts) == 4 else None
        if cell is not None and len(cells) < CELLS_MAX:
            cells.append(cell)
    return tuple(cells)


def _loose_cell(said: _Frame, places: list[Place]) -> tuple[Cell, ...]:
    """The serving cell of a report that has no place."""
    if places:
        return ()
    match = _STRICT_CELL.search(",".join(said.fields[3 : said.stop]))
    cell = None if match is None else read_cell(match[0].split(","))
    return (cell,) if cell is not None and cell.mcc else ()


def _percent(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) <= 3 and int(text) <= 100 else None
