"""Makes messages at the speed of the hot path.

A frozen dataclass sets each of its 18 fields through `object.__setattr__`, which takes longer than reading the record.
A draft of the same layout is filled by plain assignments and becomes a `Message` when it is whole; from then on it is
frozen like any other. The tests compare both ways, and fail when a field is added that is not filled here.
"""

from __future__ import annotations

from typing import Any, cast

from aralyk.protocols.codec import Decoded
from aralyk.protocols.messages import Alarm, Cell, Message, Source


class _Draft:
    """All fields of a message, not yet frozen."""

    __slots__ = Message.__slots__


class _DecodedDraft:
    """All fields of what a frame said, not yet frozen."""

    __slots__ = Decoded.__slots__


def frozen_message(
    *,
    device_id: str | None,
    fixed_at_us: int | None,
    sent_at_us: int | None,
    lat: float | None,
    lon: float | None,
    valid: bool | None,
    altitude_m: float | None,
    speed_mps: float | None,
    heading_deg: float | None,
    source: Source,
    battery_pct: float | None,
    charging: bool | None,
    alarms: tuple[Alarm, ...],
    cells: tuple[Cell, ...],
    extra: dict[str, Any],
) -> Message:
    """Equal to `Message(...)` of the same fields; what this protocol can't say is left unknown."""
    draft: Any = _Draft()
    draft.device_id = device_id
    draft.fixed_at_us = fixed_at_us
    draft.sent_at_us = sent_at_us
    draft.lat = lat
    draft.lon = lon
    draft.valid = valid
    draft.accuracy_m = None
    draft.altitude_m = altitude_m
    draft.speed_mps = speed_mps
    draft.heading_deg = heading_deg
    draft.source = source
    draft.battery_pct = battery_pct
    draft.charging = charging
    draft.strap = None
    draft.alarms = alarms
    draft.cells = cells
    draft.wifi = ()
    draft.extra = extra
    draft.__class__ = Message
    return cast(Message, draft)


def frozen_decoded(*, device_id: str | None, messages: tuple[Message, ...], answer: bytes) -> Decoded:
    """Equal to `Decoded(...)` of the same fields."""
    draft: Any = _DecodedDraft()
    draft.device_id = device_id
    draft.messages = messages
    draft.answer = answer
    draft.context = None
    draft.command_answers = ()
    draft.sequence = None
    draft.kept = None
    draft.withheld = False
    draft.__class__ = Decoded
    return cast(Decoded, draft)
