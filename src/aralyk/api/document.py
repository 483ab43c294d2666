"""What the OpenAPI document says of every route alike: its scopes, the form of its refusals, the key of its writes."""

from __future__ import annotations

import re
from typing import Any, Final

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from aralyk.api.idempotency import HEADER, KEY_FORM, REPLAYED, WRITES
from aralyk.api.scopes import ANYBODY, NEEDS, Needs

PROBLEM: Final = "application/problem+json"
_SHARED: Final = "Error"
_REFERENCE: Final = "#/components/schemas/"
_KEY: Final[dict[str, Any]] = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": f"^{KEY_FORM}$"},
    "description": (
        "The same request under the same key is done once and answered alike (then with "
        f"{REPLAYED}: true). 422 key_reused: the key named another request. 409 key_in_use: it is being done. "
        "409 answer_not_kept: it was done, and its answer (a look, or what the caller may no longer see) is not given "
        "again. A refused request leaves its key free."
    ),
}
_REFUSAL: Final[dict[str, Any]] = {
    "description": "A refusal",
    "content": {PROBLEM: {"schema": {"$ref": _REFERENCE + _SHARED}}},
}


class Document(OpenAPISchema):
    """The document, complete. Names of schemas begin with their area: two areas have an `AnswerIn`, each its own."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        """One route."""
        others, self.schemas = self.schemas, {}
        found = super().operation_details(operation)
        area = operation.view_func.__module__.rpartition(".")[2].removesuffix("_routes")
        names = {name: name if name == _SHARED else f"{area}.{name}" for name in self.schemas}
        self.schemas = others | {names[name]: _renamed(schema, names) for name, schema in self.schemas.items()}
        details: dict[str, Any] = _renamed(found, names)

        answers = details["responses"]
        details["responses"] = {code: answer for code, answer in answers.items() if not 400 <= int(code) < 500}
        if operation.auth_callbacks or len(answers) > 2:
            details["responses"]["4XX"] = _REFUSAL
        if WRITES & set(operation.methods):
            details["parameters"] = [*details["parameters"], _KEY]
        if "security" in details:
            needs = NEEDS.get(route_of(operation.methods[0], operation.path), ANYBODY)
            details["security"] = [one for old in details["security"] for one in _requirements(old, needs)]
        return details


def route_of(method: str, path: str) -> str:
    """A route as `scopes.NEEDS` names it."""
    return f"{method.upper()} {re.sub('{[^}:]+:', '{', path)}"


def _requirements(requirement: dict[str, list[str]], needs: Needs) -> list[dict[str, list[str]]]:
    """Ways to be let in: any one suffices. A device's secret has no scopes."""
    if not needs or "SignedIn" not in requirement:
        return [requirement]
    return [{"SignedIn": [scope.value for scope in scopes]} for scopes in needs]


def _renamed(part: Any, names: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    return {key: _renamed_at(key, value, names) for key, value in part.items()}


def _renamed_at(key: Any, value: Any, names: dict[str, str]) -> Any:
    if key == "$ref" and isinstance(value, str):
        name = value.removeprefix(_REFERENCE)
        return _REFERENCE + names.get(name, name)
    return _renamed(value, names)
