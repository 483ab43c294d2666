"""Reads a watch's frames: positions and alarms, links, measurements of the body, media, answers to commands.

The frame's declared length was the splitter's matter; here the content is what stands before the last "]", and a length
that differs is noted. All bits of the status word are read. A position whose alarm or open strap is known is given even
if its place can't be read: an alarm must never wait for a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.codec import Sequence as FrameNumber
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Range, parse_number
from aralyk.protocols.messages import Message
from aralyk.protocols.watch.position import FIELDS_BEFORE_NETWORKS, read_position
from aralyk.protocols.watch.wire import FRAME_BYTES_MAX, Head, read_head, write_frame

INDEX_LAST: Final = 0xFFFF
PERCENT: Final = Range(low=0, high=100, unit="percent")
STEPS: Final = Range(low=0, high=10_000_000, unit="steps")
BEATS: Final = Range(low=1, high=400, unit="beats per minute")
PRESSURE: Final = Range(low=1, high=400, unit="mmHg")
CELSIUS: Final = Range(low=-50, high=100, unit="degrees Celsius")
_NOT_KEPT: Final = b"--"  # in the place of a sound or a picture
JXTK_PARTS: Final = 4  # fields before the sound of a part: two names, its number, their number
_INDEX: Final = re.compile(r"[0-9A-Fa-f]{4}")

_COMMANDS: Final = {
    b"UPLOAD": CommandKind.INTERVAL,
    b"CR": CommandKind.POSITION,
    b"MESSAGE": CommandKind.MESSAGE,
    b"FIND": CommandKind.BUZZ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a content says; `answer` is the content of ours, `kept` the content without what was seen or heard."""

    answer: bytes | None = None
    kept: bytes | None = None
    messages: tuple[Message, ...] = ()
    command_answers: tuple[CommandAnswer, ...] = field(default=())


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, unescaped.

    Args:
        frame: From "[" to "]".
        session: What was said of the connection before; every frame names its device.

    Returns:
        The records, the answer where the watch waits for one, and its maker's letters and form for our commands.

    Raises:
        ProtocolError: Not a frame of this protocol; nothing else is raised for any bytes.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    head = read_head(frame)
    if head is None or not frame.endswith(b"]"):
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected [XX*id*LLLL*content] or the form with an index")
    content = frame[head.ends_at : -1]
    kind, _, rest = content.partition(b",")
    said = _read(kind, rest, _notes(head, content), head.device_id)
    context = {"manufacturer": head.manufacturer} | ({} if head.index is None else {"numbered": "yes"})
    return Decoded(
        device_id=head.device_id,
        messages=said.messages,
        answer=None if said.answer is None else _answer(said.answer, head),
        context=None if context == dict(session.context) else context,
        command_answers=said.command_answers,
        sequence=_number(head),
        kept=None if said.kept is None else _answer(said.kept, head),
    )


def _notes(head: Head, content: bytes) -> dict[str, Any]:
    return {} if len(content) == head.content_bytes else {"declared_length_differs": True}


def _answer(content: bytes, head: Head) -> bytes:
    return write_frame(content, manufacturer=head.manufacturer, device_id=head.device_id, index=head.index)


def _number(head: Head) -> FrameNumber | None:
    if head.index is None or not _INDEX.fullmatch(head.index):
        return None
    return FrameNumber(number=int(head.index, 16), last=INDEX_LAST)


def _read(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    if kind.startswith((b"UD", b"AL", b"WT")):
        alarming = kind.startswith(b"AL")
        if not alarming and not extra and rest.count(b",") < FIELDS_BEFORE_NETWORKS - 1:
            return _Said()  # a whole frame of another form, and no alarm
        message = read_position(rest, device_id=device_id, alarming=alarming, extra=extra)
        return _Said(answer=b"AL" if alarming else None, messages=(message,))
    if kind in _COMMANDS:
        return _Said(command_answers=(CommandAnswer(kind=_COMMANDS[kind], accepted=True),))
    reader = _READERS.get(kind) or _READERS.get(kind.lower())
    return _Said() if reader is None else reader(kind, rest, extra, device_id)


def _link(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    values = _values(rest)
    if len(values) < 3:
        return _Said(answer=kind)
    battery_pct = _number_or_none(values[2], "battery", PERCENT, extra)
    steps = _number_or_none(values[0], "steps", STEPS, extra)
    if steps is not None:
        extra["steps"] = int(steps)
    return _Said(answer=kind, messages=(Message(device_id=device_id, battery_pct=battery_pct, extra=extra),))


def _echo(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    return _Said(answer=kind)


def _init(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    return _Said(answer=b"INIT,1")


def _heart(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    return _measured({"heart_rate_bpm": (0, BEATS)}, rest, extra, device_id)


def _pressure(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    names = {"pressure_high_mmhg": (0, PRESSURE), "pressure_low_mmhg": (1, PRESSURE), "heart_rate_bpm": (2, BEATS)}
    return _measured(names, rest, extra, device_id)


def _temperature(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    worn = _values(rest)[:1] != ["0"]
    return _measured({"body_temperature_c": (1, CELSIUS)} if worn else {}, rest, extra, device_id)


def _measured(names: Mapping[str, tuple[int, Range]], rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    values = _values(rest)
    for name, (at, bounds) in names.items():
        number = _number_or_none(values[at] if at < len(values) else "", name, bounds, extra)
        if number is not None:
            extra[name] = number
    return _Said(messages=(Message(device_id=device_id, extra=extra),) if rest else ())


# A child's or a wearer's surroundings: that there was a sound or a picture is said, itself it is not kept (ADR-0015).


def _sound(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    if len(rest) <= 1:
        return _Said()  # what the watch thinks of a sound that was sent to it
    return _Said(messages=(Message(device_id=device_id, extra={"audio": True}),), kept=kind + b"," + _NOT_KEPT)


def _sound_part(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    parts = rest.split(b",", JXTK_PARTS)
    if len(parts) <= JXTK_PARTS:
        return _Said(answer=b"JXTKR,1")
    last = parts[2].strip().lstrip(b"0") == parts[3].strip().lstrip(b"0")
    messages = (Message(device_id=device_id, extra={"audio": True}),) if last else ()
    return _Said(answer=b"JXTKR,1", messages=messages, kept=b",".join([kind, *parts[:JXTK_PARTS], _NOT_KEPT]))


def _image(kind: bytes, rest: bytes, extra: dict[str, Any], device_id: str) -> _Said:
    return _Said(messages=(Message(device_id=device_id, extra={"image": True}),), kept=kind + b"," + _NOT_KEPT)


_READERS: Final[Mapping[bytes, Callable[[bytes, bytes, dict[str, Any], str], _Said]]] = {
    b"INIT": _init,
    b"LK": _link,
    b"TKQ": _echo,
    b"TKQ2": _echo,
    b"pulse": _heart,
    b"heart": _heart,
    b"blood": _pressure,
    b"bphrt": _pressure,
    b"btemp2": _temperature,
    b"TK": _sound,
    b"JXTK": _sound_part,
    b"img": _image,
}


def _values(rest: bytes) -> Sequence[str]:
    return rest.decode("latin-1").split(",") if rest else []


def _number_or_none(text: str, name: str, bounds: Range, extra: dict[str, Any]) -> float | None:
    if not text.strip():
        return None
    try:
        return parse_number(text, name=name, bounds=bounds)
    except ProtocolError:
        extra["unreadable"] = sorted({*extra.get("unreadable", ()), name})
        return None
