"""Masters come and go without touching a value; a destroyed key ends a file; a backup without the master is mute."""

import os
import secrets
import subprocess
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections
from django.utils import translation

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.cli import main
from aralyk.database.binaries import find_binaries
from aralyk.orders.actions import do_end_order
from aralyk.orders.models import Order
from aralyk.people import masters
from aralyk.people.actions import do_seal
from aralyk.people.looks import do_look
from aralyk.people.masters import read_keyring
from aralyk.people.models import DataKey, SealedField
from aralyk.people.rotation import do_destroy_key, do_rewrap, do_rotate, vault_state
from aralyk.people.sealing import keyring
from aralyk.people.vault import SealedName
from aralyk.reports.models import SealedText
from aralyk.reports.sealed import Said, words_of
from tests.conftest import Database, point_to
from tests.orders.cast import HER_NAME, HER_PHONE, Cast, order, protected, witnesses

PURPOSE = "позвонить и предупредить"


def look(roles: Cast, case: Order, field: SealedName = SealedName.PHONE) -> str:
    her = case.protected_persons.get().pk
    return do_look(roles.operator, person=her, order=case.pk, field=field, purpose=PURPOSE)


def seal_as_before(person: UUID, field: SealedName, value: str) -> None:
    """As the vault sealed until November 2026: with the master itself."""
    master = read_keyring().current
    nonce = secrets.token_bytes(12)
    bound_to = f"aralyk sealed v1/{person}/{field.value}/{master.master_id}".encode()
    ciphertext = AESGCM(master.key).encrypt(nonce, value.encode(), bound_to)
    SealedField.objects.using("vault").update_or_create(
        protected_person=person, about=person, field=field.value,
        defaults={"data_key": None, "key_id": master.master_id, "nonce": nonce, "ciphertext": ciphertext,
                  "written_at": clock.now()},
    )  # fmt: skip


def seal_words_as_before(text: str) -> UUID:
    """Words of a report, as the vault sealed them until November 2026: with the master itself."""
    master = keyring().current
    nonce, report = secrets.token_bytes(12), uuid4()
    bound_to = f"aralyk sealed v1/{report}/{Said.ACCOUNT.value}/{master.master_id}".encode()
    ciphertext = AESGCM(master.key).encrypt(nonce, text.encode(), bound_to)
    SealedText.objects.using("vault").create(
        report=report, name=Said.ACCOUNT.value, key_id=master.master_id, nonce=nonce, ciphertext=ciphertext,
        written_at=clock.now(),
    )  # fmt: skip
    return report


def test_every_person_has_a_key_of_her_own_that_no_row_holds_in_the_clear(roles: Cast) -> None:
    first, second = order(roles.police), order(roles.police)
    keys = {key.protected_person: key for key in DataKey.objects.using("vault")}
    assert set(keys) == {first.protected_persons.get().pk, second.protected_persons.get().pk}
    one, other = (bytes(key.ciphertext) for key in keys.values())
    assert one != other
    assert len(one) == masters.KEY_BYTES + 16  # the key and its tag, nothing else


def test_a_rotation_wraps_every_key_anew_and_touches_no_value(database: Database, roles: Cast, tmp_path: Path) -> None:
    cases = [order(roles.police) for _ in range(3)]
    before = list(SealedField.objects.using("vault").order_by("pk").values_list("ciphertext", "written_at"))
    first = read_keyring().current.master_id
    done = do_rotate()
    assert (done.keys, done.facts_sealed_anew, done.forgotten) == (3, 0, (first,))
    second = read_keyring().current.master_id
    assert vault_state().keys_by_master == {second: 3}
    assert second != first
    after = list(SealedField.objects.using("vault").order_by("pk").values_list("ciphertext", "written_at"))
    assert [(bytes(c), at) for c, at in before] == [(bytes(c), at) for c, at in after]
    assert [look(roles, case) for case in cases] == [HER_PHONE] * 3
    assert not list((tmp_path / masters.OLD_KEYS).glob("*"))
    acts = [data["act"] for kind, _, _, data in witnesses(database) if kind == "vault_master_changed"]
    assert acts == ["rotated", "rewrapped"]


def test_a_rotation_that_was_cut_off_loses_nothing_and_goes_on(roles: Cast) -> None:
    case = order(roles.police)
    first = read_keyring().current.master_id
    masters.lay_aside()  # the machine falls here: a new master, nothing wrapped with it yet
    assert look(roles, case) == HER_PHONE
    other = order(roles.police)
    assert vault_state().keys_by_master == {first: 1, read_keyring().current.master_id: 1}
    assert do_rewrap().forgotten == (first,)
    assert (look(roles, case), look(roles, other)) == (HER_PHONE, HER_PHONE)
    assert do_rewrap().keys == 0


def test_what_was_sealed_with_the_master_itself_opens_and_gets_her_own_key(roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    seal_as_before(her, SealedName.HOME_ADDRESS, "дом при старой печати")
    assert look(roles, case, SealedName.HOME_ADDRESS) == "дом при старой печати"
    assert sum(vault_state().direct_by_master.values()) == 1
    assert do_rotate().facts_sealed_anew == 1
    assert look(roles, case, SealedName.HOME_ADDRESS) == "дом при старой печати"
    assert vault_state().direct_by_master == {}


def test_a_master_that_words_of_a_report_need_is_never_forgotten(
    roles: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = seal_words_as_before("что было сказано")
    first = read_keyring().current.master_id
    assert vault_state().words_by_master == {first: 1}
    assert do_rotate().forgotten == ()
    assert [each.text for each in words_of(report)] == ["что было сказано"]
    assert main(["vault", "status"]) == 0
    assert f"sealed with {first} itself  1 text of reports" in capsys.readouterr().out
    (tmp_path / masters.OLD_KEYS / f"{first}.key").unlink()
    assert vault_state().missing == (first,)
    assert main(["vault", "status"]) == 1
    with pytest.raises(Refused) as refused:
        do_rewrap()
    assert refused.value.code is Code.VAULT_UNREADABLE


def test_no_new_master_is_made_where_words_of_a_report_wait_for_the_lost_one(roles: Cast, tmp_path: Path) -> None:
    seal_words_as_before("что было сказано")
    (tmp_path / masters.KEY_FILE).unlink()
    with pytest.raises(Refused) as refused:
        protected(roles.police)
    assert refused.value.code is Code.VAULT_UNREADABLE
    assert not (tmp_path / masters.KEY_FILE).exists()


def test_no_master_is_replaced_while_one_that_is_needed_is_away(roles: Cast, tmp_path: Path) -> None:
    order(roles.police)
    (tmp_path / masters.KEY_FILE).unlink()
    masters.make_master(tmp_path)  # somebody puts another key there by hand
    for act in (do_rotate, do_rewrap):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code is Code.VAULT_UNREADABLE
    assert len(vault_state().missing) == 1


def test_a_destroyed_key_ends_her_file_and_no_other(database: Database, roles: Cast) -> None:
    case, other = order(roles.police), order(roles.police)
    her = case.protected_persons.get()
    kept = DataKey.objects.using("vault").get(protected_person=her.pk)
    with pytest.raises(Refused) as refused:
        do_destroy_key(her.code, reason="срок хранения истёк")
    assert refused.value.code is Code.ORDER_STANDS
    do_end_order(roles.police, case.pk, reason="мера отменена судом", act="АД-77/26")
    do_destroy_key(her.code, reason="срок хранения истёк")
    for act in (
        lambda: look(roles, case),
        lambda: do_seal(roles.police, person=her.pk, field=SealedName.PHONE, value="+996555999999"),
        lambda: do_destroy_key(her.code, reason="срок хранения истёк"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code is Code.VAULT_KEY_DESTROYED
    assert look(roles, other) == HER_PHONE
    row = DataKey.objects.using("vault").get(protected_person=her.pk)
    assert (bytes(row.ciphertext), row.destroyed_at is not None) == (b"", True)
    _kind, subject, by, data = next(w for w in witnesses(database) if w[0] == "vault_key_destroyed")
    assert (subject, by) == (f"protected_person:{her.pk}", "system:vault")
    assert "срок" not in str(data)
    # An older backup has her wrapped key: it opens with the master of then, and with no other.
    do_rotate()
    DataKey.objects.using("vault").filter(pk=row.pk).update(
        destroyed_at=None, master_id=kept.master_id, nonce=kept.nonce, ciphertext=kept.ciphertext
    )
    with pytest.raises(Refused) as refused:
        look(roles, case)
    assert refused.value.code is Code.VAULT_UNREADABLE
    with pytest.raises(NotFound):
        do_destroy_key("NOBODY", reason="срок хранения истёк")


def dump_and_restore(database: Database, tmp_path: Path) -> str:
    """A dump as an operator makes it, restored into a database of another name; returns its name."""
    binaries = find_binaries()
    environment = {**os.environ, "PGOPTIONS": ""}
    file, restored = tmp_path / "backup.dump", f"{database.name}_restored"
    program = binaries.root / binaries.bin
    subprocess.run(
        [program / "pg_dump", "--format=custom", f"--file={file}", database.url()], check=True, env=environment
    )
    for text in (HER_NAME, HER_PHONE):
        assert text.encode() not in file.read_bytes()
    database.cluster.create_database(restored)
    subprocess.run(
        [program / "pg_restore", f"--dbname={database.cluster.url_of(restored)}", file], check=True, env=environment
    )
    return restored


def test_a_restored_backup_without_the_master_is_unreadable_and_says_so_and_with_it_readable(
    database: Database, roles: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = order(roles.police)
    master = (tmp_path / masters.KEY_FILE).read_bytes()
    restored = dump_and_restore(database, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    connections.close_all()
    try:
        point_to(database.cluster.url_of(restored))
        monkeypatch.setenv("ARALYK_HOME", str(elsewhere))
        with pytest.raises(Refused) as refused:
            look(roles, case)
        assert refused.value.code is Code.VAULT_UNREADABLE
        with pytest.raises(Refused):  # and no new key hides the loss
            order(roles.police)
        assert main(["vault", "status"]) == 1
        told = capsys.readouterr().out
        assert "UNREADABLE" in told
        assert "2 facts about people sealed, 1 key" in told
        assert str(masters.KEY_FILE) in told
        (elsewhere / masters.KEY_FILE).parent.mkdir()
        (elsewhere / masters.KEY_FILE).write_bytes(master)
        (elsewhere / masters.KEY_FILE).chmod(0o600)
        assert look(roles, case) == HER_PHONE
        assert main(["vault", "status"]) == 0
    finally:
        connections.close_all()
        database.cluster.drop_database(restored)


def test_the_command_line_rotates_destroys_and_says_what_it_did(
    roles: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    case = order(roles.police, expires_at=clock.now() + timedelta(days=30))
    her = case.protected_persons.get()
    before = read_keyring().current.master_id
    assert main(["vault", "rotate"]) == 0
    assert before in capsys.readouterr().out
    assert main(["vault", "rewrap"]) == 0
    with translation.override("en"):
        assert main(["vault", "destroy", her.code, "--reason", "срок хранения истёк"]) == 2
    assert "not ended" in capsys.readouterr().err
    do_end_order(roles.police, case.pk, reason="мера отменена судом", act="АД-77/26")
    assert main(["vault", "destroy", her.code, "--reason", "срок хранения истёк"]) == 0
    assert "rotate" in capsys.readouterr().out
    assert main(["vault", "destroy", "NOBODY", "--reason", "срок хранения истёк"]) == 2
    assert main(["vault", "status"]) == 0
    assert "1 destroyed" in capsys.readouterr().out
