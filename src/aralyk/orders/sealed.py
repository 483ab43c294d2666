"""Checks an order against her sealed places, behind the vault's door: what comes out is a finding, never a place.

Every look leaves its witness, on her list of looks too. Whoever moves his home about to find hers by asking again and
again is stopped after some looks a day, and each of them stands on that list with the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import connections, transaction

from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.witness import name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders.drafts import PROXIMITY, Circumstances, LawfulCondition, Place
from aralyk.orders.geometry import holds, metres_between
from aralyk.orders.ground_coverage import coverage_of
from aralyk.orders.sanity import FindingKind, Found
from aralyk.people.models import SealedField
from aralyk.people.sealing import VAULT, open_fact
from aralyk.people.vault import SealedName

PURPOSE: Final = "check of an order's conditions: only the finding was told"
LOOKS_A_DAY_MAX: Final = 20  # an order is checked some times while it is written; a bisection to 50 m takes more
HERS: Final = (SealedName.HOME_PLACE, SealedName.WORK_PLACE, SealedName.SCHOOL_PLACE)
_PLACES: Final = (*HERS, SealedName.SHELTER_PLACE)


def sealed_findings(
    by: User,
    conditions: Sequence[LawfulCondition],
    circumstances: Circumstances,
    *,
    protected: Sequence[UUID],
    subject: str,
    at: datetime,
) -> list[Found]:
    """What her places say against these conditions.

    Args:
        by: Who asks; the looks are in this person's name.
        conditions: Lawful, all of the order.
        circumstances: With his places.
        protected: Whom the order protects.
        subject: For what: "order:…" or "draft".
        at: Now.

    Raises:
        Refused: too_often; vault_unreadable.
    """
    measured = [condition for condition in conditions if condition.kind.engine]
    if not measured:
        return []
    return [
        found
        for person in protected
        for found in _findings_of(
            person, _open(by, person, subject=subject, at=at), measured, circumstances, at=at
        )
    ]  # fmt: skip


def _findings_of(
    person: UUID,
    places: dict[SealedName, Place],
    measured: Sequence[LawfulCondition],
    circumstances: Circumstances,
    *,
    at: datetime,
) -> list[Found]:
    found = []
    his = [place for place in (circumstances.his_home, circumstances.his_work) if place is not None]
    hers = [places[name] for name in HERS if name in places]
    for condition in measured:
        if condition.kind.slug == PROXIMITY and condition.parameters["protected"] == str(person):
            distance_m = condition.parameters["distance_m"]
            if not his or not hers:
                found.append(Found(kind=FindingKind.PLACES_NOT_COMPARED, subject=condition.code))
            elif any(metres_between(one, other) < distance_m for one in his for other in hers):
                found.append(Found(kind=FindingKind.PLACES_TOO_CLOSE, subject=condition.code))
        shape, shelter = condition.parameters.get("shape"), places.get(SealedName.SHELTER_PLACE)
        if shape is not None and shelter is not None and holds(shape, shelter):
            found.append(Found(kind=FindingKind.SHELTER_IN_ZONE, subject=condition.code))
    found += coverage_of(places.get(SealedName.HOME_PLACE), subject=f"her_home/{person}", at=at)
    return found


def _open(by: User, person: UUID, *, subject: str, at: datetime) -> dict[SealedName, Place]:
    with transaction.atomic(using=VAULT):
        rows = list(
            SealedField.objects.using(VAULT).filter(
                protected_person=person, about=person, field__in=[name.value for name in _PLACES]
            )
        )  # fmt: skip
        if not rows:
            return {}
        _check_not_too_often(by, person, at=at)
        witness(
            kind=Kind.VAULT_LOOK,
            subject=f"protected_person:{person}",
            by=by,
            at=at,
            data={"field": ",".join(sorted(row.field for row in rows)), "order": subject, "purpose": PURPOSE},
            using=VAULT,
        )
        return {SealedName(row.field): parse_place(open_fact(row)) for row in rows}


def _check_not_too_often(by: User, person: UUID, *, at: datetime) -> None:
    with connections[VAULT].cursor() as cursor:
        cursor.execute(
            "SELECT body FROM evidence_entry WHERE subject = %s AND kind = %s AND at > %s",
            (f"protected_person:{person}", Kind.VAULT_LOOK.value, at - timedelta(days=1)),
        )
        bodies = [msgspec.json.decode(bytes(body)) for (body,) in cursor.fetchall()]
    mine = [body for body in bodies if body["by"] == name_of(by) and body["data"].get("purpose") == PURPOSE]
    if len(mine) >= LOOKS_A_DAY_MAX:
        raise Refused(Code.TOO_OFTEN, most=LOOKS_A_DAY_MAX)


def parse_place(text: str) -> Place:
    """Read "42.874600,74.612200".

    Raises:
        Refused: invalid, never quoting the text.
    """
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise Refused.field("place", expected="latitude and longitude in degrees, like 42.8746,74.6122") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Refused.field("place", expected="a latitude of -90 to 90 and a longitude of -180 to 180")
    return Place(lat=lat, lon=lon)


def written_place(place: Place) -> str:
    """The form that `parse_place` reads; six decimals are 10 cm."""
    return f"{place.lat:.6f},{place.lon:.6f}"
