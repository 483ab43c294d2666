"""No role, not even the owner, changes or deletes what was witnessed; and the console can't read what is sealed."""

import psycopg
import pytest

from aralyk.database import Role
from tests.conftest import Database
from tests.orders.cast import Cast, order

WITNESSED = [
    "UPDATE evidence_entry SET at = at + interval '1 hour'",
    "DELETE FROM evidence_entry",
    "TRUNCATE evidence_entry CASCADE",
    "UPDATE log_batch SET messages = messages + 1",
    "DELETE FROM log_batch",
]
# The owner migrates these tables; what it can't change is their witness.
WORDS_OF_PEOPLE = [
    "UPDATE orders_orderversion SET reason = 'x'",
    "DELETE FROM orders_condition",
    "DELETE FROM incidents_incidentevent",
]
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)


def test_no_role_changes_what_was_witnessed(database: Database, roles: Cast) -> None:
    order(roles.police)
    for role in Role:
        for statement in WITNESSED + ([] if role is Role.OWNER else WORDS_OF_PEOPLE):
            with database.connect(role) as connection, pytest.raises(REFUSALS):
                connection.execute(statement)
    with database.connect() as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM evidence_entry), (SELECT count(*) FROM log_batch),"
            " (SELECT count(*) FROM orders_condition)"
        ).fetchone()
    assert counts == (7 + 3 + 2 + 1, 1, 3)  # accounts, people and her two facts, order and batch; batches; conditions


def test_only_the_vault_reads_sealed_facts(database: Database) -> None:
    for role in sorted(set(Role) - {Role.OWNER, Role.VAULT}):
        with database.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM people_sealedfield")
