"""Files for the police's register: signed, without anything sealed unless a key may have it, and taken in once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.evidence.keys import SigningKey, exported_key, signing_key
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checkpoint import parse_key, public_key
from aralyk.orders.models import Order
from aralyk.papers import register_file as files
from aralyk.papers.models import Correspondent, ExchangedFile, RegisterRecord
from aralyk.papers.register import (
    correspondents_for,
    do_add_correspondent,
    do_allow_sealed,
    do_export_order,
    do_import_reply,
    records_for,
)
from aralyk.people.vault import SealedName
from tests.conftest import REPOSITORY, Database
from tests.orders.cast import Cast, witnesses
from tests.papers.looking import SHORT
from tests.papers.test_renditions import PLANTED, planted, tokens_of

REGISTER = "protection_orders"
SCHEMA = REPOSITORY / "src/aralyk/papers/register.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Police:
    """The other end, as the police would run it: their key, and what they send back."""

    key: SigningKey
    row: Correspondent

    def reply(self, *records: dict[str, Any], **changed: Any) -> bytes:
        return canonical_bytes(
            {
                "format": files.REPLY_FORMAT, "file": "R-1", "made_at": "2026-11-22T08:00:00Z", "register": REGISTER,
                "records": list(records),
            } | changed
        )  # fmt: skip

    def signed(self, content: bytes) -> bytes:
        return files.sign(content, format_=files.REPLY_FORMAT, key=self.key)


@pytest.fixture
def police(database: Database, roles: Cast, tmp_path: Path) -> Police:
    """Our log's key is there, and an administrator added theirs."""
    signing_key(tmp_path, origin="log.test/orders")
    private = Ed25519PrivateKey.generate()
    key = SigningKey(private=private, public=public_key("register.test/police", private))
    row = do_add_correspondent(roles.administrator, register=REGISTER, key=key.public.line())
    return Police(key=key, row=row)


def record(found: Order, *, number: str = "A-1", **changed: Any) -> dict[str, Any]:
    return {
        "record": number, "kind": "registered", "order_number": found.number,
        "recorded_at": "2026-11-22T07:30:00Z", "external_number": "КО-77",
    } | changed  # fmt: skip


def test_a_file_for_the_register_holds_the_order_and_nothing_sealed(
    police: Police, roles: Cast, tmp_path: Path
) -> None:
    found = planted(roles)
    sent = do_export_order(roles.police, found.pk, correspondent=police.row.pk)
    for token in tokens_of(found):
        if len(token) >= SHORT:  # three digits stand in any time of day; numbers are looked at one by one below
            assert token not in sent.content.decode(), f"a sealed token of {len(token)} characters"
    told = msgspec.json.decode(sent.content, type=files.OrderFile)
    assert told.order.number == found.number
    assert [each.kind for each in told.conditions] == ["proximity", "exclusion_zone", "no_contact"]
    assert told.conditions[0].distance_m == 500
    assert told.conditions[1].area is not None
    assert not told.conditions[1].area.exact
    assert told.conditions[1].area.radius_m == 3_000
    assert {each.warning_m for each in told.conditions} == {None}
    assert all(each.article.unverified in (True, False) for each in told.conditions)
    ours = exported_key(tmp_path, name="register")
    assert files.holds(sent.content, sent.signature, format_=files.ORDER_FORMAT, key=ours)
    assert ours != exported_key(tmp_path), "the log's key signs the log alone"


def test_any_changed_byte_of_a_file_or_its_signature_is_seen(police: Police, roles: Cast, tmp_path: Path) -> None:
    sent = do_export_order(roles.police, planted(roles).pk, correspondent=police.row.pk)
    ours = exported_key(tmp_path, name="register")

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(at=st.integers(0, len(sent.content) - 1), bit=st.integers(0, 7), in_signature=st.booleans())
    def flipped(at: int, bit: int, in_signature: bool) -> None:
        content, signature = bytearray(sent.content), bytearray(sent.signature)
        target = signature if in_signature else content
        place = at % (len(target) - 1)  # its last line break may be missing
        target[place] ^= 1 << bit
        assert not files.holds(bytes(content), bytes(signature), format_=files.ORDER_FORMAT, key=ours)

    flipped()
    last = sent.signature.rstrip(b"=\n")[-1]
    for bit in range(2):  # of 68 bytes base64 leaves two bits unused
        spelled = sent.signature.replace(bytes([last, 61]), bytes([_letter(last, bit), 61]))
        assert spelled != sent.signature
        assert not files.holds(sent.content, spelled, format_=files.ORDER_FORMAT, key=ours)
    assert not files.holds(sent.content, sent.signature, format_=files.REPLY_FORMAT, key=ours)


def _letter(letter: int, bit: int) -> int:
    """The base64 letter with one bit of its value changed."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(letter) ^ (1 << bit)]


def test_sealed_facts_go_only_to_a_key_that_a_second_person_allowed(
    police: Police, roles: Cast, database: Database
) -> None:
    found = planted(roles)
    ask: dict[str, Any] = {"correspondent": police.row.pk, "sealed": True, "purpose": "регистрация в реестре ордеров"}
    with pytest.raises(Refused) as refused:
        do_export_order(roles.police, found.pk, fields=[SealedName.NAME], **ask)
    assert refused.value.code is Code.SEALED_NOT_ALLOWED
    with pytest.raises(Refused):
        do_allow_sealed(roles.administrator, police.row.pk)
    do_allow_sealed(roles.police, police.row.pk)
    sent = do_export_order(roles.police, found.pk, fields=[SealedName.NAME], **ask)
    told = msgspec.json.decode(sent.content, type=files.OrderFile)
    assert told.protected_persons[0].facts == {"name": PLANTED[SealedName.NAME]}
    assert told.conditions[1].area is not None
    assert told.conditions[1].area.exact
    assert PLANTED[SealedName.HOME_ADDRESS] not in sent.content.decode()
    assert ExchangedFile.objects.get(sha256=sent.sha256).content is None
    looks = [data["field"] for kind, _, _, data in witnesses(database) if kind == "vault_look"]
    assert looks == ["name"]
    with pytest.raises(Refused) as refused:
        do_export_order(roles.police, found.pk, correspondent=police.row.pk, fields=[SealedName.NAME])
    assert refused.value.fields[0].field == "fields"


def test_their_records_are_taken_once_however_often_the_file_comes(
    police: Police, roles: Cast, database: Database
) -> None:
    found = planted(roles)
    first = police.reply(record(found), record(found, number="A-2", kind="checked", external_number=None))
    done = [
        do_import_reply(roles.police, correspondent=police.row.pk, content=first, signature=police.signed(first))
        for _ in range(2)
    ]
    assert [(each.new, each.known) for each in done] == [(2, 0), (0, 2)]
    again = police.reply(record(found), record(found, number="A-3", kind="protocol_drawn"), file="R-2")
    third = do_import_reply(roles.police, correspondent=police.row.pk, content=again, signature=police.signed(again))
    assert (third.new, third.known) == (1, 1)
    assert [each.record_id for each in records_for(roles.police, found.pk).order_by("record_id")] == [
        "A-1",
        "A-2",
        "A-3",
    ]
    assert [kind for kind, *_ in witnesses(database) if kind.startswith("register_")] == ["register_imported"] * 2
    with pytest.raises(NotFound):
        records_for(roles.police_elsewhere, found.pk)


@pytest.mark.parametrize(
    "change",
    [
        {"Айгуль at `$.Тайная": 1},
        {"at `$.Тайная улица` missing required field `тайная`": 1},
        {"kind": " - at `$.Тайная`"},
        {"external_number": "Тайная" * 40},
    ],
)
def test_a_name_written_where_a_field_should_be_is_neither_told_nor_witnessed(
    police: Police, roles: Cast, database: Database, change: dict[str, Any]
) -> None:
    content = police.reply(record(planted(roles)) | change)
    with pytest.raises(Refused) as refused:
        do_import_reply(roles.police, correspondent=police.row.pk, content=content, signature=police.signed(content))
    assert "айная" not in str([(one.field, one.expected, one.found) for one in refused.value.fields])
    assert "айная" not in str(witnesses(database))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("records[0].kind", {"kind": "тайна-917"}),
        ("records[0].order_number", {"order_number": "НЕТ-917"}),
        ("records[0].recorded_at", {"recorded_at": "вчера-917"}),
        ("records[0].recorded_at", {"recorded_at": "2026-02-31T00:00:00Z"}),
        ("records[0]", {"note": "она живёт на Сокрытой 917"}),
        ("records[0].external_number", {"external_number": 917}),
    ],
)
def test_a_file_with_a_wrong_field_is_refused_whole_by_the_fields_name_and_never_quoted(
    police: Police, roles: Cast, database: Database, field: str, change: dict[str, Any]
) -> None:
    found = planted(roles)
    content = police.reply(record(found) | change, record(found, number="A-9"))
    with pytest.raises(Refused) as refused:
        do_import_reply(roles.police, correspondent=police.row.pk, content=content, signature=police.signed(content))
    (problem,) = refused.value.fields
    assert problem.field == field
    assert "917" not in f"{problem.expected} {problem.found}"
    assert not RegisterRecord.objects.exists()
    assert not ExchangedFile.objects.exists()
    (seen,) = [data for kind, _, _, data in witnesses(database) if kind == "register_refused"]
    assert seen["field"] == field


def test_a_missing_field_is_named(police: Police, roles: Cast) -> None:
    one = record(planted(roles))
    del one["order_number"]
    content = police.reply(one)
    with pytest.raises(Refused) as refused:
        do_import_reply(roles.police, correspondent=police.row.pk, content=content, signature=police.signed(content))
    assert refused.value.fields[0].field == "records[0].order_number"


def test_a_record_that_says_something_else_than_before_is_refused(police: Police, roles: Cast) -> None:
    found = planted(roles)
    first = police.reply(record(found))
    do_import_reply(roles.police, correspondent=police.row.pk, content=first, signature=police.signed(first))
    other = police.reply(record(found, external_number="КО-78"), file="R-2")
    with pytest.raises(Refused) as refused:
        do_import_reply(roles.police, correspondent=police.row.pk, content=other, signature=police.signed(other))
    assert refused.value.fields[0].field == "records[0].record"
    assert RegisterRecord.objects.get().external_number == "КО-77"


def test_a_file_that_another_key_signed_or_of_another_register_is_refused(police: Police, roles: Cast) -> None:
    content = police.reply(record(planted(roles)))
    private = Ed25519PrivateKey.generate()
    stranger = SigningKey(private=private, public=public_key("register.test/police", private))
    foreign = police.reply(record(planted_again(roles)), register="erp")
    loose = json.dumps(json.loads(content), ensure_ascii=False, indent=1).encode()
    for field, sent, signature in (
        ("signature", content, files.sign(content, format_=files.REPLY_FORMAT, key=stranger)),
        ("signature", content, b"\xff\x00"),
        ("signature", content, b""),
        ("register", foreign, police.signed(foreign)),
        ("file", loose, police.signed(loose)),
    ):
        with pytest.raises(Refused) as refused:
            do_import_reply(roles.police, correspondent=police.row.pk, content=sent, signature=signature)
        assert refused.value.fields[0].field == field


def planted_again(roles: Cast) -> Order:
    return Order.objects.latest("issued_at")


def test_police_of_elsewhere_cannot_write_into_our_orders(police: Police, roles: Cast) -> None:
    content = police.reply(record(planted(roles)))
    with pytest.raises(Refused) as refused:
        do_import_reply(
            roles.police_elsewhere, correspondent=police.row.pk, content=content, signature=police.signed(content)
        )
    assert refused.value.fields[0].field == "records[0].order_number"
    for user in (roles.operator, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused):
            do_import_reply(user, correspondent=police.row.pk, content=content, signature=police.signed(content))
        with pytest.raises(Refused):
            do_export_order(user, planted_again(roles).pk, correspondent=police.row.pk)


def test_only_an_administrator_adds_a_key_and_a_wrong_one_names_its_field(police: Police, roles: Cast) -> None:
    assert [row.pk for row in correspondents_for(roles.police)] == [police.row.pk]
    assert not correspondents_for(roles.operator).exists()
    line = police.row.key
    with pytest.raises(Refused):
        do_add_correspondent(roles.police, register=REGISTER, key=line)
    for code, field, asked in (
        (Code.CORRESPONDENT_KNOWN, None, {"register": REGISTER, "key": line}),
        (Code.INVALID, "key", {"register": REGISTER, "key": line[:-4] + "AAA="}),
        (Code.INVALID, "register", {"register": "nowhere", "key": line}),
    ):
        with pytest.raises(Refused) as refused:
            do_add_correspondent(roles.administrator, **asked)
        assert refused.value.code is code
        assert field is None or refused.value.fields[0].field == field
    assert parse_key(line) == police.key.public


def test_the_schema_that_the_other_office_gets_is_the_one_that_we_read_by() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == files.schema()
