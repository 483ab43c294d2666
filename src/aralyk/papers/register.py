"""Signed exchange with another office's register: orders go out, their records come in. The register is never replaced.

Whose key we trust is added by an administrator; that this key may have sealed facts, by somebody else, who exchanges
files. What comes in is taken whole or not at all, once, and what is refused is witnessed with the field's name.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.database.connect import home_directory
from aralyk.evidence.keys import KeyProblem, SigningKey, exported_key, signing_key
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checkpoint import CheckpointError, parse_key
from aralyk.orders.models import Condition, Order
from aralyk.orders.queries import conditions_of, order_for, orders_for
from aralyk.orders.versions import locked_order
from aralyk.papers import register_file as files
from aralyk.papers.areas import publish_areas
from aralyk.papers.geometry import circle_of
from aralyk.papers.looks import look_at_facts
from aralyk.papers.models import Correspondent, ExchangedFile, RegisterRecord
from aralyk.papers.served import PROXIMITY, ServedArea
from aralyk.people.looks import PURPOSE_MAX, PURPOSE_MIN
from aralyk.people.vault import SealedName

KEY_NAME: Final = "register"  # of the key's files


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFile:
    """A file for the register with its signature; both are handed over together."""

    content: bytes
    signature: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file of theirs."""

    sha256: str
    new: int
    known: int


def correspondents_for(user: User) -> QuerySet[Correspondent]:
    """Whose keys we know: for administrators and for those who exchange files; for others none."""
    found = Correspondent.objects.order_by("register", "pk")
    may_see = allows(user, May.MANAGE_USERS) or allows(user, May.EXCHANGE_REGISTER)
    return found if may_see else found.none()


def records_for(user: User, order_id: UUID) -> QuerySet[RegisterRecord]:
    """What other registers say of an order, newest first.

    Raises:
        NotFound: No such order, or not this person's.
    """
    order = order_for(user, order_id)
    return RegisterRecord.objects.filter(order=order).select_related("correspondent").order_by("-recorded_at", "pk")


def do_add_correspondent(by: User, *, register: str, key: str, jurisdiction: str = "KG") -> Correspondent:
    """Trust a register's key; it may not have sealed facts yet.

    Args:
        by: An administrator.
        register: Of the pack.
        key: Its line, as it came by a way of its own and was compared by telephone.
        jurisdiction: The pack.

    Raises:
        Refused: not_permitted; correspondent_known; invalid (register, key).
    """
    check_allowed(by, May.MANAGE_USERS)
    law = pack(jurisdiction)
    try:
        law.register(register, on=law.day_of(clock.now()))
    except NotInForce as error:
        raise Refused.field("register", expected=f"one of {', '.join(error.known)}") from None
    try:
        public = parse_key(key.strip())
    except CheckpointError as error:
        raise Refused.field("key", expected=str(error)) from None
    at = clock.now()
    with transaction.atomic():
        try:
            with transaction.atomic():
                found = Correspondent.objects.create(
                    register=register, jurisdiction=jurisdiction, key=public.line(), added_by=by, added_at=at
                )
        except IntegrityError:
            raise Refused(Code.CORRESPONDENT_KNOWN) from None
        witness(
            kind=Kind.CORRESPONDENT_ADDED,
            subject=f"register:{register}",
            by=by,
            at=at,
            data={"fingerprint": public.fingerprint},
        )
    return found


def do_allow_sealed(by: User, correspondent_id: int) -> Correspondent:
    """Let this key have sealed facts: said by somebody who exchanges files, and who did not add the key.

    Raises:
        NotFound: No such key.
        Refused: not_permitted; second_person_needed.
    """
    check_allowed(by, May.EXCHANGE_REGISTER)
    with transaction.atomic():
        found = Correspondent.objects.select_for_update().filter(pk=correspondent_id, active=True).first()
        if found is None:
            raise NotFound("correspondent")
        if found.added_by_id == by.pk:
            raise Refused(Code.SECOND_PERSON_NEEDED)
        if not found.sealed_allowed:
            found.sealed_allowed = True
            found.save(update_fields=["sealed_allowed"])
            witness(
                kind=Kind.CORRESPONDENT_ALLOWED,
                subject=f"register:{found.register}",
                by=by,
                at=clock.now(),
                data={"added_by": found.added_by_id, "fingerprint": parse_key(found.key).fingerprint},
            )
    return found


def do_export_order(
    by: User,
    order_id: UUID,
    *,
    correspondent: int,
    sealed: bool = False,
    purpose: str = "",
    fields: Sequence[SealedName] = (),
) -> SignedFile:
    """Write an order as a signed file for a register.

    Args:
        by: Who may exchange files, and sees the order.
        order_id: The order.
        correspondent: For whose key.
        sealed: Whether it holds the exact places, the warning rings and `fields`; the key must be allowed to.
        purpose: For a sealed file: why.
        fields: For a sealed file: facts of the vault; each is a witnessed look.

    Raises:
        NotFound: No such order or key, or not this person's.
        Refused: not_permitted; sealed_not_allowed; invalid (purpose, fields, key).
    """
    check_allowed(by, May.EXCHANGE_REGISTER)
    to = Correspondent.objects.filter(pk=correspondent, active=True).first()
    if to is None:
        raise NotFound("correspondent")
    if sealed:
        check_allowed(by, May.READ_SEALED_PAPERS)
        purpose = check_text("purpose", purpose, longest=PURPOSE_MAX, shortest=PURPOSE_MIN)
        if not to.sealed_allowed:
            raise Refused(Code.SEALED_NOT_ALLOWED)
    elif fields:
        raise Refused.field("fields", expected="none in a file that is not sealed")
    facts = look_at_facts(by, order_for(by, order_id, to=May.EXCHANGE_REGISTER), fields=fields, purpose=purpose)
    key, at = _key(), clock.now()
    with transaction.atomic():
        order = locked_order(by, order_id, to=May.EXCHANGE_REGISTER)
        conditions = list(conditions_of(order))
        areas = publish_areas(by, order, conditions, at=at)
        content = files.write(
            _file_of(order, conditions, areas, to=to, sender=key.public.name, facts=facts, sealed=sealed, at=at)
        )
        digest = hashlib.sha256(content).hexdigest()
        ExchangedFile.objects.create(
            correspondent=to, sha256=digest, outgoing=True, order=order, content=None if sealed else content,
            handled_by=by, handled_at=at,
        )  # fmt: skip
        witness(
            kind=Kind.REGISTER_EXPORTED,
            subject=f"order:{order.pk}",
            by=by,
            at=at,
            data={
                "fingerprint": parse_key(to.key).fingerprint,
                "register": to.register,
                "sealed": sealed,
                "sha256": digest,
            },
        )
    signature = files.sign(content, format_=files.ORDER_FORMAT, key=key)
    return SignedFile(content=content, signature=signature, sha256=digest)


def do_import_reply(by: User, *, correspondent: int, content: bytes, signature: bytes) -> Imported:
    """Take a file of theirs, whole or not at all; the same file again changes nothing.

    Args:
        by: Who may exchange files; every order that the file names must be in a district of theirs.
        correspondent: Whose key must have signed it.
        content: The file.
        signature: What stood beside it.

    Raises:
        NotFound: No such key.
        Refused: not_permitted; invalid, naming the field; the refusal is witnessed, and nothing of the file is taken.
    """
    check_allowed(by, May.EXCHANGE_REGISTER)
    sender = Correspondent.objects.filter(pk=correspondent, active=True).first()
    if sender is None:
        raise NotFound("correspondent")
    digest = hashlib.sha256(content).hexdigest()
    try:
        with transaction.atomic():
            return _take(by, sender, content=content, signature=signature, digest=digest)
    except Refused as refusal:
        with transaction.atomic():
            witness(
                kind=Kind.REGISTER_REFUSED,
                subject=f"register:{sender.register}",
                by=by,
                at=clock.now(),
                data={"field": refusal.fields[0].field if refusal.fields else refusal.code.value, "sha256": digest},
            )
        raise


def _take(by: User, sender: Correspondent, *, content: bytes, signature: bytes, digest: str) -> Imported:
    if not files.holds(content, signature, format_=files.REPLY_FORMAT, key=parse_key(sender.key)):
        raise Refused.field("signature", expected="one that this register's key made of this file")
    reply = files.read_reply(content)
    if reply.register != sender.register:
        raise Refused.field("register", expected="the register whose key signed the file")
    Correspondent.objects.select_for_update().get(pk=sender.pk)  # two people with one file: the second finds it known
    if ExchangedFile.objects.filter(sha256=digest).exists():
        return Imported(sha256=digest, new=0, known=len(reply.records))
    at = clock.now()
    file = ExchangedFile.objects.create(
        correspondent=sender, sha256=digest, outgoing=False, content=content, handled_by=by, handled_at=at
    )
    numbers = {record.order_number for record in reply.records}
    orders = {order.number: order for order in orders_for(by, to=May.EXCHANGE_REGISTER).filter(number__in=numbers)}
    new = sum(
        _take_record(sender, file, record, position=position, orders=orders)
        for position, record in enumerate(reply.records)
    )
    witness(
        kind=Kind.REGISTER_IMPORTED,
        subject=f"register:{sender.register}",
        by=by,
        at=at,
        data={"new": new, "records": len(reply.records), "sha256": digest},
    )
    return Imported(sha256=digest, new=new, known=len(reply.records) - new)


def _take_record(
    sender: Correspondent, file: ExchangedFile, record: files.RecordIn, *, position: int, orders: Mapping[str, Order]
) -> bool:
    """Whether it was new."""
    path = f"records[{position}]"
    order = orders.get(record.order_number)
    if order is None:
        raise Refused.field(f"{path}.order_number", expected="the number of one of our orders")
    try:
        recorded_at = clock.parse_iso(record.recorded_at)
    except ValueError:
        raise Refused.field(f"{path}.recorded_at", expected="a moment that exists, in UTC") from None
    content = hashlib.sha256(canonical_bytes(msgspec.to_builtins(record))).hexdigest()
    known = RegisterRecord.objects.filter(correspondent=sender, record_id=record.record).first()
    if known is not None:
        if known.content_sha256 != content:
            raise Refused.field(f"{path}.record", expected="what this record said before, or a record of its own")
        return False
    RegisterRecord.objects.create(
        correspondent=sender, order=order, record_id=record.record, kind=record.kind.value,
        external_number=record.external_number or "", recorded_at=recorded_at, content_sha256=content, file=file,
    )  # fmt: skip
    return True


def _key() -> SigningKey:
    """The key for these files: never the log's own, whose signature means something else."""
    home = home_directory()
    try:
        return signing_key(home, origin=f"{exported_key(home).name}/{KEY_NAME}", name=KEY_NAME)
    except KeyProblem as problem:
        raise Refused.field("key", expected=f"a signing key of this installation: {problem}") from problem


def _file_of(
    order: Order,
    conditions: Sequence[Condition],
    areas: Mapping[str, ServedArea],
    *,
    to: Correspondent,
    sender: str,
    facts: Mapping[str, Mapping[SealedName, str]],
    sealed: bool,
    at: datetime,
) -> files.OrderFile:
    law = pack(order.jurisdiction)
    basis = law.legal_basis(order.legal_basis, on=law.day_of(order.issued_at))
    respondent = order.respondent
    return files.OrderFile(
        format=files.ORDER_FORMAT,
        file=str(uuid.uuid4()),
        made_at=clock.iso(at),
        sender=sender,
        register=to.register,
        sealed=sealed,
        order=files.OrderOut(
            number=order.number,
            jurisdiction=order.jurisdiction,
            legal_basis=order.legal_basis,
            article=_article(order, basis.article, law),
            district=order.district,
            threat=order.threat,
            version=order.current_version,
            issued_at=clock.iso(order.issued_at),
            starts_at=clock.iso(order.starts_at),
            expires_at=clock.iso(order.expires_at),
            ended_at=None if order.ended_at is None else clock.iso(order.ended_at),
        ),
        respondent=files.RespondentOut(
            name=respondent.name,
            born_on=None if respondent.born_on is None else respondent.born_on.isoformat(),
            residence_district=respondent.residence_district,
        ),
        protected_persons=tuple(
            files.ProtectedOut(facts={name.value: value for name, value in one.items()}) for one in facts.values()
        ),
        conditions=tuple(_condition(order, each, areas, law=law, sealed=sealed) for each in conditions),
    )


def _condition(
    order: Order, condition: Condition, areas: Mapping[str, ServedArea], *, law: Pack, sealed: bool
) -> files.ConditionOut:
    """What is not sealed by name; the exact place and the warning ring only where the file is sealed."""
    near = condition.parameters if condition.kind == PROXIMITY else {}
    return files.ConditionOut(
        kind=condition.kind,
        article=_article(order, condition.legal_basis, law),
        distance_m=near.get("distance_m"),
        warning_m=near.get("warning_m") if sealed else None,
        area=_area(condition, areas, sealed=sealed),
    )


def _area(condition: Condition, areas: Mapping[str, ServedArea], *, sealed: bool) -> files.AreaOut | None:
    published = areas.get(condition.code)
    if published is None:
        return None
    circle = circle_of(condition.parameters["shape"]) if sealed else published.circle
    if circle is None:
        return None
    return files.AreaOut(
        code=f"З-{published.number}",
        lat=circle.lat,
        lon=circle.lon,
        radius_m=circle.radius_m,
        exact=sealed or published.named,
    )


def _article(order: Order, slug: str, law: Pack) -> files.ArticleOut:
    article = law.article(slug, on=law.day_of(order.issued_at))
    return files.ArticleOut(slug=slug, act=article.act, number=article.number, unverified=article.unverified)
