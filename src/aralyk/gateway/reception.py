"""Judges a frame: who speaks, may he, what does he say, and so in which lane it waits.

A phone is known by the secret of its address, and what it says about itself must agree; a bracelet is known by its
IMEI. Nobody is ever added to the register from here. What can't be believed or read goes to quarantine with its bytes
and the reason. Frames of devices in use are all kept; those of strangers at a bounded rate, or anybody could fill the
disk.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aralyk import clock
from aralyk.gateway.lanes import LaneQueue, Parcel, Refusal
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.registry import Device, Register
from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session
from aralyk.protocols.errors import ProtocolError
from aralyk.tracking import log
from aralyk.tracking.log import Lane

STRANGERS_BURST: Final = 200  # a shift's worth of wrongly typed addresses
REPEATS_MAX: Final = 10_000  # refused frames remembered, 32 bytes each


class Unbelieved(StrEnum):
    """Why a readable frame is not taken, beside the codecs' own codes."""

    UNKNOWN_DEVICE = "unknown_device"
    INACTIVE_DEVICE = "inactive_device"
    DEVICE_MISMATCH = "device_mismatch"  # the record names another device than the address belongs to
    WRONG_PROTOCOL = "wrong_protocol"  # the device is registered for another protocol, with another kind of proof


DETAILS: Final[Mapping[Unbelieved, str]] = {
    Unbelieved.UNKNOWN_DEVICE: "device: expected one that is registered",
    Unbelieved.INACTIVE_DEVICE: "device: expected one in use; this one was taken out of service",
    Unbelieved.DEVICE_MISMATCH: "id: expected the id that was registered with this address",
    Unbelieved.WRONG_PROTOCOL: "device: expected to speak the protocol that it was registered for",
}


class Fate(StrEnum):
    """What becomes of a frame."""

    KEPT = "kept"  # it waits in its lane
    SET_ASIDE = "set_aside"  # it waits for quarantine
    NOT_KEPT = "not_kept"  # a stranger's, beyond the rate
    FULL = "full"  # its lane has no room: come again


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided about a frame.

    Attributes:
        fate: See there.
        code: The reason, for frames that are not taken.
        detail: The field and the form that was expected; never a value.
        decoded: What a believed frame said.
    """

    fate: Fate
    code: str = ""
    detail: str = ""
    decoded: Decoded | None = None


class Peers:
    """Names a source address without telling it: keyed with this process's own randomness.

    A plain hash of an address is undone by trying all of them. The key dies with the process, so sources can be told
    apart within a run and nowhere else.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def name(self, address: str) -> str:
        """Eight hex digits."""
        return hashlib.blake2b(address.encode(), key=self._key, digest_size=4).hexdigest()


class Rate:
    """Lets a burst through, then so many a second (token bucket on the monotonic clock)."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._since_s = time.monotonic()

    def allows(self) -> bool:
        """Whether one more may pass now."""
        now_s = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now_s - self._since_s) * self._per_s)
        self._since_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Repeats:
    """Remembers refused frames that are in quarantine, so that a sender who repeats one is let go."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def heard_before(self, device: str, frame: bytes) -> bool:
        """Whether these bytes of this device were refused before; they are remembered, the oldest forgotten first."""
        fingerprint = hashlib.sha256(device.encode() + b"\0" + frame).digest()
        if fingerprint in self._seen:
            return True
        self._seen[fingerprint] = None
        if len(self._seen) > REPEATS_MAX:
            self._seen.popitem(last=False)
        return False


class Reception:
    """Judges frames and puts them into their lanes."""

    def __init__(
        self,
        *,
        lanes: Mapping[Lane, LaneQueue],
        wake: Callable[[Lane], None],
        metrics: Metrics,
        strangers_per_s: float,
    ) -> None:
        self.peers = Peers()
        self.repeats = Repeats()
        self._lanes = lanes
        self._wake = wake
        self._metrics = metrics
        self._strangers = Rate(per_s=strangers_per_s, burst=STRANGERS_BURST)

    def of_phone(
        self, codec: Codec, frame: bytes, *, device: Device, peer: str, stored: Callable[[], None]
    ) -> tuple[Verdict, Parcel | None]:
        """Judge a frame that came with a device's secret."""
        visit = _Visit(codec=codec, frame=frame, peer=peer, device=device, stored=stored)
        try:
            decoded = codec.decode(frame, Session(device_id=device.id, model=device.model))
        except ProtocolError as error:
            return self._set_aside(visit, error.code.value, error.detail)
        reason = _disbelief(device, codec)
        if reason is None and decoded.device_id != device.id:
            reason = Unbelieved.DEVICE_MISMATCH
        if reason is not None:
            return self._set_aside(visit, reason.value, DETAILS[reason])
        return self._keep(visit, decoded)

    def of_named(
        self,
        codec: Codec,
        frame: bytes | BrokenFrame,
        *,
        register: Register,
        last: Device | None,
        peer: str,
        stored: Callable[[], None],
    ) -> tuple[Verdict, Parcel | None]:
        """Judge a frame that names its device itself; `last` is who was believed before on this connection."""
        raw = frame.raw if isinstance(frame, BrokenFrame) else frame
        visit = _Visit(codec=codec, frame=raw, peer=peer, device=last, stored=stored)
        try:
            if isinstance(frame, BrokenFrame):
                raise frame.error
            decoded = codec.decode(frame, Session())
        except ProtocolError as error:
            return self._set_aside(visit, error.code.value, error.detail)
        device = register.by_id.get(decoded.device_id or "")
        visit = _Visit(codec=codec, frame=raw, peer=peer, device=device, stored=stored)
        reason = Unbelieved.UNKNOWN_DEVICE if device is None else _disbelief(device, codec)
        if reason is not None:
            return self._set_aside(visit, reason.value, DETAILS[reason])
        return self._keep(visit, decoded)

    def of_stranger(self, codec: Codec, frame: bytes, *, peer: str) -> Verdict:
        """Keep what came to an address that we don't know, at the strangers' rate; nobody waits for it."""
        visit = _Visit(codec=codec, frame=frame, peer=peer, device=None, stored=None)
        reason = Unbelieved.UNKNOWN_DEVICE
        return self._set_aside(visit, reason.value, DETAILS[reason])[0]

    def _keep(self, visit: _Visit, decoded: Decoded) -> tuple[Verdict, Parcel | None]:
        messages = [message.as_line() for message in decoded.messages]
        assert visit.device is not None
        parcel = visit.parcel(lane=log.lane_of(messages), messages=messages, believed=visit.device.id)
        if not self._offer(parcel):
            return Verdict(fate=Fate.FULL), None
        return Verdict(fate=Fate.KEPT, decoded=decoded), parcel

    def _set_aside(self, visit: _Visit, code: str, detail: str) -> tuple[Verdict, Parcel | None]:
        stranger = visit.device is None or not visit.device.active
        if stranger and not self._strangers.allows():
            self._metrics.strangers.inc()
            return Verdict(fate=Fate.NOT_KEPT, code=code, detail=detail), None
        refusal = Refusal(
            protocol=visit.codec.name,
            device=visit.device.id if visit.device else None,
            code=code,
            detail=detail,
            raw=visit.frame,
        )
        parcel = visit.parcel(lane=Lane.QUARANTINE, messages=[], believed=None, refusal=refusal)
        fate = Fate.SET_ASIDE if self._offer(parcel) else Fate.FULL
        return Verdict(fate=fate, code=code, detail=detail), parcel if fate is Fate.SET_ASIDE else None

    def _offer(self, parcel: Parcel) -> bool:
        if not self._lanes[parcel.lane].offer(parcel):
            self._metrics.full.labels(parcel.lane.value).inc()
            return False
        self._wake(parcel.lane)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One frame with its circumstances."""

    codec: Codec
    frame: bytes
    peer: str
    device: Device | None
    stored: Callable[[], None] | None

    def parcel(
        self, *, lane: Lane, messages: list[dict[str, object]], believed: str | None, refusal: Refusal | None = None
    ) -> Parcel:
        received_us = clock.now_us()
        line = log.frame_line(
            raw=self.frame,
            lane=lane,
            messages=messages,
            protocol=self.codec.name,
            received_at_us=received_us,
            device=believed,
            peer=self.peer,
        )
        return Parcel(
            lane=lane,
            line=line,
            received_us=received_us,
            since_s=time.monotonic(),
            refusal=refusal,
            stored=self.stored,
        )


def _disbelief(device: Device, codec: Codec) -> Unbelieved | None:
    if not device.active:
        return Unbelieved.INACTIVE_DEVICE
    return None if device.protocol == codec.name else Unbelieved.WRONG_PROTOCOL
