"""Each route names the scope that it needs, and who lacks it is refused: every route, every role, nothing forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, GenerationMode
from schemathesis.core import NotSet

from aralyk.access.models import Right, Role
from aralyk.access.permissions import GRANTS, May, Scope
from aralyk.api.scopes import ANYBODY, NEEDS, Needs
from aralyk.api.urls import api
from aralyk.orders.models import Order
from tests.access.people import open_to
from tests.api.test_api import ROOT, client_of
from tests.api.test_contract import operations
from tests.api.world import World, world
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, account, witnesses

OF_EVERYBODY: Final = {  # what a person may ask of himself, of the platform, and of what was served
    "GET /me", "GET /status", "GET /health", "GET /access/cases", "GET /orders/{order_id}/renditions",
    "GET /renditions/{paper_id}", "GET /renditions/{paper_id}/file",
    "GET /checks/code",  # a device's own: a person finds none
}  # fmt: skip


@cache
def document() -> dict[str, dict[str, Any]]:
    """Each route's operation, named as in the table."""
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return {f"{method.upper()} {path}": found for path, methods in paths.items() for method, found in methods.items()}


def test_the_table_names_every_route_and_no_other() -> None:
    assert set(NEEDS) == set(document())


def test_only_what_is_everybodys_needs_no_scope() -> None:
    assert {route for route, needs in NEEDS.items() if needs is ANYBODY} == OF_EVERYBODY


def test_each_route_names_its_scopes_in_the_document() -> None:
    for route, operation in document().items():
        if route == "GET /health":
            assert "security" not in operation
            continue
        named = [tuple(each["SignedIn"]) for each in operation["security"] if "SignedIn" in each]
        assert named == [tuple(scope.value for scope in scopes) for scopes in NEEDS[route]] or [()], route


@pytest.fixture
def there(database: Database, roles: Cast, tmp_path: Path) -> Iterator[World]:
    with world(database, roles, tmp_path) as found:
        yield found


@pytest.fixture
def clients(roles: Cast, there: World) -> Mapping[Role, Client]:
    """Somebody of each role, who is near to the case in every other way: of its district, or named in it."""
    case = Order.objects.get(pk=there.ids["order_id"])
    found = {}
    for role, grant in GRANTS.items():
        person = account(f"near-{role.value}", role, *(() if grant.scope is Scope.NO_DISTRICT else (HERE,)))
        if grant.scope is Scope.NO_DISTRICT and May.SEE_CASES in grant.may:
            open_to(roles.police, person, case, right=Right.READ)
        found[role] = client_of(person)
    return found


def test_nobody_comes_in_without_log_in(there: World) -> None:
    for route in set(NEEDS) - {"GET /health"}:
        method, _, path = route.partition(" ")
        address = ROOT + path.format(**there.parts(path))
        answer = Client().generic(method, address, "{}", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), route


@pytest.mark.slow
def test_whoever_lacks_the_scope_is_refused_by_every_route_and_nothing_is_done(
    database: Database, there: World, clients: Mapping[Role, Client]
) -> None:
    asked, let_in = 0, []
    before = acts(database)
    for operation in operations():
        path = operation.path.removeprefix(ROOT)
        needs = NEEDS[f"{operation.method.upper()} {path}"]
        lacking = [role for role in Role if needs and not holds(role, needs)]
        if not lacking:
            continue
        requests = good_requests(operation, there.parts(path))
        for role in lacking:
            answers: list[Answer] = []
            while len(answers) < len(requests) and not (answers and refused(answers[-1])):
                answers.append(ask(clients[role], operation, *requests[len(answers)]))
            if not refused(answers[-1]) or any(done(answer) for answer in answers):
                let_in.append(f"{operation.label} {role.value}: {answers}")
            asked += 1
    assert not let_in, "\n".join(let_in)
    assert asked > len(NEEDS)
    assert acts(database) == before


Answer = tuple[int, Any]


def holds(role: Role, needs: Needs) -> bool:
    return any(GRANTS[role].may.issuperset(scopes) for scopes in needs)


def good_requests(operation: APIOperation[Any, Any, Any, Any], ids: dict[str, Any]) -> list[tuple[str, str]]:
    """Requests of the form that the document says, about what there is."""
    found: list[tuple[str, str]] = []

    @settings(
        max_examples=3, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(GenerationMode.POSITIVE, path_parameters=ids))
    def each(case: Any) -> None:
        query = urlencode(case.query or {}, doseq=True)
        body = "" if isinstance(case.body, NotSet) else json.dumps(case.body)
        found.append((f"{case.formatted_path}?{query}", body))

    each()
    return found


def ask(client: Client, operation: APIOperation[Any, Any, Any, Any], address: str, body: str) -> Answer:
    answer = client.generic(operation.method, address, body, content_type="application/json")
    return answer.status_code, answer.json() if "json" in answer["Content-Type"] else answer.content


def refused(answer: Answer) -> bool:
    status, said = answer
    return status in {403, 404} or (status == 200 and nothing_in(said))


def done(answer: Answer) -> bool:
    status, said = answer
    return status < 300 and not nothing_in(said)


def nothing_in(said: Any) -> bool:
    """Whether a list is empty: what a list answers to somebody who may see none of it."""
    lists = [said] if isinstance(said, list) else [value for value in said.values() if isinstance(value, list)]
    return bool(lists) and not any(lists)


def acts(database: Database) -> list[str]:
    """What was witnessed, besides that a look was refused."""
    return [kind for kind, *_ in witnesses(database) if kind != "vault_refused"]
