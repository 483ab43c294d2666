"""The log's signing key: one Ed25519 key, made once, in a file that only its owner reads.

`<home>/keys/log.pem` (0600) is the private key, `<home>/keys/log.vkey` the public one as a single line: that line
goes to the court's and the prosecutor's own folders on the first day, for a key that comes with a bundle proves only
that the bundle agrees with itself. The key's name is the log's origin; another origin is another log and needs
another home. What is signed besides the log has a key of its own beside it (`keys/NAME.pem`, `keys/NAME.vkey`).
"""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aralyk.ledger.checkpoint import CheckpointError, PublicKey, parse_key, public_key

PRIVATE_FILE: Final = Path("keys") / "log.pem"
PUBLIC_FILE: Final = Path("keys") / "log.vkey"
LOG: Final = "log"


class KeyProblem(RuntimeError):
    """The signing key can't be used: unreadable for us, readable for others, or of another log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The log's key, both halves. Its repr shows the public half alone."""

    private: Ed25519PrivateKey
    public: PublicKey

    def __repr__(self) -> str:
        return f"SigningKey({self.public.name}, fingerprint={self.public.fingerprint})"


def signing_key(home: Path, *, origin: str, name: str = LOG) -> SigningKey:
    """Read a key from `home`; make it when there is none yet.

    Two processes that start at once get the same key: the file appears whole or not at all.

    Args:
        home: The installation's directory.
        origin: The key's name in what it signs.
        name: Of its files; the log's unless something else is signed.

    Raises:
        KeyProblem: Others may read the file, it is not ours, not an Ed25519 key, or the key of another origin.
    """
    path = home / PRIVATE_FILE.with_stem(name)
    if not path.exists():
        _create(path)
    private = _read_private(path)
    key = SigningKey(private=private, public=public_key(origin, private))
    _publish(home / PUBLIC_FILE.with_stem(name), key.public)
    return key


def exported_key(home: Path, *, name: str = LOG) -> PublicKey:
    """Read the public key that `signing_key` wrote; needs no access to the private one.

    Raises:
        KeyProblem: There is none yet, or the file was changed.
    """
    path = home / PUBLIC_FILE.with_stem(name)
    try:
        return parse_key(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyProblem(f"no {_named(path)} yet: it is written when its private key is first used") from None
    except (CheckpointError, UnicodeDecodeError) as error:
        raise KeyProblem(f"{_named(path)}: {error}") from error


def _named(path: Path) -> Path:
    """Which file, without the machine's own directories."""
    return Path(path.parent.name) / path.name


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_once(path, pem, mode=0o600)


def write_once(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole or not at all; whoever was first wins."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _read_private(path: Path) -> Ed25519PrivateKey:
    found = path.stat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise KeyProblem(f"{_named(path)}: expected our own file with mode 0600, found user {found.st_uid}, {mode:04o}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyProblem(f"{_named(path)}: expected a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyProblem(f"{_named(path)}: expected an Ed25519 key")
    return key


def _publish(path: Path, key: PublicKey) -> None:
    if not path.exists():
        write_once(path, key.line().encode() + b"\n", mode=0o644)
    if exported_key(path.parent.parent, name=path.stem) != key:
        raise KeyProblem(f"{_named(path)}: expected the key of {key.name}, found another origin or key")
