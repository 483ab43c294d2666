"""The key that pushes are signed with (VAPID, RFC 8292): made once. Browsers read its public half."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from py_vapid import Vapid02

from aralyk.evidence.keys import write_once

PRIVATE_FILE: Final = Path("keys") / "push.pem"
PUBLIC_FILE: Final = Path("keys") / "push.pub"  # as a browser wants it: base64url of the uncompressed point


def signing_key_file(home: Path) -> Path:
    """Where the private key is; made when there is none yet, readable for us alone."""
    path = home / PRIVATE_FILE
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = Vapid02()
        key.generate_keys()
        write_once(path, key.private_pem(), mode=0o600)
    point = Vapid02.from_file(str(path)).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    public = home / PUBLIC_FILE
    if not public.exists():
        write_once(public, base64.urlsafe_b64encode(point).rstrip(b"="), mode=0o644)
    return path
