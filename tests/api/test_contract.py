"""Every route keeps its word: schemathesis asks each, as somebody who may, with good and bad data.

The application and its database are real. The answers' status, content type and body must be those of the OpenAPI
document, bad data is refused, and nothing fails. `CONTRACT_EXAMPLES=100` asks longer; the default keeps to a minute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from aralyk.access.models import User
from aralyk.access.permissions import allows
from aralyk.api.document import PROBLEM
from aralyk.api.scopes import NEEDS
from aralyk.api.urls import api
from tests.api.test_api import ROOT, client_of
from tests.api.world import World, world
from tests.conftest import Database
from tests.orders.cast import Cast

EXAMPLES: Final = int(os.environ.get("CONTRACT_EXAMPLES", "3"))  # of good and of bad data, for each route
CSRF: Final = "a" * 32
CHECKS: Final[list[CheckFunction]] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


def operations() -> list[APIOperation[Any, Any, Any, Any]]:
    """All of them, those that change nothing first. Log-in is not generated: each test signs in for itself."""
    document = dict(api.get_openapi_schema(path_prefix=f"{ROOT}/"))
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    found = []
    for each in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(each, Ok), each.err()
        found.append(each.ok())
    return sorted(found, key=lambda each: each.method.upper() != "GET")


@pytest.fixture
def there(database: Database, roles: Cast, tmp_path: Path) -> Iterator[World]:
    with world(database, roles, tmp_path) as found:
        yield found


class Asked:
    """The application, asked by whoever may; what broke is collected, so that one run tells everything."""

    def __init__(self, there: World) -> None:
        self._there = there
        self._app = WSGIHandler()
        self._sessions: dict[int, str] = {}
        self.broken: dict[str, str] = {}
        self.answered = 0

    def ask(self, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, *, examples: int) -> None:
        """Some requests to one route."""
        who = self._who(operation)
        known = self._there.parts(operation.path.removeprefix(ROOT)) if mode is GenerationMode.POSITIVE else None

        @seed(1)
        @settings(
            max_examples=examples, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(mode, path_parameters=known))
        def each(case: Case[Any]) -> None:
            self._check(case, who)

        try:
            each()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label  # a route that takes nothing can't be asked wrongly
        except (FailureGroup, AssertionError) as failure:
            told = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            self.broken[f"{operation.label} {mode.value}"] = "\n".join(str(one) for one in told)

    def _check(self, case: Case[Any], who: User) -> None:
        answer = case.call(
            app=self._app,
            headers={"X-CSRFToken": CSRF},
            cookies={"session": self._session(who), "csrf": CSRF},
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        )
        self.answered += answer.status_code < 300
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 and answer.status_code != 405:
            assert answer.headers["content-type"] == [PROBLEM], answer.status_code
            assert answer.json()["status"] == answer.status_code

    def _who(self, operation: APIOperation[Any, Any, Any, Any]) -> User:
        needs = NEEDS[f"{operation.method.upper()} {operation.path.removeprefix(ROOT)}"]
        for person in self._there.people:
            if not needs or any(all(allows(person, may) for may in scopes) for scopes in needs):
                return person
        raise AssertionError(f"nobody may {operation.label}")

    def _session(self, who: User) -> str:
        if who.pk not in self._sessions:
            self._sessions[who.pk] = client_of(who).cookies["session"].value
        return self._sessions[who.pk]


@pytest.mark.slow
def test_every_route_answers_as_its_document_says(there: World) -> None:
    asked = Asked(there)
    found = operations()
    for operation in found:
        for mode in GenerationMode:
            asked.ask(operation, mode, examples=EXAMPLES)
    assert not asked.broken, "\n\n".join(f"== {label}\n{why}" for label, why in asked.broken.items())
    assert asked.answered > len(found) / 2  # most were really done, not refused
