"""Judges a frame: who speaks, may he, what does he say, and so in which lane it waits.

A phone is known by the secret of its address, and what it says about itself must agree; a tracker is known by its IMEI,
and by the network it speaks from where it was registered with one. Nobody is ever added to the register from here. What
can't be believed or read goes to quarantine with its bytes and the reason. Frames of devices in use are all kept; those
of strangers at a bounded rate, or anybody could fill the disk.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec
import structlog

from aralyk import clock
from aralyk.gateway.findings import Findings
from aralyk.gateway.lanes import URGENT, LaneQueue, Parcel, Refusal
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.rates import Rate, Speakers
from aralyk.gateway.registry import Device, Register
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.sources import Source, Sources
from aralyk.gateway.suspicion import Doubts, Suspicion
from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session, Transport
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message, Strap, Told
from aralyk.tracking import log
from aralyk.tracking.log import Lane

STRANGERS_BURST: Final = 200  # a shift's worth of wrongly typed addresses
# Of one device's datagrams beyond its rate the urgent ones are taken at this: whoever floods in her device's name, for
# which over UDP its number is enough, must not be able to keep her cry for help from being told.
CRIES_PER_S: Final = 1.0
CRIES_BURST: Final = 10
REPEATS_MAX: Final = 10_000  # refused frames remembered, 32 bytes each


_log = structlog.get_logger("aralyk.gateway")


class Trust(StrEnum):
    """On what a sender was believed, the strongest first; log lines carry it."""

    ATTESTED = "attested"  # the register holds the device for attested
    SECRET = "secret"
    NETWORK = "network"  # its IMEI, spoken from a network that it was registered with
    IMEI = "imei"
    SELF_REPORTED = "self_reported"  # the register says that its word proves nothing


class Unbelieved(StrEnum):
    """Why a readable frame is not taken, beside the codecs' own codes."""

    UNKNOWN_DEVICE = "unknown_device"
    INACTIVE_DEVICE = "inactive_device"
    DEVICE_MISMATCH = "device_mismatch"  # the record names another device than the address belongs to
    WRONG_PROTOCOL = "wrong_protocol"  # the device is registered for another protocol, with another kind of proof
    WRONG_NETWORK = "wrong_network"  # the device is bound to networks, and this address is in none of them
    UNNAMED = "unnamed"  # the frame names nobody, and nobody was believed on its connection before
    TOO_FAST = "too_fast"  # a datagram beyond the device's rate: there is no connection to slow down


DETAILS: Final[Mapping[Unbelieved, str]] = {
    Unbelieved.UNKNOWN_DEVICE: "device: expected one that is registered",
    Unbelieved.INACTIVE_DEVICE: "device: expected one in use; this one was taken out of service",
    Unbelieved.DEVICE_MISMATCH: "id: expected the id that was registered with this address",
    Unbelieved.WRONG_PROTOCOL: "device: expected to speak the protocol that it was registered for",
    Unbelieved.WRONG_NETWORK: "address: expected one in a network that the device was registered with",
    Unbelieved.UNNAMED: "device: expected a login of a registered device before this frame",
    Unbelieved.TOO_FAST: "device: expected fewer frames a second",
}
# Perhaps strangers' doing though a device is named: kept at the strangers' rate, and people are told.
_FOREIGN: Final = frozenset({Unbelieved.WRONG_NETWORK.value, Unbelieved.TOO_FAST.value})


class Fate(StrEnum):
    """What becomes of a frame."""

    KEPT = "kept"  # it waits in its lane
    SET_ASIDE = "set_aside"  # it waits for quarantine
    NOT_KEPT = "not_kept"  # a stranger's, beyond the rate
    FULL = "full"  # its lane has no room: come again


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was decided about a frame.

    Attributes:
        fate: See there.
        code: The reason, for frames that are not taken.
        detail: The field and the form that was expected; never a value.
        decoded: What a believed frame said.
        session: As whose frame it was read; for what is said to its device.
    """

    fate: Fate
    code: str = ""
    detail: str = ""
    decoded: Decoded | None = None
    session: Session = Session()


_KEPT: Final = Fate.KEPT  # a member is looked up by a call
_POSITION: Final = Lane.POSITION
_STATUS: Final = Lane.STATUS
_OPEN: Final = Strap.OPEN
_SOS: Final = Alarm.SOS
_FULL: Final[tuple[Verdict, Parcel | None]] = Verdict(fate=Fate.FULL), None


@dataclass(slots=True, kw_only=True)
class Talk:
    """What one sender has said so far, and where it speaks from.

    Attributes:
        source: The address.
        link: Tells connections apart (datagrams: sources); None: requests of their own.
        device: Who was believed last.
        context: What its frames said about the later ones.
        read_us: When the bytes under judgement were read, domain time.
        overtakes: Whether the frame under judgement came behind others of its connection that still wait.
        paced: Whether the sender can be slowed down; a datagram can't.
    """

    source: Source
    link: Hashable | None = None
    device: Device | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    read_us: int = 0
    overtakes: bool = False
    paced: bool = True
    _session: Session | None = None
    _session_of: Device | None = None

    def session_as(self, device: Device | None) -> Session:
        """As whose frame the next one is read; made anew only when device or context are others."""
        session = self._session
        if session is None or session.context is not self.context or self._session_of is not device:
            self._session_of, session = device, _session(device, self.context)
            self._session = session
        return session


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
        findings: Findings,
        settings: GatewaySettings,
    ) -> None:
        self.sources = Sources(settings.trusted())
        self.repeats = Repeats()
        self._lanes = lanes
        self._wake = wake
        self._metrics = metrics
        self._findings = findings
        self._doubts = Doubts(resend_s=settings.resend_s)
        self._strangers = Rate(per_s=settings.strangers_per_s, burst=STRANGERS_BURST)
        burst = settings.device_frames_burst
        self._device_rates = Speakers(per_s=settings.device_frames_per_s, burst=burst)
        self._cry_rates = Speakers(per_s=CRIES_PER_S, burst=CRIES_BURST)
        self._address_rates = Speakers(per_s=settings.address_frames_per_s, burst=10 * burst)

    def allows(self, source: Source, device: Device | None) -> bool:
        """Whether one more frame may be taken now; call once for each frame, and wait when it may not."""
        if not source.trusted and not self._address_rates.allows(source.name):
            return False
        return device is None or self._device_rates.allows(device.id)

    def of_phone(
        self, codec: Codec, frame: bytes, *, device: Device, source: Source, stored: Callable[[], None]
    ) -> tuple[Verdict, Parcel | None]:
        """Judge a frame that came with a device's secret; one that comes too fast is FULL, unless it is urgent."""
        talk = Talk(source=source, device=device, read_us=clock.now_us())
        session = _session(device, {})
        visit = _Visit(codec=codec, frame=frame, talk=talk, device=device, session=session, stored=stored)
        hurried = not self.allows(source, device)
        try:
            decoded = codec.read(frame, session)
        except ProtocolError as error:
            if hurried:
                return _FULL
            return self._set_aside(visit, error.code.value, error.detail)
        reason = _disbelief(device, codec, source)
        if reason is None and decoded.device_id != device.id:
            reason = Unbelieved.DEVICE_MISMATCH
        if reason is not None:
            return self._set_aside(visit, reason.value, DETAILS[reason])
        return self._keep(visit, decoded, urgent_only=hurried)

    def of_named(
        self, codec: Codec, frame: bytes | BrokenFrame, *, register: Register, talk: Talk, stored: Callable[[], None]
    ) -> tuple[Verdict, Parcel | None]:
        """Judge a frame of a connection or a datagram; who is believed is remembered in `talk`."""
        before = talk.device
        last = register.by_id.get(before.id) if before is not None else None
        session = talk.session_as(last)
        raw = frame.raw if isinstance(frame, BrokenFrame) else frame
        try:
            decoded = _read(codec, frame, session)
            device = register.by_id.get(decoded.device_id or "")
            if device is not last and device is not None and (device.model or device.key):
                # It named itself only now: read it again with what is known about it.
                session = _session(device, session.context)
                decoded = _read(codec, frame, session)
        except ProtocolError as error:
            visit = _Visit(codec=codec, frame=raw, talk=talk, device=last, session=session, stored=stored)
            return self._set_aside(visit, error.code.value, error.detail)
        raw = decoded.kept or raw  # without the picture that came with it, in the log as in quarantine
        # A device that was believed on this connection and is still registered as it was needs no second judgement.
        reason = None if device is not None and device is before else _doubt(decoded, device, codec, talk.source)
        visit = _Visit(codec=codec, frame=raw, talk=talk, device=device, session=session, stored=stored)
        if reason is not None:
            return self._set_aside(visit, reason.value, DETAILS[reason], claimed=decoded.device_id)
        assert device is not None
        if not talk.paced and not self.allows(talk.source, device) and not self._may_cry_now(decoded, device):
            return self._set_aside(visit, Unbelieved.TOO_FAST.value, DETAILS[Unbelieved.TOO_FAST])
        verdict, parcel = self._keep(visit, decoded)
        if verdict.fate is _KEPT:
            if device is not last or decoded.context:
                known = talk.context if last is device else {}
                talk.context = {**known, **(decoded.context or {})}
            talk.device = device
        return verdict, parcel

    def of_stranger(self, codec: Codec, frame: bytes, *, source: Source) -> Verdict:
        """Keep what came to an address that we don't know, at the strangers' rate; nobody waits for it."""
        try:
            claimed = codec.read(frame, Session()).device_id
        except ProtocolError:
            claimed = None
        talk = Talk(source=source, read_us=clock.now_us())
        visit = _Visit(codec=codec, frame=frame, talk=talk, device=None, session=Session(), stored=None)
        reason = Unbelieved.UNKNOWN_DEVICE
        return self._set_aside(visit, reason.value, DETAILS[reason], claimed=claimed)[0]

    def _may_cry_now(self, decoded: Decoded, device: Device) -> bool:
        return lane_of(decoded.messages) in URGENT and self._cry_rates.allows(device.id)

    def _keep(self, visit: _Visit, decoded: Decoded, *, urgent_only: bool = False) -> tuple[Verdict, Parcel | None]:
        lane = lane_of(decoded.messages)
        if urgent_only and lane not in URGENT:
            return _FULL
        queue = self._lanes[lane]
        if not queue.has_room:
            self._metrics.full.labels(lane.value).inc()
            return _FULL
        device, session = visit.device, visit.session
        assert device is not None
        now_us = clock.now_us()
        parcel = visit.parcel(
            lane=lane,
            messages=[message.told() for message in decoded.messages],
            received_us=now_us,
            trust=_trust(device, visit.codec),
            suspect=self._weigh(visit, device, decoded, now_us),
        )
        if not self._offer(parcel):
            return _FULL
        if session.device_id != device.id:  # it named itself
            session = _session(device, {**session.context, **(decoded.context or {})})
        return Verdict(fate=_KEPT, decoded=decoded, session=session), parcel

    def _weigh(self, visit: _Visit, device: Device, decoded: Decoded, now_us: int) -> tuple[Suspicion, ...]:
        talk = visit.talk
        found = self._doubts.of_frame(
            device.id, visit.frame, decoded, talk.link, talk.source.name, read_us=talk.read_us, now_us=now_us,
            overtakes=talk.overtakes,
        )  # fmt: skip
        if found:
            self._findings.alarms.note(device.id, found, at_us=now_us)
            for suspicion in found:
                self._metrics.suspects.labels(visit.codec.name, suspicion.value).inc()
        return found

    def _set_aside(
        self, visit: _Visit, code: str, detail: str, *, claimed: str | None = None
    ) -> tuple[Verdict, Parcel | None]:
        device, now_us = visit.device, clock.now_us()
        if code == ErrorCode.CODEC_FAILED:
            _log.error("codec_failed", protocol=visit.codec.name, detail=detail)
        if device is None:
            self._findings.strangers.note(visit.codec.name, claimed, at_us=now_us)
        elif code in _FOREIGN:
            self._findings.alarms.note(device.id, (code,), at_us=now_us)
        stranger = device is None or not device.active or code in _FOREIGN
        if stranger and not self._strangers.allows():
            self._metrics.strangers.inc()
            return Verdict(fate=Fate.NOT_KEPT, code=code, detail=detail), None
        refusal = Refusal(
            protocol=visit.codec.name, device=device.id if device else None, code=code, detail=detail, raw=visit.frame
        )
        parcel = visit.parcel(lane=Lane.QUARANTINE, messages=[], received_us=now_us, refusal=refusal)
        fate = Fate.SET_ASIDE if self._offer(parcel) else Fate.FULL
        return Verdict(fate=fate, code=code, detail=detail), parcel if fate is Fate.SET_ASIDE else None

    def _offer(self, parcel: Parcel) -> bool:
        if not self._lanes[parcel.lane].offer(parcel):
            self._metrics.full.labels(parcel.lane.value).inc()
            return False
        self._wake(parcel.lane)
        return True


class _Visit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One frame with its circumstances."""

    codec: Codec
    frame: bytes
    talk: Talk
    device: Device | None
    session: Session
    stored: Callable[[], None] | None

    def parcel(
        self,
        *,
        lane: Lane,
        messages: Sequence[Told],
        received_us: int,
        trust: Trust | None = None,
        suspect: tuple[Suspicion, ...] = (),
        refusal: Refusal | None = None,
    ) -> Parcel:
        """The frame as a line; without `trust` nobody was believed, and no device is named."""
        device, session = self.device, self.session
        line = log.frame_line(
            raw=self.frame,
            lane=lane,
            messages=messages,
            protocol=self.codec.name,
            received_at_us=received_us,
            device=device.id if device is not None and trust is not None else None,
            peer=self.talk.source.name,
            context=session.context,
            model=session.model,
            trust=trust,
            suspect=suspect,
        )
        return Parcel(
            lane=lane,
            line=line,
            received_us=received_us,
            since_s=time.monotonic(),
            refusal=refusal,
            stored=self.stored,
        )


def lane_of(messages: Sequence[Message]) -> Lane:
    """As `log.lane_of` says of the lines, before they are written."""
    lane = _STATUS
    for message in messages:
        alarms = message.alarms
        if alarms and _SOS in alarms:
            return Lane.PANIC
        if message.strap is _OPEN or (alarms and not log.TAMPER_ALARMS.isdisjoint(alarms)):
            lane = Lane.TAMPER
        elif lane is _STATUS and message.lat is not None:
            lane = _POSITION
    return lane


def _session(device: Device | None, context: Mapping[str, str]) -> Session:
    if device is None:
        return Session(context=context)
    return Session(device_id=device.id, model=device.model or None, key=device.key, context=context)


def _read(codec: Codec, frame: bytes | BrokenFrame, session: Session) -> Decoded:
    if isinstance(frame, BrokenFrame):
        raise frame.error.with_traceback(None)  # raised again at each offer, and each would add its own
    if len(frame) > codec.frame_bytes_max:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {codec.frame_bytes_max} bytes")
    return codec.read(frame, session)


def _doubt(decoded: Decoded, device: Device | None, codec: Codec, source: Source) -> Unbelieved | None:
    if decoded.device_id is None:
        return Unbelieved.UNNAMED
    return Unbelieved.UNKNOWN_DEVICE if device is None else _disbelief(device, codec, source)


def _disbelief(device: Device, codec: Codec, source: Source) -> Unbelieved | None:
    if not device.active:
        return Unbelieved.INACTIVE_DEVICE
    if device.protocol != codec.name:
        return Unbelieved.WRONG_PROTOCOL
    if device.networks and not source.within(device.networks):
        return Unbelieved.WRONG_NETWORK
    return None


_TOLD_TRUST: Final[Mapping[str, Trust]] = {one.value: one for one in (Trust.ATTESTED, Trust.SELF_REPORTED)}


def _trust(device: Device, codec: Codec) -> Trust:
    if (told := _TOLD_TRUST.get(device.trust)) is not None:
        return told
    if codec.transport is Transport.HTTP:
        return Trust.SECRET
    return Trust.NETWORK if device.networks else Trust.IMEI
