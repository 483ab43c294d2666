"""The API's door: who may come in, and how it says no.

Log-in is the console's session cookie; a write also needs the CSRF token. Every refusal is a problem of RFC 9457 with
"code", "message" and "fields", in the language of the request, and never quotes what was sent: only its kind and size.
"""

from __future__ import annotations

from typing import Any, Final, cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import SessionAuth

from aralyk.access.errors import Code, FieldProblem, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.sentences import sentence_of
from aralyk.api.document import PROBLEM, Document
from aralyk.api.idempotency import AlreadyDone, check_key, once

STATUS: Final[dict[Code, int]] = {
    Code.NOT_PERMITTED: 403,
    Code.SECOND_FACTOR_NEEDED: 403,
    Code.INVALID: 422,
    Code.KEY_REUSED: 422,
    Code.TOO_MANY_LOOKS: 429,
}
CONFLICT: Final = 409  # the act was understood, but things stand otherwise than the caller thought


class FieldError(Schema):
    """One field that can't be accepted."""

    field: str
    expected: str
    found: str | None = None


class Error(Schema):
    """Every refusal: a problem of RFC 9457. `message` is `title`; `code` is what a program asks for."""

    type: str
    title: str
    status: int
    code: str
    message: str
    fields: list[FieldError] = []


class SignedIn(SessionAuth):
    """The console's session, of an account that is not disabled."""

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """The person, or None: then the answer is 401."""
        user = request.user
        return user if isinstance(user, User) and user.is_active else None


def user_of(request: HttpRequest) -> User:
    """The person who asks; `SignedIn` let them in."""
    return cast(User, request.user)


class Api(NinjaAPI):
    """The API, with what holds for all of its routes."""

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """Ninja asks for this when the caller is known and nothing of the request was read yet."""
        caller = getattr(request, "auth", None)
        if caller is not None:
            check_key(request, caller)
        return super().create_temporal_response(request)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document, with what no single route says."""
        return Document(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)


api = Api(
    title="Monitoring of protection orders",
    version="1",
    description="Read and answer what the console shows. Times are ISO 8601 UTC, angles WGS 84 degrees, lengths metres",
    auth=SignedIn(),
    urls_namespace="api-1",
    docs_url=None,
)
api.add_decorator(once, mode="view")


def refusal(status: int, code: str, message: str, fields: tuple[FieldProblem, ...] = ()) -> JsonResponse:
    """One form for every refusal."""
    shown = [
        {"field": field.field, "expected": field.expected} | ({} if field.found is None else {"found": field.found})
        for field in fields
    ]
    problem = {"type": f"urn:aralyk:problem:{code}", "title": message, "status": status}
    said = {"code": code, "message": message, "fields": shown}
    return JsonResponse(problem | said, status=status, content_type=PROBLEM)


@api.exception_handler(AlreadyDone)
def on_already_done(request: HttpRequest, done: AlreadyDone) -> HttpResponse:
    """The same request was done before."""
    return done.answer


@api.exception_handler(Refused)
def on_refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """The domain refused."""
    return refusal(STATUS.get(error.code, CONFLICT), error.code.value, sentence_of(error), error.fields)


@api.exception_handler(NotFound)
def on_not_found(request: HttpRequest, error: NotFound) -> HttpResponse:
    """There is none, or not for this person: the same answer."""
    return not_found(request)


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The request does not have the form that the OpenAPI document says."""
    fields = tuple(_problem(found) for found in error.errors)
    return refusal(422, Code.INVALID.value, sentence_of(Refused(Code.INVALID)), fields)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Not logged in, no CSRF token, or a body that is not JSON."""
    known = {
        400: ("malformed", _("The request can't be read.")),
        401: ("not_signed_in", _("Sign in first.")),
        403: ("csrf_failed", _("The page is too old: load it again.")),
    }
    code, message = known.get(error.status_code, ("refused", _("The request was refused.")))
    return refusal(error.status_code, code, message)


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """More was sent than any request of ours needs."""
    return refusal(413, "too_large", _("The request is too large."))


def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The answer for every address that leads nowhere."""
    return refusal(404, "not_found", _("There is nothing here."))


def _problem(error: dict[str, Any]) -> FieldProblem:
    place = [str(part) for part in error.get("loc", ())]
    if place and place[0] in {"body", "query", "path"}:
        place = place[1:]
    if len(place) > 1 and place[0] in {"payload", "filters"}:
        place = place[1:]
    return FieldProblem(field=".".join(place)[:100], expected=str(error.get("msg", ""))[:200], found=_kind_of(error))


def _kind_of(error: dict[str, Any]) -> str | None:
    """What was found, without quoting it: a text may hold a name."""
    if "input" not in error:
        return None
    value = error["input"]
    if value is None or isinstance(value, bool | int | float):
        return str(value)[:40]
    return f"text of {len(value)} characters" if isinstance(value, str) else type(value).__name__
