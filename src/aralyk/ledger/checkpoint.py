"""A checkpoint: the whole log at one moment in two numbers, signed (a C2SP tlog-checkpoint inside a signed note).

    <origin>\\n<size>\\n<base64 root>\\nat <time>\\n      the text, signed with its last line break
    \\n
    — <key name> <base64 (4 bytes key id || 64 bytes Ed25519 signature)>\\n
Key id = first 4 bytes of SHA-256(name || "\\n" || 0x01 || public key). A key is one line, name+id+base64(0x01 || public
key): what goes to the court's own folder. Reading is strict: a note has one spelling, so any changed byte is seen.
A note may carry more signatures (witnesses, a rotated key): `signed_by` answers for one key at a time.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aralyk.ledger.merkle import HASH_BYTES

ED25519: Final = b"\x01"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEY_ID_BYTES: Final = 4
NOTE_BYTES_MAX: Final = 10_000  # a dozen witnesses; a note is read whole before anything in it is trusted
SIZE_MAX: Final = 2**56

# A key's name is also the log's origin: no space, no plus (they separate), ASCII so that two never look the same.
_NAME = re.compile(r"[!-*,-~]{1,120}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,16}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class CheckpointError(ValueError):
    """Not a key, note or checkpoint in its only spelling; the message names the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A log's verification key and its name."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell keys apart inside a note; not a fingerprint to trust."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:KEY_ID_BYTES]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, hex: what two people compare over the telephone."""
        return sha256(self.raw).hexdigest()

    def line(self) -> str:
        """The key as one line of text, without a line break."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.raw)}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Tell whether this key signed exactly these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line of a note, not yet checked."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: so many leaves, this root, at this time. Signatures are not part of it."""

    origin: str
    size: int
    root: bytes
    at: str

    def text(self) -> bytes:
        """The bytes that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\nat {self.at}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A parsed note: the checkpoint with its signatures. Parsing proves nothing; ask `signed_by`."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def signed_by(self, key: PublicKey) -> bool:
        """Tell whether this key signed the checkpoint.

        Guarantee: A line that names this key and does not hold makes the answer False, even beside one that does.
        """
        ours = [s for s in self.signatures if s.name == key.name and s.key_id == key.key_id]
        return bool(ours) and all(key.holds(self.checkpoint.text(), s.signature) for s in ours)


def parse_key(line: str) -> PublicKey:
    """Read a key line (`PublicKey.line`), with or without one line break at its end.

    Raises:  CheckpointError: Not a key line, not Ed25519, or its id is not that of the key.
    """
    parts = line.removesuffix("\n").split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise CheckpointError("key: expected one line name+id+base64")
    raw = _unbase64(parts[2], "key")
    if len(raw) != 1 + KEY_BYTES or raw[:1] != ED25519:
        raise CheckpointError("key: expected an Ed25519 public key of 32 bytes")
    key = PublicKey(name=parts[0], raw=raw[1:])
    if parts[1] != key.key_id.hex():
        raise CheckpointError(f"key: expected id {key.key_id.hex()}, found another")
    return key


def public_key(name: str, private: Ed25519PrivateKey) -> PublicKey:
    """Name the public half of a signing key.

    Raises:  CheckpointError: The name has a space, a plus, or is not 1 to 120 printable ASCII characters.
    """
    if not _NAME.fullmatch(name):
        raise CheckpointError("key name: expected 1 to 120 printable ASCII characters without space and plus")
    return PublicKey(name=name, raw=private.public_key().public_bytes_raw())


def check_time(text: str) -> str:
    """Give the time back if it is `2026-11-21T10:00:00.123456Z`, a real moment in its only spelling.

    Raises:  CheckpointError: It is not.
    """
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError as error:
        raise CheckpointError("time: expected UTC like 2026-11-21T10:00:00.123456Z") from error
    return text


def sign(checkpoint: Checkpoint, *, name: str, private: Ed25519PrivateKey) -> bytes:
    """Write the note: the checkpoint's text and one signature.

    Raises:  CheckpointError: The checkpoint would not parse again (its origin, time, size or root).
    """
    key = public_key(name, private)
    text = checkpoint.text()
    signature = _base64(key.key_id + private.sign(text))
    note = text + f"\n\N{EM DASH} {name} {signature}\n".encode()
    if parse(note).checkpoint != checkpoint:
        raise CheckpointError("checkpoint: another one would be read")
    return note


def parse(note: bytes) -> SignedCheckpoint:
    """Read a note in its only spelling. Nothing is verified here but the form.

    Raises:  CheckpointError: Any deviation; the message names the line.
    """
    if len(note) > NOTE_BYTES_MAX:
        raise CheckpointError(f"note: expected at most {NOTE_BYTES_MAX} bytes, found {len(note)}")
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError("note: expected UTF-8") from error
    head, blank, tail = text.partition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise CheckpointError("note: expected a text, an empty line and signature lines, each ended by a line break")
    return SignedCheckpoint(
        checkpoint=_parse_text(head.split("\n")),
        signatures=tuple(_parse_signature(line) for line in tail.removesuffix("\n").split("\n")),
    )


def _parse_text(lines: Sequence[str]) -> Checkpoint:
    if len(lines) != 4:
        raise CheckpointError(f"checkpoint: expected 4 lines, found {len(lines)}")
    origin, size, root, at = lines
    if not _NAME.fullmatch(origin):
        raise CheckpointError("origin: expected 1 to 120 printable ASCII characters without space and plus")
    if not _NUMBER.fullmatch(size) or int(size) > SIZE_MAX:
        raise CheckpointError("size: expected a decimal number without leading zeros, at most 2^56")
    hash_ = _unbase64(root, "root")
    if len(hash_) != HASH_BYTES:
        raise CheckpointError(f"root: expected {HASH_BYTES} bytes, found {len(hash_)}")
    if not at.startswith("at "):
        raise CheckpointError("time: expected a line 'at <time>'")
    return Checkpoint(origin=origin, size=int(size), root=hash_, at=check_time(at[3:]))


def _parse_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}" or not _NAME.fullmatch(parts[1]):
        raise CheckpointError("signature: expected a line '— <name> <base64>'")
    raw = _unbase64(parts[2], "signature")
    if len(raw) != KEY_ID_BYTES + SIGNATURE_BYTES:
        raise CheckpointError(f"signature: expected {KEY_ID_BYTES + SIGNATURE_BYTES} bytes, found {len(raw)}")
    return Signature(name=parts[1], key_id=raw[:KEY_ID_BYTES], signature=raw[KEY_ID_BYTES:])


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _unbase64(text: str, part: str) -> bytes:
    """Decode base64 in its only spelling: the bits that padding leaves unused must be zero."""
    try:
        raw = b64decode(text.encode("ascii"), validate=True)
    except (Base64Error, ValueError) as error:
        raise CheckpointError(f"{part}: expected base64") from error
    if _base64(raw) != text:
        raise CheckpointError(f"{part}: base64, but not in its only spelling")
    return raw
