"""Files for another office's register under /api/v1/; the mapping: docs/how-to/exchange-with-the-register.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja.responses import codes_4xx

from aralyk.api import paper_schemas as schemas
from aralyk.api.door import Error, api, user_of
from aralyk.papers import register


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


@api.get("/register/keys", response=_responses(list[schemas.KeyOut]), by_alias=True, tags=["register"])
def list_keys(request: HttpRequest) -> list[schemas.KeyOut]:
    """Whose keys are trusted."""
    return [schemas.key(found) for found in register.correspondents_for(user_of(request))]


@api.post("/register/keys", response=_responses(schemas.KeyOut), by_alias=True, tags=["register"])
def add_key(request: HttpRequest, payload: schemas.KeyIn) -> schemas.KeyOut:
    """Trust a register's key, without sealed facts."""
    added = register.do_add_correspondent(user_of(request), register=payload.register_slug, key=payload.key)
    return schemas.key(added)


@api.post("/register/keys/{key_id}/allow-sealed", response=_responses(schemas.KeyOut), by_alias=True, tags=["register"])
def allow_sealed(request: HttpRequest, key_id: int) -> schemas.KeyOut:
    """As the second person: this key may have sealed facts."""
    return schemas.key(register.do_allow_sealed(user_of(request), key_id))


@api.post("/orders/{order_id}/register", response=_responses(schemas.SignedFileOut), tags=["register"])
def export_order(
    request: HttpRequest, order_id: UUID, payload: schemas.ExportIn, response: HttpResponse
) -> schemas.SignedFileOut:
    """An order as a signed file."""
    response.headers["Cache-Control"] = "no-store"
    sent = register.do_export_order(
        user_of(request), order_id, correspondent=payload.key, sealed=payload.sealed, purpose=payload.purpose,
        fields=payload.fields,
    )  # fmt: skip
    return schemas.SignedFileOut(content=sent.content.decode(), signature=sent.signature.decode(), sha256=sent.sha256)


@api.get("/orders/{order_id}/register", response=_responses(list[schemas.RecordOut]), by_alias=True, tags=["register"])
def list_records(request: HttpRequest, order_id: UUID) -> list[schemas.RecordOut]:
    """What registers say of an order, newest first."""
    return [schemas.record(found) for found in register.records_for(user_of(request), order_id)]


@api.post("/register/replies", response=_responses(schemas.ImportedOut), tags=["register"])
def import_reply(request: HttpRequest, payload: schemas.ReplyIn) -> schemas.ImportedOut:
    """Take a file of theirs, whole or not at all."""
    done = register.do_import_reply(
        user_of(request), correspondent=payload.key, content=payload.content.encode(),
        signature=payload.signature.encode(),
    )  # fmt: skip
    return schemas.ImportedOut(**asdict(done))
