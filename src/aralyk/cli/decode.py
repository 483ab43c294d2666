"""`aralyk decode PROTOCOL`: what does this device say?

A line of stdin is one frame as in the reference's vectors; a line of stdout is what our codec reads in it. A frame that
can't be decoded is an answer (`error`); a line that is no frame at all is the caller's mistake: it is named on stderr,
the other lines are still answered, and the exit code is 2.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
import typer
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from aralyk.cli.errors import EXIT_MISTAKE, CommandRefused
from aralyk.protocols import registry
from aralyk.protocols.codec import Codec, Decoded, HttpRequest, Session
from aralyk.protocols.errors import ProtocolError

LINE_BYTES_MAX: Final = 1_000_000  # a frame has at most 64 KiB, twice that in hex
CONNECTIONS_MAX: Final = 100_000  # of one run; each holds a few hundred bytes


class HttpLine(msgspec.Struct, kw_only=True):
    """The request of a frame of kind http; without a body the line's `frame` is the body."""

    uri: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str | msgspec.UnsetType | None = msgspec.UNSET


class FrameLine(msgspec.Struct, kw_only=True):
    """One line of input; further fields (a vector's `expect`, `transport` …) are ignored.

    A frame that names nobody is read as `device_id`'s; `model` and `secret` (the key of a device that encrypts) stand
    for what the registry would know, `context` for what earlier frames said, as the log has it beside the frame. A line
    is read by itself unless it has a `connection`: lines of the same one are its frames in their order, and a login
    counts for the later ones.
    """

    id: str
    kind: Literal["hex", "text", "http"]
    frame: str = ""
    http: HttpLine | None = None
    device_id: str | None = None
    model: str | None = None
    secret: str | None = None
    context: dict[str, str] = {}
    connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMistake:
    """A line of input that is no frame."""

    number: int
    field: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.field}: {self.expected}"


def decode(
    protocol: Annotated[str, typer.Argument(help="Name of a protocol.")],
    json: Annotated[bool, typer.Option("--json", help="JSON Lines instead of a table.")] = False,
) -> int:
    """Read frames from stdin, one JSON object per line.

    {"id", "kind": "hex"|"text"|"http", "frame", "http": {"method", "uri", "headers", "body"}, "device_id", "model",
    "secret", "context", "connection"}. `text` is Latin-1. For a protocol over HTTP, `hex` and `text` hold the frame as
    the log keeps it ("?" + query + line feed + body; see the protocol's README), and `http` a request; one without a
    body has it in `frame`. Lines with the same `connection` are read in order: a login names the device of the later
    ones, and what a frame said about the later ones is their `context`.
    """
    codec = registry().get(protocol)
    if codec is None:
        raise CommandRefused(f"PROTOCOL: expected one of {', '.join(registry())}, found {protocol!r}")
    mistakes = 0
    answers = _answers(codec, sys.stdin.buffer)
    shown = _print_json if json else _print_table
    for mistake in shown(answers):
        print(f"aralyk decode: {mistake}", file=sys.stderr)
        mistakes += 1
    return EXIT_MISTAKE if mistakes else 0


def _answers(codec: Codec, lines: Iterable[bytes]) -> Iterator[dict[str, Any] | LineMistake]:
    connections: dict[str, Session] = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        line = _frame_line(number, raw)
        if isinstance(line, LineMistake):
            yield line
        elif line.connection is not None and line.connection not in connections and len(connections) >= CONNECTIONS_MAX:
            yield LineMistake(number=number, field="connection", expected=f"expected at most {CONNECTIONS_MAX}")
        else:
            yield _answer(codec, number, line, connections)


def _print_json(answers: Iterable[dict[str, Any] | LineMistake]) -> Iterator[LineMistake]:
    encoder = msgspec.json.Encoder()
    for answer in answers:
        if isinstance(answer, LineMistake):
            yield answer
        else:
            sys.stdout.write(encoder.encode(answer).decode("utf-8") + "\n")
    sys.stdout.flush()


def _print_table(answers: Iterable[dict[str, Any] | LineMistake]) -> Iterator[LineMistake]:
    table = Table()
    for title in ("frame", "device", "fixed at", "place", "says"):
        table.add_column(title, overflow="fold")
    for answer in answers:
        if isinstance(answer, LineMistake):
            yield answer
        elif answer["error"]:
            table.add_row(answer["id"], "", "", "", f"error {answer['error']['code']}: {answer['error']['detail']}")
        else:
            for message in answer["messages"]:
                table.add_row(answer["id"], *_cells(message))
            if not answer["messages"]:
                table.add_row(answer["id"], "", "", "", "a sign of life without a record")
    Console().print(table)


def _cells(message: dict[str, Any]) -> tuple[str, str, str, str]:
    place = "" if message["lat"] is None else f"{message['lat']:.6f}, {message['lon']:.6f}"
    apart = {"device_id", "fixed_at", "lat", "lon"}
    said = (f"{name}={value}" for name, value in message.items() if name not in apart and value not in (None, [], {}))
    return message["device_id"] or "", message["fixed_at"] or "", place, " ".join(said)


def _frame_line(number: int, raw: bytes) -> FrameLine | LineMistake:
    if len(raw) > LINE_BYTES_MAX:
        return LineMistake(number=number, field="line", expected=f"expected at most {LINE_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(raw, type=FrameLine)
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `$.")
        return LineMistake(number=number, field=field.rstrip("`") or "line", expected=reason)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return LineMistake(number=number, field="line", expected="expected one JSON object in UTF-8")


def _answer(
    codec: Codec, number: int, line: FrameLine, connections: dict[str, Session]
) -> dict[str, Any] | LineMistake:
    frame = _frame_bytes(codec, number, line)
    if isinstance(frame, LineMistake):
        return frame
    answer: dict[str, Any] = {"id": line.id, "messages": [], "reply_hex": None, "error": None}
    status = 200
    session = _session(line, connections.get(line.connection or ""))
    try:
        decoded = codec.decode(frame, session)
        answer["messages"] = [message.as_dict() for message in decoded.messages]
        answer["reply_hex"] = None if decoded.answer is None else decoded.answer.hex()
        if decoded.withheld and decoded.answer is not None:
            answer["reply_withheld"] = True  # it would fetch a picture: the device waits for it, and it is never sent
        if decoded.context is not None:
            answer["context"] = dict(decoded.context)
        if line.connection is not None:
            connections[line.connection] = _after(session, decoded)
    except ProtocolError as error:
        answer["error"] = {"code": error.code.value, "detail": error.detail}
        status = codec.refusal_status(error.code) if codec.refusal_status else status
    if codec.refusal_status is not None:
        answer["reply_status"] = status
    return answer


def _session(line: FrameLine, known: Session | None) -> Session:
    key = None if line.secret is None else line.secret.encode()
    if known is None:
        return Session(device_id=line.device_id, model=line.model, key=key, context=line.context)
    return Session(
        device_id=line.device_id or known.device_id,
        model=line.model or known.model,
        key=key or known.key,
        context={**known.context, **line.context},
    )


def _after(session: Session, decoded: Decoded) -> Session:
    """What is known of a connection once a frame was read; another device's login begins anew."""
    said = decoded.context or {}
    if session.device_id not in (None, decoded.device_id):
        return Session(device_id=decoded.device_id, context=said)
    return replace(session, device_id=decoded.device_id, context={**session.context, **said})


def _frame_bytes(codec: Codec, number: int, line: FrameLine) -> bytes | LineMistake:
    if line.kind == "http":
        if codec.frame_of_request is None:
            return LineMistake(number=number, field="kind", expected=f"expected hex or text: {codec.name} is not HTTP")
        if line.http is None:
            return LineMistake(number=number, field="http", expected="expected an object with method, uri and body")
        http = line.http
        body = line.frame if isinstance(http.body, msgspec.UnsetType) else http.body or ""
        headers = {name.lower(): value for name, value in http.headers.items()}
        return codec.frame_of_request(
            HttpRequest(method=http.method, target=http.uri.encode(), body=body.encode(), headers=headers)
        )
    try:
        return bytes.fromhex(line.frame) if line.kind == "hex" else line.frame.encode("latin-1")
    except ValueError:
        form = "pairs of hexadecimal digits" if line.kind == "hex" else "characters of Latin-1"
        return LineMistake(number=number, field="frame", expected=f"expected {form}")
