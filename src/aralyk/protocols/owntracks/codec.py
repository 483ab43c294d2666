"""Reads the requests of the OwnTracks app: one JSON message, an array of them, an encrypted one, or the CSV short form.

A frame is "?" + u and d (what the app calls its user and device) + LF + body; a frame that does not begin with "?" is a
body alone. Who speaks is the device of the secret in the path: user, device, topic and tid are words that anybody can
type into the app, so they name a device only where no session does (single frames in `aralyk decode`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

import msgspec

from aralyk.protocols.codec import Decoded, HttpRequest, Session
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message
from aralyk.protocols.owntracks.box import opened
from aralyk.protocols.owntracks.records import message_of, type_of

FRAME_BYTES_MAX: Final = 64 * 1024  # a location has 150 to 900 bytes; a card with a picture some 10 KiB
MESSAGES_MAX: Final = 500  # of an array; the app sends one
NO_COMMANDS: Final = b"[]"  # the app expects an array in every answer

_LABEL: Final = re.compile(r"[!-~]{1,128}")  # a topic holds two names and often a UUID
_SUB_TOPICS: Final = frozenset({"event", "waypoint", "waypoints", "status", "step", "beacon", "cmd", "dump", "info"})
# Their answers hold the app's whole configuration: the address with our secret, the password, the encryption key.
_SECRET_TYPES: Final = frozenset({"configuration", "dump"})
_CSV: Final = re.compile(
    rb"(?P<tid>[!-+\--~]{1,8}),(?P<tst>[0-9A-Fa-f]{1,8}),(?P<t>[!-+\--~]),(?P<lat>-?[0-9]{1,9}),(?P<lon>-?[0-9]{1,10}),"
    rb"(?P<cog>[0-9]{1,3}),(?P<vel>[0-9]{1,4}),(?P<alt>-?[0-9]{1,5}),(?P<dist>[0-9]{1,9}),(?P<trip>[0-9]{1,9})"
)


def frame_of_request(request: HttpRequest) -> bytes:
    """Make the frame that is kept: user, device and body; never the path, nor a configuration that repeats it."""
    _, _, query = request.target.partition(b"?")
    said = dict(pair.partition(b"=")[::2] for pair in query.split(b"&"))
    labels: list[bytes] = []
    for name in ("u", "d"):
        label = said.get(name.encode(), b"").replace(b"\n", b"")
        label = label or quote(request.headers.get(f"x-limit-{name}", "")).encode()
        if label:
            labels.append(name.encode() + b"=" + label)
    return b"?" + b"&".join(labels) + b"\n" + _without_secrets(request.body)


def refusal_status(_code: ErrorCode) -> int:
    """200: what the app's queue must drop is in quarantine, with all its bytes; see README.md."""
    return 200


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one request.

    Args:
        frame: "?" + labels + LF + body, or a body alone.
        session: The device of the secret that the request came with, and its key if it encrypts.

    Returns:
        A message for each of the request's; the answer is an empty array of commands.

    Raises:
        ProtocolError: Not a request of this app, a box that the key does not open, or no readable message; nothing else
            is raised for any bytes.
    """
    labels, body = _split(frame)
    items = [inner for item in _items(body) for inner in _opened(item, session)]
    if len(items) > MESSAGES_MAX:
        raise ProtocolError(ErrorCode.TOO_MANY_FIELDS, f"body: expected at most {MESSAGES_MAX} messages")
    messages = _messages(items, labels, session)
    named = next((m.device_id for m in messages if m.device_id), None) or _device_id({}, labels, session)
    asked = any(type_of(item) == "location" and item.get("t") == "r" for item in items if isinstance(item, dict))
    return Decoded(
        device_id=named,
        messages=tuple(messages),
        answer=NO_COMMANDS,
        command_answers=(CommandAnswer(kind=CommandKind.POSITION, accepted=True),) if asked else (),
    )


def _messages(items: list[object], labels: Mapping[str, str], session: Session) -> list[Message]:
    """Read all; one that can't be read costs the others nothing, unless there is no other."""
    messages: list[Message] = []
    errors: list[ProtocolError] = []
    for number, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise ProtocolError(ErrorCode.BAD_FIELD, "body: expected JSON objects")
            messages.append(message_of(item, device_id=_device_id(item, labels, session)))
        except ProtocolError as error:
            errors.append(error)
            field = f"{number}.{error.detail.partition(':')[0]}"
            messages.append(Message(device_id=_device_id({}, labels, session), extra={"unreadable": [field]}))
    if errors and len(errors) == len(items):
        raise errors[0]
    return messages


def _split(frame: bytes) -> tuple[dict[str, str], bytes]:
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"request: expected at most {FRAME_BYTES_MAX} bytes")
    if not frame.startswith(b"?"):
        return {}, frame
    head, line_feed, body = frame[1:].partition(b"\n")
    if not line_feed:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '?', user and device, a line feed and the body")
    labels: dict[str, str] = {}
    for pair in head.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name in (b"u", b"d"):
            labels[name.decode()] = unquote_to_bytes(value).decode("utf-8", "replace")
    return labels, body


def _items(body: bytes) -> list[object]:
    body = body.strip()
    if not body:  # the app posts nothing when a friend is deleted
        return []
    if csv := _CSV.fullmatch(body):
        return [_item_of_csv(csv)]
    root = _json(body)
    return root if isinstance(root, list) else [root]


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(ErrorCode.NOT_JSON, "body: expected JSON in UTF-8") from None


def _opened(item: object, session: Session) -> Iterator[object]:
    if not isinstance(item, dict) or type_of(item) != "encrypted":
        yield item
        return
    for inner in _items(opened(item.get("data"), key=session.key)):
        if isinstance(inner, dict) and type_of(inner) == "encrypted":
            raise ProtocolError(ErrorCode.BAD_FIELD, "data: expected no box within a box")
        yield inner


def _item_of_csv(csv: re.Match[bytes]) -> dict[str, Any]:
    return {
        "_type": "location",
        "tid": csv["tid"].decode("ascii"),
        "tst": int(csv["tst"], 16),
        "t": csv["t"].decode("ascii"),
        "lat": int(csv["lat"]) / 1_000_000,
        "lon": int(csv["lon"]) / 1_000_000,
        "cog": int(csv["cog"]) * 10,
        "vel": int(csv["vel"]),
        "alt": int(csv["alt"]) * 10,
        "dist": int(csv["dist"]),
        "trip": int(csv["trip"]) * 1000,
    }


def _device_id(item: Mapping[str, object], labels: Mapping[str, str], session: Session) -> str | None:
    if session.device_id is not None:
        return session.device_id
    user_device = "/".join(labels[name] for name in ("u", "d") if name in labels)
    for said in (_base_topic(item.get("topic")), item.get("tid"), user_device):
        if isinstance(said, str) and _LABEL.fullmatch(said):
            return said
    return None


def _base_topic(topic: object) -> object:
    if not isinstance(topic, str):
        return None
    base, _, last = topic.rpartition("/")
    return base if last in _SUB_TOPICS and base.count("/") >= 2 else topic


def _without_secrets(body: bytes) -> bytes:
    if not any(b'"' + kind.encode() + b'"' in body for kind in _SECRET_TYPES):
        return body
    try:
        root = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body
    items = root if isinstance(root, list) else [root]
    kept = [{"_type": type_of(item)} if _is_secret(item) else item for item in items]
    if kept == items:
        return body
    return msgspec.json.encode(kept if isinstance(root, list) else kept[0])


def _is_secret(item: object) -> bool:
    return isinstance(item, dict) and type_of(item) in _SECRET_TYPES
