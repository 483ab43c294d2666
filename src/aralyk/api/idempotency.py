"""A write sent twice is done once: who lost the answer asks again with the same `Idempotency-Key`.

The header is that of the IETF's draft "The Idempotency-Key HTTP Header Field", for every route that writes. Act and key
are one transaction, so there is never a key without its act, or an act done twice under one key. While a request runs,
another under its key is refused at once; a refused request leaves its key free.

An answer may hold somebody's words, so it is kept sealed, for a day or two, and given again only while its caller may
see exactly what they could see then. An answer marked `no-store` (a look into the vault) is not kept at all: asked
again, the API says that it was done, and the look is made anew under another key, with a witness of its own.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.sight import forget, sight
from aralyk.api.models import IdempotencyKey
from aralyk.devices.models import Device
from aralyk.reports.models import OfficerComplaint

HEADER: Final = "Idempotency-Key"
KEY_FORM: Final = r"[\x21-\x7e]{8,128}"  # visible ASCII; eight, so that nobody's "1" meets another's
REPLAYED: Final = "Idempotency-Replayed"
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NONCE_BYTES: Final = 12
Run = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A request that its caller named; `key` never leaves this module."""

    caller: User | Device
    key: str
    key_sha256: str
    request_sha256: str


class AlreadyDone(Exception):
    """The request was done before: this is its answer."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def once(run: Run) -> Run:
    """Around every route: act and key are one transaction.

    What a refused act left on purpose, the witness of a refused look, is committed as without a key: each act undoes
    its own parts. A failure that nobody foresaw undoes everything.
    """

    @wraps(run)
    def run_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in WRITES or HEADER not in request.headers:
            return run(request, *args, **kwargs)
        with transaction.atomic():
            answer = run(request, *args, **kwargs)
            named: _Named | None = getattr(request, "named", None)
            if named is not None and answer.status_code < 300 and REPLAYED not in answer:
                _keep(named, answer)
        return answer

    return run_once


def check_key(request: HttpRequest, caller: User | Device) -> None:
    """Go on only with a request that has no key, or a key that is new; inside `once`, when the caller is known.

    Raises:
        AlreadyDone: It was done before; the kept answer.
        Refused: invalid (Idempotency-Key); key_in_use: it is being done; key_reused: the key named another request;
            answer_not_kept: it was done, and what it answered is not given again.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method not in WRITES:
        return
    if not re.fullmatch(KEY_FORM, key):
        raise Refused.field(HEADER, expected="8 to 128 visible ASCII characters", found=f"{len(key)} characters")
    named = _Named(
        caller=caller,
        key=key,
        key_sha256=_digest(caller._meta.label_lower.encode(), str(caller.pk).encode(), key.encode()),
        request_sha256=_digest(str(request.method).encode(), request.get_full_path().encode(), request.body),
    )
    if not _alone(named):
        raise Refused(Code.KEY_IN_USE)
    row = IdempotencyKey.objects.filter(key_sha256=named.key_sha256).first()
    if row is not None:
        raise AlreadyDone(_answer(named, row))
    request.named = named  # type: ignore[attr-defined]


def _alone(named: _Named) -> bool:
    """Whether nobody else does anything under this key now; holds until the transaction ends."""
    number = int.from_bytes(bytes.fromhex(named.key_sha256)[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (number,))
        return bool(cursor.fetchone()[0])


def _keep(named: _Named, answer: HttpResponse) -> None:
    stored = "no-store" not in answer.get("Cache-Control", "")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    IdempotencyKey.objects.create(
        key_sha256=named.key_sha256,
        request_sha256=named.request_sha256,
        sight_sha256=_sight_of(named.caller),
        status=answer.status_code,
        content_type=answer.get("Content-Type", ""),
        answer=nonce + _cipher(named).encrypt(nonce, answer.content, None) if stored else None,
        created_at=clock.now(),
    )


def _answer(named: _Named, row: IdempotencyKey) -> HttpResponse:
    if row.request_sha256 != named.request_sha256:
        raise Refused(Code.KEY_REUSED)
    if row.answer is None or row.sight_sha256 != _sight_of(named.caller):
        raise Refused(Code.ANSWER_NOT_KEPT)
    sealed = bytes(row.answer)
    try:
        content = _cipher(named).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag:  # the installation's secret was changed since
        raise Refused(Code.ANSWER_NOT_KEPT) from None
    return HttpResponse(content, status=row.status, content_type=row.content_type, headers={REPLAYED: "true"})


def _cipher(named: _Named) -> AESGCM:
    info = b"aralyk idempotent answer v1 " + named.request_sha256.encode() + named.key.encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    return AESGCM(derived.derive(settings.SECRET_KEY.encode()))


def _sight_of(caller: User | Device) -> str:
    """What this caller may see at this moment; equal digests see the same."""
    if isinstance(caller, Device):
        return _digest(b"device")
    forget()
    mine = sight(caller.pk)
    parts = [
        caller.role,
        *sorted(caller.districts),
        *(f"opened {order} {right}" for order, right in sorted(mine.opened)),
        *(f"lent {district}" for district in sorted(mine.lent)),
        *(f"closed {order}" for order in sorted(mine.closed)),
        f"complaints {OfficerComplaint.objects.filter(officer=caller).count()}",
    ]
    return _digest(*(part.encode() for part in parts))


def _digest(*parts: bytes) -> str:
    """SHA-256 with lengths in front, so that no two lists read alike."""
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()
