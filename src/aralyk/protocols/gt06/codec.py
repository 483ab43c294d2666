"""Reads one frame of a GT06 device.

The kind, and in some dialects the length or the registered model, choose the reader (tables below). A frame whose
checksum holds is never refused for its content: what could be read is given, `extra["unreadable"]` names the rest, and
the device hears its acknowledgement, because it sends a frame again and again until it does and everything else of its
memory waits behind that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aralyk.protocols.codec import Decoded, Sequence, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gt06 import parts, positions, statuses, words
from aralyk.protocols.gt06.alarms import is_vehicle_model
from aralyk.protocols.gt06.frame import SERIAL_LAST, acknowledgement, opened, wrapped
from aralyk.protocols.gt06.reader import CutShort, Draft, Reader

LOGIN: Final = 0x01
ZONE: Final = "utc_offset_min"  # in the context of a connection
_TIME_REQUEST: Final = 0x8A
_VEHICLE_POSITION_LENGTH: Final = 0x35
_UNKNOWN_CELLS_LENGTH_MIN: Final = 0x17
_MINUTE_US: Final = 60_000_000
_ZONE_MIN_MAX: Final = 14 * 60

ReadContent = Callable[[Reader, Draft], None]

_SHORT_KINDS: Final[Mapping[int, ReadContent]] = {
    0x10: positions.read_plain,
    0x11: positions.read_11,
    0x12: positions.read_1_2,
    0x13: statuses.read_heartbeat_13,
    0x15: words.read_short_words,
    0x16: positions.read_status_position,
    0x18: statuses.read_cells,
    0x19: statuses.read_cell_status,
    0x1A: positions.read_plain,
    0x1E: positions.read_plain,
    0x21: words.read_long_words,
    0x22: positions.read_upload,
    0x23: statuses.read_heartbeat_23,
    0x24: statuses.read_cells,
    0x26: positions.read_status_position,
    0x27: positions.read_status_position,
    0x28: statuses.read_cells,
    0x2A: words.read_address_request,
    0x2C: statuses.read_cells,
    0x2D: positions.read_upload,
    0x2E: statuses.read_cells,
    0x31: positions.read_upload,
    0x32: positions.read_status_position,
    0x33: statuses.read_cells,
    0x34: positions.read_x1_position,
    0x35: statuses.read_picture,
    0x36: statuses.read_status_modules,
    0x37: positions.read_upload,
    0x40: words.read_battery_system,
    0x61: positions.read_driver_position,
    0x94: words.read_voltage,
    0x95: statuses.read_event,
    0xA0: positions.read_upload,
    0xA1: statuses.read_cells,
    0xA2: statuses.read_cells,
    0xA3: positions.read_status_position,
    0xA4: positions.read_status_position,
    0xA5: statuses.read_cell_status,
    0xA7: statuses.read_cell_only,
    0xF3: statuses.read_wifi,
}
# Dialects that only the length tells apart.
_SHORT_DIALECTS: Final[Mapping[tuple[int, int], ReadContent]] = {
    (0x17, 0x28): positions.read_card_position,
    (0x24, 0x2E): positions.read_power_position,
    (0x34, 0x37): statuses.read_cells,
    (0xA2, 0x40): positions.read_lw_position,
    (0xA3, 0x0C): statuses.read_status_a3,
    (0xA3, 0x18): statuses.read_steps,
}
_DIALECT_KINDS: Final = frozenset(kind for kind, _ in _SHORT_DIALECTS)
_LONG_KINDS: Final[Mapping[int, ReadContent]] = {
    0x21: words.read_long_words,
    0x32: statuses.read_asset,
    0x33: statuses.read_asset,
    0x38: statuses.read_long_position,
    0x41: words.read_picture_piece,
    0x70: parts.read_named_parts,
    0x8C: words.read_obd,
    0x94: words.read_information,
    0x9B: words.read_serial_line,
}
_LOGIN_KIND: Final = bytes((LOGIN,))
_ALARM_KINDS: Final = frozenset((b"\x16", b"\x26", b"\x27", b"\x95"))
_LONG_ANSWERED: Final = frozenset({0x32, 0x33, 0x41})
_SHORT_ANSWER_TO_LONG: Final = frozenset({0x70})
_UNANSWERED: Final = frozenset({0x80, 0x81, 0x82, _TIME_REQUEST})


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, from its start bytes to its CR LF.

    Args:
        frame: As the splitter gives it.
        session: The device of the connection's login, its model, and `utc_offset_min` of the context.

    Returns:
        The login names its device and holds no message; the device's request for the time has no answer, for a codec
        knows no clock.

    Raises:
        ProtocolError: Not a frame, a wrong checksum, or a login without an IMEI; nothing else is raised for any bytes.
    """
    reader = opened(frame)
    if reader.kind == LOGIN and not reader.long:
        return _login(reader)
    draft = Draft()
    draft.device_id = session.device_id
    read = _reading_of(reader, session)
    if read is None or not reader.rest:
        draft.silent = True
    else:
        reader.model, reader.zone_us = _model(session), _zone_us(session)
        try:
            read(reader, draft)
        except CutShort:
            draft.unreadable("the rest")
    return Decoded(
        device_id=draft.device_id,
        messages=() if draft.silent else (draft.message(),),
        answer=_answer(reader, draft),
        command_answers=draft.command_answers,
        sequence=Sequence(number=reader.serial, last=SERIAL_LAST),
        withheld=draft.withheld,
        kept=draft.kept,
    )


def may_cry(frame: bytes) -> bool:
    """Whether the frame is of a kind that is sent for an alarm."""
    return frame[3:4] in _ALARM_KINDS


def may_name(frame: bytes) -> bool:
    """Whether the frame is a login."""
    return frame[3:4] == _LOGIN_KIND


def _reading_of(reader: Reader, session: Session) -> ReadContent | None:
    kind = reader.kind
    if reader.long:
        return _LONG_KINDS.get(kind)
    if kind in _DIALECT_KINDS and (dialect := _SHORT_DIALECTS.get((kind, reader.length))):
        return dialect
    if kind == 0x36 and _is_vehicle_position(reader, session):
        return positions.read_vehicle_position
    if kind == 0x19 and reader.length >= _UNKNOWN_CELLS_LENGTH_MIN:
        return statuses.read_unknown_cells
    return _SHORT_KINDS.get(kind)


def _is_vehicle_position(reader: Reader, session: Session) -> bool:
    """A model that is not registered is told by the length."""
    if session.model is None:
        return reader.length == _VEHICLE_POSITION_LENGTH
    return is_vehicle_model(_model(session))


def _answer(reader: Reader, draft: Draft) -> bytes | None:
    kind = reader.kind
    if draft.answer is not None:
        return draft.answer
    if reader.long:
        if kind in _LONG_ANSWERED:
            return wrapped(kind, b"", reader.serial, long=True)
        return acknowledgement(kind, reader.serial) if kind in _SHORT_ANSWER_TO_LONG else None
    return acknowledgement(kind, reader.serial) if draft.answered and kind not in _UNANSWERED else None


def _login(reader: Reader) -> Decoded:
    if reader.rest < 8:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "imei: expected 8 bytes")
    imei = reader.raw(8).hex()[1:]
    if not imei.isdigit():
        raise ProtocolError(ErrorCode.BAD_FIELD, "imei: expected 15 digits")
    extension = 0
    if reader.rest >= 4:
        reader.skip(2)  # kind of device
        extension = reader.u16()
    return Decoded(
        device_id=imei,
        messages=(),
        answer=acknowledgement(LOGIN, reader.serial),
        context={ZONE: str(_zone_min(extension))},
        sequence=Sequence(number=reader.serial, last=SERIAL_LAST),
    )


def _zone_min(extension: int) -> int:
    """Minutes ahead of UTC: hours times 100 plus minutes in the upper 12 bits, west by bit 3; 0 for what is none."""
    hours, minutes = divmod(extension >> 4, 100)
    total = hours * 60 + minutes
    if minutes > 59 or total > _ZONE_MIN_MAX:
        return 0
    return -total if extension & 8 else total


def _model(session: Session) -> str:
    return session.model.upper() if session.model else ""


def _zone_us(session: Session) -> int:
    minutes = session.context.get(ZONE)
    return int(minutes) * _MINUTE_US if minutes is not None else 0
