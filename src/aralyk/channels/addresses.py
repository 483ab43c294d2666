"""A person's own ways to be reached: added, proven with a code that was sent there, ended.

Only its owner changes an address: whoever could redirect a colleague's signals could silence them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.witness import Actor, fingerprint, witness
from aralyk.channels.models import Address, Delivery, DeliveryState, Way
from aralyk.channels.notices import do_tell
from aralyk.channels.words import Text
from aralyk.evidence.kinds import Kind

ADDRESSES_MAX: Final = 8  # of one person
CODE_FOR: Final = timedelta(minutes=15)
CODES_EVERY: Final = timedelta(minutes=1)  # an address can't be flooded by asking again and again
CODE_TRIES: Final = 5
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,128}={0,2}")


def do_add_address(
    by: User, *, way: Way, value: str, keys: Mapping[str, str] | None = None, push_hosts: tuple[str, ...] = ()
) -> Address:
    """Add a way to reach oneself. It is used after `do_confirm_address`; a browser's subscription is its own proof.

    Args:
        by: Whose it is.
        way: How.
        value: A number as +996…, an e-mail address, or the endpoint of a browser's subscription.
        keys: Of the subscription: `p256dh` and `auth`.
        push_hosts: Which push services may be spoken to: our server calls no address that somebody made up.

    Raises:
        Refused: invalid, naming the field; address_known.
    """
    now = clock.now()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        standing = Address.objects.filter(user=by, ended_at__isnull=True)
        if standing.count() >= ADDRESSES_MAX:
            raise Refused.field("value", expected=f"at most {ADDRESSES_MAX} addresses; end one first")
        address = Address(
            user=by,
            way=way,
            value=_checked(way, value, push_hosts),
            keys=_push_keys(keys) if way is Way.PUSH else {},
            rank=standing.count(),
            added_at=now,
            confirmed_at=now if way is Way.PUSH else None,
        )
        try:
            with transaction.atomic():
                address.save(force_insert=True)
        except IntegrityError:
            raise Refused.field(
                "value", expected="an address you have not added yet", code=Code.ADDRESS_KNOWN
            ) from None
        _witness(address, by, "added", now)
        if way is not Way.PUSH:
            _ask_code(address, now)
    return address


def do_ask_code(by: User, address: UUID) -> None:
    """Send the code once more.

    Raises:
        NotFound: No such address of one's own.
        Refused: too_often.
    """
    now = clock.now()
    with transaction.atomic():
        found = _own(by, address)
        if found.code_asked_at and now - found.code_asked_at < CODES_EVERY:
            raise Refused(Code.TOO_OFTEN)
        _ask_code(found, now)


def do_confirm_address(by: User, address: UUID, *, code: str) -> Address:
    """Prove that an address is one's own, by the code that was sent there.

    Raises:
        NotFound: No such address of one's own.
        Refused: invalid (code): wrong, too old, or tried too often.
    """
    now = clock.now()
    with transaction.atomic():
        found = _own(by, address)
        in_time = found.code_asked_at is not None and now - found.code_asked_at <= CODE_FOR
        right = in_time and found.code_tries < CODE_TRIES and hmac.compare_digest(code.strip(), code_of(found))
        if right:
            found.confirmed_at = now
            _witness(found, by, "confirmed", now)
        else:
            found.code_tries += 1
        found.save(update_fields=["confirmed_at", "code_tries"])
    # Outside: a wrong try is kept.
    if not right:
        raise Refused.field("code", expected="the six digits of the newest code, not older than 15 minutes")
    return found


def do_end_address(by: Actor, address: Address, *, why: str = "owner") -> None:
    """Stop using an address: by its owner, or because the push service says that it is gone."""
    now = clock.now()
    with transaction.atomic():
        ended = Address.objects.filter(pk=address.pk, ended_at__isnull=True).update(ended_at=now, ended_why=why)
        if ended:
            Delivery.objects.filter(address=address, state=DeliveryState.DUE).update(state=DeliveryState.CANCELLED)
            _witness(address, by, "ended", now)


def own_addresses(by: User) -> list[Address]:
    """One's own, in the order in which they are tried."""
    return list(Address.objects.filter(user=by, ended_at__isnull=True).order_by("rank", "added_at"))


def own_address(by: User, address: UUID) -> Address:
    """One of one's own.

    Raises:
        NotFound: None of one's own.
    """
    found = Address.objects.filter(pk=address, user=by, ended_at__isnull=True).first()
    if found is None:
        raise NotFound("address")
    return found


def code_of(address: Address) -> str:
    """The six digits that were sent there, made from the installation's secret: stored nowhere."""
    if address.code_asked_at is None:
        raise AssertionError("no code was asked for")
    about = f"aralyk address code/{address.pk}/{address.value}/{clock.iso(address.code_asked_at)}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), about.encode(), "sha256")
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def _own(by: User, address: UUID) -> Address:
    found = Address.objects.select_for_update().filter(pk=address, user=by, ended_at__isnull=True).first()
    if found is None:
        raise NotFound("address")
    return found


def _ask_code(address: Address, now: datetime) -> None:
    address.code_asked_at, address.code_tries = now, 0
    address.save(update_fields=["code_asked_at", "code_tries"])
    do_tell(
        address.user,
        text=Text.CONFIRM_ADDRESS,
        args={},
        subject=f"address:{address.pk}",
        once=f"address:{address.pk}:{clock.iso(now)}",
        urgent=True,
        lasts=CODE_FOR,
        only=address,
    )


def _checked(way: Way, value: str, push_hosts: tuple[str, ...]) -> str:
    value = value.strip()
    if way is Way.SMS:
        number = re.sub(r"[ ()\u00a0-]", "", value)
        if not _NUMBER.fullmatch(number):
            raise Refused.field("value", expected="a number with its country, like +996 and nine digits")
        return number
    if way is Way.EMAIL:
        try:
            validate_email(value)
        except ValidationError:
            raise Refused.field("value", expected="an e-mail address like name@agency.kg") from None
        return value
    parts = urlsplit(value)
    if len(value) > 1024 or parts.scheme != "https" or parts.username or (parts.hostname or "") == "":
        raise Refused.field("value", expected="the https endpoint of a browser's subscription")
    if not any(parts.hostname == host or str(parts.hostname).endswith(f".{host}") for host in push_hosts):
        raise Refused.field("value", expected="an endpoint at a push service that this installation speaks to")
    return value


def _push_keys(keys: Mapping[str, str] | None) -> dict[str, str]:
    found: dict[str, Any] = dict(keys or {})
    if set(found) != {"p256dh", "auth"} or not all(_KEY.fullmatch(str(key)) for key in found.values()):
        raise Refused.field("keys", expected="p256dh and auth of a browser's subscription")
    return {name: str(key) for name, key in found.items()}


def _witness(address: Address, by: Actor, act: str, now: datetime) -> None:
    witness(
        kind=Kind.ADDRESS_CHANGED,
        subject=f"user:{address.user_id}",
        by=by,
        at=now,
        data={"act": act, "address": str(address.pk), "value_sha256": fingerprint(address.value), "way": address.way},
    )
