"""Files that are exchanged with another office's register: canonical JSON, and a detached Ed25519 signature beside it.

Nobody has published the register's fields, so this is our own layout; docs/how-to/exchange-with-the-register.md says
which field should become which, and that all of it is unverified. The signature is one line, "— <key> <base64>", over
the format's name, a line break and the file's bytes: a signature of something else never fits a file.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from aralyk.access.errors import Refused
from aralyk.evidence.keys import SigningKey
from aralyk.ledger.canonical import CanonicalError, canonical_bytes, parse_canonical
from aralyk.ledger.checkpoint import KEY_ID_BYTES, SIGNATURE_BYTES, PublicKey

ORDER_FORMAT: Final = "protection-order/1"
REPLY_FORMAT: Final = "protection-order-reply/1"
FILE_BYTES_MAX: Final = 1_000_000  # a day's records of a country are a tenth of it
RECORDS_MAX: Final = 2_000
# From the message's two ends alone, and in letters of our own fields: between them it may quote what they sent.
_AT = re.compile(r" - at `\$\.?([a-z_.\[\]0-9]*)`\Z")
_MISSING = re.compile(r"\AObject missing required field `([a-z_]+)`")

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$", description="UTC")]
Number = Annotated[str, Meta(min_length=1, max_length=80)]
Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file; an unknown field refuses the file."""


class ArticleOut(Part, frozen=True, kw_only=True):
    """An article as the pack cites it; `unverified`: nobody has compared its number with the official text."""

    slug: Slug
    act: str
    number: str | None
    unverified: bool


class AreaOut(Part, frozen=True, kw_only=True):
    """A closed area: the public one, or in a sealed file the zone's own place (`exact`)."""

    code: str
    lat: float
    lon: float
    radius_m: float
    exact: bool


class ConditionOut(Part, frozen=True, kw_only=True):
    """A condition. `warning_m` stands in sealed files alone."""

    kind: Slug
    article: ArticleOut
    distance_m: float | None
    warning_m: float | None
    area: AreaOut | None


class OrderOut(Part, frozen=True, kw_only=True):
    """The order."""

    number: Number
    jurisdiction: str
    legal_basis: Slug
    article: ArticleOut
    district: Slug
    threat: Slug
    version: int
    issued_at: Time
    starts_at: Time
    expires_at: Time
    ended_at: Time | None


class RespondentOut(Part, frozen=True, kw_only=True):
    """The person whom the order binds."""

    name: str
    born_on: str | None
    residence_district: Slug


class ProtectedOut(Part, frozen=True, kw_only=True):
    """A protected person: nothing but a place in the list, or in a sealed file the facts that were looked at for it."""

    facts: dict[str, str]


class OrderFile(Part, frozen=True, kw_only=True):
    """What we send."""

    format: Literal["protection-order/1"]
    file: str
    made_at: Time
    sender: str
    register: Slug
    sealed: bool
    order: OrderOut
    respondent: RespondentOut
    protected_persons: tuple[ProtectedOut, ...]
    conditions: tuple[ConditionOut, ...]


class RecordKind(StrEnum):
    """What the other register may tell of an order."""

    REGISTERED = "registered"
    CHECKED = "checked"
    PROTOCOL_DRAWN = "protocol_drawn"
    REFUSED = "refused"


class RecordIn(Part, frozen=True, kw_only=True):
    """One record of theirs about one of our orders; no free text, so no name or place comes in by this way."""

    record: Number
    kind: RecordKind
    order_number: Number
    recorded_at: Time
    external_number: Number | None = None


class ReplyFile(Part, frozen=True, kw_only=True):
    """What they send."""

    format: Literal["protection-order-reply/1"]
    file: Number
    made_at: Time
    register: Slug
    records: Annotated[tuple[RecordIn, ...], Meta(min_length=1, max_length=RECORDS_MAX)]


def write(content: OrderFile | ReplyFile) -> bytes:
    """The file's bytes: canonical, as docs/reference/ledger.md says."""
    return canonical_bytes(msgspec.to_builtins(content))


def read_reply(content: bytes) -> ReplyFile:
    """A file of theirs, in its only spelling.

    Raises:
        Refused: invalid, naming the field by its path; what stands there is never quoted.
    """
    if len(content) > FILE_BYTES_MAX:
        raise Refused.field("file", expected=f"at most {FILE_BYTES_MAX} bytes", found=len(content))
    try:
        value = parse_canonical(content)
    except CanonicalError as error:
        raise Refused.field("file", expected=f"canonical JSON: {error}") from None
    try:
        return msgspec.convert(value, ReplyFile)
    except msgspec.ValidationError as error:
        raise Refused.field(_path(str(error)), expected="the form that the schema names") from None


def schema() -> dict[str, Any]:
    """The JSON Schema of both files, for the other office."""
    found, components = msgspec.json.schema_components([OrderFile, ReplyFile], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "oneOf": list(found), "$defs": components}


def sign(content: bytes, *, format_: str, key: SigningKey) -> bytes:
    """The detached signature: one line."""
    signature = key.private.sign(_signed(content, format_))
    line = b64encode(key.public.key_id + signature).decode()
    return f"\N{EM DASH} {key.public.name} {line}\n".encode()


def holds(content: bytes, signature: bytes, *, format_: str, key: PublicKey) -> bool:
    """Whether this key signed exactly these bytes as a file of this format."""
    try:
        mark, name, text = signature.decode("utf-8").removesuffix("\n").split(" ")
        raw = b64decode(text.encode("ascii"), validate=True)
    except (ValueError, Base64Error):
        return False
    if mark != "\N{EM DASH}" or name != key.name or len(raw) != KEY_ID_BYTES + SIGNATURE_BYTES:
        return False
    if b64encode(raw).decode() != text:  # the bits that base64 leaves unused have one spelling, too
        return False
    return raw[:KEY_ID_BYTES] == key.key_id and key.holds(_signed(content, format_), raw[KEY_ID_BYTES:])


def _signed(content: bytes, format_: str) -> bytes:
    return format_.encode() + b"\n" + content


def _path(message: str) -> str:
    """The field's path from the reader's message, which may quote values and is shown to nobody."""
    at, missing = _AT.search(message), _MISSING.search(message)
    parts = [at.group(1) if at else "", missing.group(1) if missing else ""]
    return ".".join(part for part in parts if part)[:100] or "file"
