"""The same request sent twice is done once: a phone that lost its answer asks again with the same `Idempotency-Key`.

A caller names a write by a key of its own. The key, a fingerprint of the request and the id of what came of it are one
transaction with the act, so there is never a key without its act, or an act done twice under one key: whoever comes
second at the same moment waits for the first. The answer is made anew from the id, so it says how things stand now and
keeps to what the caller may see now. Without the header the act is done each time, as before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Final

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Header

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.api.door import user_of
from aralyk.api.models import IdempotencyKey

KEY_FORM: Final = re.compile(r"[\x21-\x7e]{8,128}")  # visible ASCII; eight, so that nobody's "1" meets another's
HEADER: Final = "Idempotency-Key"
# For a route's signature, so that the OpenAPI document shows the header.
Key = Annotated[str | None, Header(alias=HEADER, min_length=8, max_length=128)]


def once(request: HttpRequest, act: Callable[[], str]) -> str:
    """Do `act` once for the request's key.

    Args:
        request: With the header, or without: then `act` is simply done.
        act: Does it, and returns the id of what came of it ("report:6f0c…"); at most 100 characters.

    Returns:
        The id: of this act, or of the earlier one under the same key.

    Raises:
        Refused: invalid (Idempotency-Key); key_reused: the key named another request; and whatever `act` raises:
            then nothing is kept, and the key is free.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not KEY_FORM.fullmatch(key):
        raise Refused.field(HEADER, expected="8 to 128 visible ASCII characters", found=f"{len(key)} characters")
    digest = _digest(request)
    with transaction.atomic():
        row = _new_row(request, key=key, digest=digest)
        if row is None:
            return _done_before(request, key=key, digest=digest)
        row.result = act()
        row.save(update_fields=["result"])
        return row.result


def _new_row(request: HttpRequest, *, key: str, digest: str) -> IdempotencyKey | None:
    """None: the key stands there already; who holds it at this moment is waited for."""
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(
                user=user_of(request), key=key, request_sha256=digest, created_at=clock.now()
            )
    except IntegrityError:
        return None


def _done_before(request: HttpRequest, *, key: str, digest: str) -> str:
    row = IdempotencyKey.objects.get(user=user_of(request), key=key)
    if row.request_sha256 != digest:
        raise Refused(Code.KEY_REUSED)
    return row.result


def _digest(request: HttpRequest) -> str:
    """Of what was asked; lengths in front, so that no two requests read alike."""
    parts = (str(request.method).encode(), request.get_full_path().encode(), request.body)
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()
