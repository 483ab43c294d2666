"""Pictures, sounds and videos that a terminal sends by itself: why is read, what was seen or heard is not kept.

    0800, 0801: number 4 | kind 1 | format 1 | event 1 | channel 1 | 0801 since 2013: position 28 | 0801: content

A terminal repeats 0801 until it hears 8800 with the number. Whose home, child or voice is in it nobody has decided on,
so the log keeps the frame without the content (ADR-0015).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.jt808.location import read_location
from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Envelope, Reader, sealed
from aralyk.protocols.messages import Alarm

MEDIA_EVENT: Final = 0x0800
MEDIA: Final = 0x0801
PHOTO: Final = 0x8888  # of one maker; what is in it is not known
MEDIA_ANSWER: Final = 0x8800
NUMBER_BYTES: Final = 4
_HEAD_BYTES: Final = 8
_POSITION_BYTES: Final = 28
_KINDS: Final = {0: "picture", 1: "sound", 2: "video"}
# Why it was taken: 0 the platform asked, 1 a timer, 2 the button against robbery, 3 a collision; others are reserved.
_ALARMS: Final = {2: ("robbery", Alarm.SOS), 3: ("collision", Alarm.OTHER)}
# How pictures, sounds and videos begin: JPEG, TIFF, WAV and AVI, MP3, WMV. No position has these alarms and status.
_CONTENT: Final = (b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF", b"ID3", b"\x30\x26\xb2\x75")
_CALM: Final = frozenset({0, 1})


def read_media(body: bytes, draft: Draft, model: str | None) -> Draft:
    """Read why something was recorded, and where, if the position stands there.

    Raises:
        ProtocolError: The head is cut short.
    """
    reader = Reader(body, name="media")
    draft.extra["media_number"] = reader.u32()
    kind = reader.u8()
    draft.extra["media"] = _KINDS.get(kind, kind)
    reader.u8()
    event = reader.u8()
    draft.extra["media_event"] = event
    draft.extra["channel"] = reader.u8()
    if event not in _CALM:
        word, alarm = _ALARMS.get(event, (f"media_event_{event}", Alarm.OTHER))
        draft.add_alarms(word, (alarm,))
    return _placed(body, draft, model) or draft


def without_content(envelope: Envelope) -> bytes:
    """The same frame without what was seen or heard: it reads the same."""
    first = envelope.kind == MEDIA and (envelope.part is None or envelope.part[1] == 1)
    if not first:
        return sealed(replace(envelope, body=b""))
    kept = _HEAD_BYTES + (_POSITION_BYTES if _placed(envelope.body, Draft(device_id=None), None) else 0)
    return sealed(replace(envelope, body=envelope.body[:kept]))


def _placed(body: bytes, draft: Draft, model: str | None) -> Draft | None:
    """The record with the position; None: content begins there, as it did until 2013."""
    position = body[_HEAD_BYTES : _HEAD_BYTES + _POSITION_BYTES]
    if len(position) < _POSITION_BYTES or position.startswith(_CONTENT):
        return None
    found = replace(draft, alarms=list(draft.alarms), words=list(draft.words), extra=dict(draft.extra), unreadable=[])
    try:
        read_location(position, found, model)
    except ProtocolError:
        return None
    return None if found.unreadable else found
