"""Checks an order against her sealed places, behind the vault's door: what comes out is a finding, never a place.

Every look leaves its witness, on her list of looks too. A look answers one question, with yes or no: is any place of
his within the widest ring of any of hers, does any area of the order hold the shelter. Forty rings or a grid of areas
in one draft would else tell a place at once. Whoever moves his home or an area about to find hers is stopped after some
different questions, and each look stands on that list with the name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
from aralyk.orders.sanity import AREAS, FindingKind, Found
from aralyk.people.models import SealedField
from aralyk.people.sealing import VAULT, open_fact
from aralyk.people.vault import SealedName

PURPOSE: Final = "check of an order's conditions: only the finding was told"
LOOKS_A_DAY_MAX: Final = 20  # the same draft is checked some times while it is written
# Different questions of one person about another. Each answer halves what is left at best: of a town of 20 km by 20 km
# ten leave more than a third of a square kilometre.
QUESTIONS_MAX: Final = 10
QUESTIONS_WITHIN: Final = timedelta(days=30)
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
    found = []
    for person in protected:
        question = _question(person, measured, circumstances)
        places = _open(by, person, subject=subject, question=question, at=at)
        found += _findings_of(person, places, measured, circumstances, at=at)
    return found


def _question(person: UUID, measured: Sequence[LawfulCondition], circumstances: Circumstances) -> str:
    """The fingerprint of all that the answer depends on besides her places."""
    ring, shapes = _widest_ring(person, measured), [one.parameters.get("shape") for one in measured]
    distance_m = None if ring is None else ring.parameters["distance_m"]
    asked = [circumstances.his_home, circumstances.his_work, distance_m, [shape for shape in shapes if shape]]
    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


def _widest_ring(person: UUID, measured: Sequence[LawfulCondition]) -> LawfulCondition | None:
    rings = [one for one in measured if one.kind.slug == PROXIMITY and one.parameters["protected"] == str(person)]
    return max(rings, key=lambda one: one.parameters["distance_m"], default=None)


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
    ring = _widest_ring(person, measured)
    if ring is not None:
        distance_m = ring.parameters["distance_m"]
        if not his or not hers:
            found.append(Found(kind=FindingKind.PLACES_NOT_COMPARED, subject=ring.code))
        elif any(metres_between(one, other) < distance_m for one in his for other in hers):
            found.append(Found(kind=FindingKind.PLACES_TOO_CLOSE, subject=ring.code))
    areas, shelter = [one for one in measured if one.parameters.get("shape")], places.get(SealedName.SHELTER_PLACE)
    if shelter is not None and any(holds(one.parameters["shape"], shelter) for one in areas):
        found.append(Found(kind=FindingKind.SHELTER_IN_ZONE, subject=_name_of(areas)))
    # The share that is heard would name her cell on the map of coverage.
    heard = coverage_of(places.get(SealedName.HOME_PLACE), subject=f"her_home/{person}", at=at)
    return found + [Found(kind=one.kind, subject=one.subject) for one in heard]


def _name_of(areas: Sequence[LawfulCondition]) -> str:
    """One area by its code; of several not which, and another name once any of them is drawn anew."""
    if len(areas) == 1:
        return areas[0].code
    drawn = [[one.code, one.parameters["shape"]] for one in areas]
    return f"{AREAS}/{hashlib.sha256(msgspec.json.encode(drawn, order='sorted')).hexdigest()[:16]}"


def _open(by: User, person: UUID, *, subject: str, question: str, at: datetime) -> dict[SealedName, Place]:
    try:
        return _looked(by, person, subject=subject, question=question, at=at)
    except Refused as refusal:
        if refusal.code is Code.TOO_OFTEN:
            with transaction.atomic(using=VAULT):
                data = {"field": SealedName.HOME_PLACE.value, "order": subject, "why": refusal.code.value}
                _witness(by, person, kind=Kind.VAULT_REFUSED, at=at, data=data)
        raise


def _looked(by: User, person: UUID, *, subject: str, question: str, at: datetime) -> dict[SealedName, Place]:
    with transaction.atomic(using=VAULT):
        rows = list(
            SealedField.objects.using(VAULT).filter(
                protected_person=person, about=person, field__in=[name.value for name in _PLACES]
            )
        )  # fmt: skip
        if not rows:
            return {}
        _check_not_too_often(by, person, question=question, at=at)
        fields = ",".join(sorted(row.field for row in rows))
        data = {"field": fields, "order": subject, "purpose": PURPOSE, "question_sha256": question}
        _witness(by, person, kind=Kind.VAULT_LOOK, at=at, data=data)
        return {SealedName(row.field): parse_place(open_fact(row)) for row in rows}


def _witness(by: User, person: UUID, *, kind: Kind, at: datetime, data: Mapping[str, object]) -> None:
    witness(kind=kind, subject=f"protected_person:{person}", by=by, at=at, data=data, using=VAULT)


def _check_not_too_often(by: User, person: UUID, *, question: str, at: datetime) -> None:
    with connections[VAULT].cursor() as cursor:
        # Two at once are counted one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (person.int & 0x7FFF_FFFF_FFFF_FFFF,))
        cursor.execute(
            "SELECT at, body FROM evidence_entry WHERE subject = %s AND kind = %s AND at > %s",
            (f"protected_person:{person}", Kind.VAULT_LOOK.value, at - QUESTIONS_WITHIN),
        )
        looks = [(when, msgspec.json.decode(bytes(body))) for when, body in cursor.fetchall()]
    mine = [(when, body["data"]) for when, body in looks if body["by"] == name_of(by)]
    checks = [(when, data) for when, data in mine if data.get("purpose") == PURPOSE]
    if sum(when > at - timedelta(days=1) for when, _ in checks) >= LOOKS_A_DAY_MAX:
        raise Refused(Code.TOO_OFTEN, most=LOOKS_A_DAY_MAX)
    asked = {data.get("question_sha256", "") for _, data in checks}
    if question not in asked and len(asked) >= QUESTIONS_MAX:
        raise Refused(Code.TOO_OFTEN, most=QUESTIONS_MAX)


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
