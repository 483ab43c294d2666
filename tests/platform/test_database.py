"""The fixture itself and what the roles may do."""

import psycopg
import pytest

from aralyk.cli.errors import CommandRefused
from aralyk.cli.schema import bring_up_to_date, is_up_to_date
from aralyk.database import Role
from tests.conftest import Database


def test_each_role_logs_in_as_itself(database: Database) -> None:
    for role in Role:
        with database.connect(role) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role.login,)


def test_no_role_may_create_tables_but_the_owner(database: Database) -> None:
    for role in set(Role) - {Role.OWNER}:
        with database.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.surprise (id integer)")


def test_the_gateway_cannot_read_the_vault(database: Database) -> None:
    with database.connect(Role.GATEWAY) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM people_sealedfield")


def test_a_database_says_which_schema_and_rights_it_has(database: Database) -> None:
    assert is_up_to_date()
    with database.connect() as connection:
        connection.execute("REVOKE SELECT ON log_batch FROM aralyk_monitor")
        connection.execute("COMMENT ON TABLE django_migrations IS 'applied: by another version'")
    assert not is_up_to_date()
    bring_up_to_date()
    assert is_up_to_date()
    with database.connect(Role.MONITOR) as connection:
        connection.execute("SELECT count(*) FROM log_batch")


def test_a_database_of_another_version_is_refused_before_anything_is_changed_in_it(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('orders', '9001_of_a_newer_one', now())"
        )
        connection.execute("COMMENT ON TABLE django_migrations IS 'applied: by another version'")
    with pytest.raises(CommandRefused, match=r"another version of Aralyk: orders\.9001_of_a_newer_one"):
        bring_up_to_date()
    assert not is_up_to_date()
