"""What a frame in quarantine says today, and whether a person may vouch for it.

A codec may have learned to read it, a device may have been registered since. What cannot be mended by a person's word
is who sent it: a frame that came without the secret of a phone's address, or that names another device than its address
belongs to, stays where it is; releasing it would let a stranger speak for a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aralyk.devices.models import Device
from aralyk.protocols import registry
from aralyk.protocols.codec import Codec, Decoded, Session, Transport
from aralyk.protocols.errors import ProtocolError


class Obstacle(StrEnum):
    """Why a frame that can be read may not be released."""

    UNREADABLE = "unreadable"  # today's codec refuses it too
    UNKNOWN_PROTOCOL = "unknown_protocol"  # no codec of this name is installed any more
    UNKNOWN_DEVICE = "unknown_device"
    INACTIVE_DEVICE = "inactive_device"
    WRONG_PROTOCOL = "wrong_protocol"
    DEVICE_MISMATCH = "device_mismatch"
    UNPROVEN_SENDER = "unproven_sender"  # it came without the secret that the device has
    EMPTY = "empty"  # a sign of life without a record: nothing to judge, and long over


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What today's codec says.

    Attributes:
        messages: The records in the form of the log.
        device: Whose they are.
        model: The registered model that they were read with.
        code: The codec's refusal, empty when it reads the frame.
        detail: The field and the form that it expected.
        obstacle: Why it may not be released; None: it may.
    """

    messages: tuple[Mapping[str, Any], ...] = ()
    device: str | None = None
    model: str | None = None
    code: str = ""
    detail: str = ""
    obstacle: Obstacle | None = None


def read_again(raw: bytes, *, protocol: str, device: str | None) -> Reading:
    """Read the bytes with the codec that runs now; nothing is changed.

    Args:
        raw: The frame.
        protocol: Of the door that it came through.
        device: The registered device that it was set aside for; None: nobody's.
    """
    codec = registry().get(protocol)
    if codec is None:
        return Reading(obstacle=Obstacle.UNKNOWN_PROTOCOL)
    known = _device(device)
    try:
        decoded = codec.read(raw, Session() if known is None else Session(device_id=known.pk, model=known.model))
    except ProtocolError as error:
        return Reading(code=error.code.value, detail=error.detail, device=device, obstacle=Obstacle.UNREADABLE)
    speaker = _device(decoded.device_id)
    return Reading(
        messages=tuple(message.as_line() for message in decoded.messages),
        device=decoded.device_id,
        model=known.model or None if known else None,
        obstacle=_obstacle(codec, decoded, set_aside_for=known, speaker=speaker),
    )


def _device(device_id: str | None) -> Device | None:
    return None if device_id is None else Device.objects.filter(pk=device_id).first()


def _obstacle(
    codec: Codec, decoded: Decoded, *, set_aside_for: Device | None, speaker: Device | None
) -> Obstacle | None:
    if speaker is None:
        return Obstacle.UNKNOWN_DEVICE
    if set_aside_for is not None and set_aside_for.pk != speaker.pk:
        return Obstacle.DEVICE_MISMATCH
    if set_aside_for is None and (codec.transport is Transport.HTTP or speaker.secret_hash is not None):
        return Obstacle.UNPROVEN_SENDER
    if not speaker.active:
        return Obstacle.INACTIVE_DEVICE
    if speaker.protocol != codec.name:
        return Obstacle.WRONG_PROTOCOL
    return None if decoded.messages else Obstacle.EMPTY
