"""Her facts are sealed, bound to her, and read only with role, case and purpose; every look leaves its witness."""

import stat
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections
from django.db.utils import ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.witness import fingerprint
from aralyk.orders.actions import do_end_order
from aralyk.people import masters, vault
from aralyk.people.actions import do_register_protected_person, do_seal
from aralyk.people.looks import do_look
from aralyk.people.masters import VaultKeyMissing, VaultUnreadable
from aralyk.people.models import DataKey as StoredKey
from aralyk.people.models import LookPurpose, ProtectedPerson, SealedField
from aralyk.people.queries import looks_at
from aralyk.people.rotation import do_destroy_key
from aralyk.people.vault import DataKey, SealedName
from tests.conftest import Database
from tests.orders.cast import HER_NAME, HER_PHONE, Cast, order, protected, witnesses

PURPOSE = "позвонить и предупредить"
PERSON, CHILD = uuid4(), uuid4()
KEY = DataKey(key_id=uuid4(), person=PERSON, key=b"k" * masters.KEY_BYTES)


@given(value=st.text(min_size=1, max_size=200))
def test_what_is_sealed_opens_again_for_the_same_person_and_field_alone(value: str) -> None:
    sealed = KEY.seal(value, name=SealedName.PHONE, about=PERSON)
    assert KEY.open(sealed, name=SealedName.PHONE, about=PERSON) == value
    others = DataKey(key_id=KEY.key_id, person=uuid4(), key=KEY.key)
    renamed = DataKey(key_id=uuid4(), person=PERSON, key=KEY.key)
    for key, name, about in (
        (others, SealedName.PHONE, PERSON),
        (renamed, SealedName.PHONE, PERSON),
        (KEY, SealedName.NAME, PERSON),
        (KEY, SealedName.PHONE, CHILD),
    ):
        with pytest.raises(VaultUnreadable):
            key.open(sealed, name=name, about=about)


def test_another_key_and_a_changed_byte_are_found() -> None:
    sealed = KEY.seal("адрес", name=SealedName.HOME_ADDRESS, about=PERSON)
    with pytest.raises(VaultUnreadable):
        DataKey(key_id=KEY.key_id, person=PERSON, key=b"x" * masters.KEY_BYTES).open(
            sealed, name=SealedName.HOME_ADDRESS, about=PERSON
        )
    for position in range(len(sealed.ciphertext)):
        changed = bytearray(sealed.ciphertext)
        changed[position] ^= 1
        spoiled = vault.Sealed(nonce=sealed.nonce, ciphertext=bytes(changed))
        with pytest.raises(VaultUnreadable):
            KEY.open(spoiled, name=SealedName.HOME_ADDRESS, about=PERSON)


def test_the_length_of_what_is_sealed_does_not_tell_a_short_address_from_a_long_one() -> None:
    lengths = {
        len(KEY.seal("а" * count, name=SealedName.HOME_ADDRESS, about=PERSON).ciphertext) for count in range(1, 60)
    }
    assert len(lengths) == 1


def test_the_master_is_made_once_readable_by_its_owner_and_never_shown(tmp_path: Path) -> None:
    first = masters.make_master(tmp_path)
    assert masters.make_master(tmp_path) == first
    assert masters.read_keyring(tmp_path) == first
    path = tmp_path / masters.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert repr(first.current) == "MasterKey()"
    assert repr(KEY) == f"DataKey(key_id={KEY.key_id!r}, person={PERSON!r})"
    path.chmod(0o644)
    with pytest.raises(VaultKeyMissing, match="may be read by others"):
        masters.read_keyring(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(VaultKeyMissing, match="expected 32 bytes, found 5"):
        masters.read_keyring(tmp_path)


def test_a_wrapped_key_opens_for_its_person_and_master_alone() -> None:
    master, other = masters.MasterKey(key=b"m" * 32), masters.MasterKey(key=b"n" * 32)
    wrapped = master.wrap(KEY.key, person=PERSON, key_id=KEY.key_id)
    assert master.unwrap(wrapped, person=PERSON, key_id=KEY.key_id) == KEY.key
    with pytest.raises(VaultUnreadable, match="wrapped with master"):
        other.unwrap(wrapped, person=PERSON, key_id=KEY.key_id)
    renamed = masters.Wrapped(master_id=other.master_id, nonce=wrapped.nonce, ciphertext=wrapped.ciphertext)
    for key, found, person in ((other, renamed, PERSON), (master, wrapped, CHILD)):
        with pytest.raises(VaultUnreadable):
            key.unwrap(found, person=person, key_id=KEY.key_id)


def test_registering_her_stores_no_name_in_clear_and_witnesses_each_sealed_fact(
    database: Database, roles: Cast
) -> None:
    before = len(witnesses(database))
    person = protected(roles.police)
    kinds = [kind for kind, *_ in witnesses(database)[before:]]
    assert sorted(kinds) == ["protected_person_registered", "vault_written", "vault_written"]
    with database.connect() as connection:
        rows = connection.execute("SELECT ciphertext, nonce FROM people_sealedfield").fetchall()
    assert len(rows) == 2
    assert all(HER_NAME.encode() not in bytes(ciphertext) for ciphertext, _ in rows)
    assert HER_NAME not in str(ProtectedPerson.objects.filter(pk=person.pk).values())


def test_the_consoles_connection_cannot_read_the_sealed_table(roles: Cast) -> None:
    protected(roles.police)
    for model in (SealedField, StoredKey):
        with pytest.raises(ProgrammingError, match="permission denied"):
            model.objects.exists()
    assert SealedField.objects.using("vault").count() == 2
    with connections["vault"].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("SELECT * FROM orders_order")


def test_a_look_needs_role_case_and_purpose_and_is_witnessed(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    assert do_look(roles.operator, person=her, order=case.pk, field=SealedName.PHONE, purpose=PURPOSE) == HER_PHONE
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("vault_look", f"protected_person:{her}", f"user:{roles.operator.pk}")
    told = {"field": "phone", "order": str(case.pk), "purpose_sha256": fingerprint(PURPOSE)}
    assert data == told | {"look": str(LookPurpose.objects.using("vault").get().pk)}
    (look,) = looks_at(roles.police, her)
    assert (look.by, look.field, look.purpose, look.granted) == ("Т. operator", "phone", PURPOSE, True)


def test_why_somebody_looked_is_read_by_her_and_stands_in_no_log_and_no_row_in_clear(
    database: Database, roles: Cast
) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    said = f"спросить {HER_NAME} о переезде"
    do_look(roles.operator, person=her, order=case.pk, field=SealedName.PHONE, purpose=said)
    assert looks_at(roles.police, her)[0].purpose == said
    assert said not in str(witnesses(database))
    row = LookPurpose.objects.using("vault").get()
    assert said.encode() not in bytes(row.ciphertext)
    with connections["default"].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("SELECT * FROM people_lookpurpose")
    with connections["vault"].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("DELETE FROM people_lookpurpose")


def test_the_list_of_looks_outlives_her_key_and_a_look_after_it_is_witnessed_as_refused(
    database: Database, roles: Cast
) -> None:
    case = order(roles.police)
    her = case.protected_persons.get()
    do_look(roles.operator, person=her.pk, order=case.pk, field=SealedName.PHONE, purpose=PURPOSE)
    do_end_order(roles.police, case.pk, reason="мера отменена судом", act="АД-77/26")
    do_destroy_key(her.code, reason="срок хранения истёк")
    with pytest.raises(Refused) as refused:
        do_look(roles.operator, person=her.pk, order=case.pk, field=SealedName.PHONE, purpose=PURPOSE)
    assert refused.value.code is Code.VAULT_KEY_DESTROYED
    kind, _, _, data = witnesses(database)[-1]
    assert (kind, data["why"]) == ("vault_refused", "vault_key_destroyed")
    assert [(look.granted, look.purpose) for look in looks_at(roles.police, her.pk)] == [(False, ""), (True, "")]


def test_a_refused_look_is_witnessed_too(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    for user, error in (
        (roles.probation, Refused),
        (roles.prosecutor, Refused),
        (roles.administrator, Refused),
        (roles.police_elsewhere, NotFound),
    ):
        with pytest.raises(error):
            do_look(user, person=her, order=case.pk, field=SealedName.NAME, purpose=PURPOSE)
        assert witnesses(database)[-1][:3] == ("vault_refused", f"protected_person:{her}", f"user:{user.pk}")
    assert [look.granted for look in looks_at(roles.police, her)] == [False] * 4
    with pytest.raises(NotFound):
        looks_at(roles.police_elsewhere, her)


def test_a_look_in_the_name_of_another_case_is_refused(roles: Cast) -> None:
    hers, other = order(roles.police), order(roles.police)
    with pytest.raises(NotFound):
        do_look(
            roles.police, person=hers.protected_persons.get().pk, order=other.pk, field=SealedName.NAME,
            purpose=PURPOSE,
        )  # fmt: skip


def test_a_look_without_a_purpose_is_refused(roles: Cast) -> None:
    case = order(roles.police)
    with pytest.raises(Refused) as refused:
        do_look(roles.police, person=case.protected_persons.get().pk, order=case.pk, field=SealedName.NAME, purpose="x")
    assert refused.value.fields[0].field == "purpose"


def test_nothing_sealed_under_a_name_is_said_plainly(roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    with pytest.raises(Refused) as refused:
        do_look(roles.police, person=her, order=case.pk, field=SealedName.SCHOOL_ADDRESS, purpose=PURPOSE)
    assert refused.value.code is Code.NOTHING_SEALED
    do_seal(roles.police, person=her, field=SealedName.SCHOOL_ADDRESS, value="школа № 0 (синтетическая)")
    found = do_look(roles.police, person=her, order=case.pk, field=SealedName.SCHOOL_ADDRESS, purpose=PURPOSE)
    assert found == "школа № 0 (синтетическая)"


def test_police_of_another_district_seal_nothing_in_her_file(roles: Cast) -> None:
    her = order(roles.police).protected_persons.get().pk
    with pytest.raises(NotFound):
        do_seal(roles.police_elsewhere, person=her, field=SealedName.PHONE, value="+996555999999")
    with pytest.raises(NotFound):
        do_seal(roles.police, person=uuid4(), field=SealedName.PHONE, value="+996555999999")


def test_a_lost_key_is_never_replaced_while_something_is_sealed(roles: Cast, tmp_path: Path) -> None:
    case = order(roles.police)
    (tmp_path / masters.KEY_FILE).unlink()
    with pytest.raises(Refused) as refused:
        protected(roles.police)
    assert refused.value.code is Code.VAULT_UNREADABLE
    assert ProtectedPerson.objects.count() == 1
    with pytest.raises(Refused) as refused:
        do_look(
            roles.police, person=case.protected_persons.get().pk, order=case.pk, field=SealedName.NAME, purpose=PURPOSE
        )
    assert refused.value.code is Code.VAULT_UNREADABLE
    assert not (tmp_path / masters.KEY_FILE).exists()


@pytest.mark.parametrize(
    ("sealed", "field"),
    [
        ({SealedName.PHONE: HER_PHONE}, "sealed.name"),
        ({SealedName.NAME: "  "}, "sealed.name"),
        ({SealedName.NAME: HER_NAME, SealedName.PHONE: "9" * 1001}, "sealed.phone"),
    ],
)
def test_a_refusal_never_quotes_what_should_have_been_sealed(
    roles: Cast, sealed: dict[SealedName, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        do_register_protected_person(roles.police, sealed=sealed)
    (problem,) = refused.value.fields
    assert problem.field == field
    assert HER_PHONE not in str(problem)
