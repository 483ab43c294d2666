"""The app's encryption: base64(24-byte nonce + XSalsa20-Poly1305 box); the key is the secret, zero-padded."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from aralyk.protocols.errors import ErrorCode, ProtocolError

BOX_BYTES_MIN: Final = SecretBox.NONCE_SIZE + SecretBox.MACBYTES


def opened(data: object, *, key: bytes | None) -> bytes:
    """Decrypt what a message of the type "encrypted" holds; a changed byte is found.

    Args:
        data: The member `data`.
        key: The registered secret; None: the device has none.

    Raises:
        ProtocolError: Not a box, or one that this key does not open.
    """
    box = _box_bytes(data)
    if not key:
        raise ProtocolError(ErrorCode.NOT_OPENED, "data: expected a device with a registered key, as it encrypts")
    try:
        return _box(key).decrypt(box)
    except CryptoError:
        raise ProtocolError(
            ErrorCode.NOT_OPENED, "data: expected a box of the registered key, without a changed byte"
        ) from None


def sealed(content: bytes, *, key: bytes, nonce: bytes | None = None) -> str:
    """Encrypt; without a nonce a random one is drawn.

    Raises:
        ValueError: An empty key.
    """
    if not key:
        raise ValueError("key: expected at least one byte")
    return base64.b64encode(bytes(_box(key).encrypt(content, nonce))).decode("ascii")


def _box(key: bytes) -> SecretBox:
    return SecretBox(key[: SecretBox.KEY_SIZE].ljust(SecretBox.KEY_SIZE, b"\0"))


def _box_bytes(data: object) -> bytes:
    try:
        box = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        box = b""
    if len(box) < BOX_BYTES_MIN:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"data: expected base64 of at least {BOX_BYTES_MIN} bytes")
    return box
