"""The people and things of the domain's tests, made through the same actions as in production."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aralyk import clock
from aralyk.access.actions import do_create_user
from aralyk.access.errors import NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.witness import System
from aralyk.database import Role as DatabaseRole
from aralyk.devices.actions import do_assign_device, do_register_device
from aralyk.devices.models import Device, DeviceKind, Party
from aralyk.incidents.models import Incident
from aralyk.orders.actions import do_issue_order, findings_of
from aralyk.orders.drafts import Answered, ConditionDraft, OrderDraft
from aralyk.orders.models import Order, Threat, Weapons
from aralyk.orders.service import Topic
from aralyk.papers.actions import do_make_paper, do_name_zone
from aralyk.papers.deliveries import do_serve_paper
from aralyk.papers.models import Rendition
from aralyk.people.actions import do_register_protected_person, do_register_respondent
from aralyk.people.models import ProtectedPerson, Respondent, Stated
from aralyk.people.vault import SealedName
from tests.conftest import Database

PASSWORD = "пароль-для-проверки-9"
HERE = "bishkek_oktyabrsky"
ELSEWHERE = "bishkek_leninsky"
HER_NAME = "Синтетическая Айгуль"
HER_PHONE = "+996555000001"
ZONE = {"circle": {"lat": 42.8746, "lon": 74.6122, "radius_m": 300.0}}
RULING = "постановление № 12 от 21.11.2026"
STATED = {"weapons": Stated.UNKNOWN, "children": Stated.YES, "prior_reports": Stated.NO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One account of each role, all for the district HERE where a role has districts; and police of ELSEWHERE."""

    operator: User
    supervisor: User
    police: User
    police_elsewhere: User
    probation: User
    prosecutor: User
    administrator: User


def make_accounts() -> None:
    """Make the accounts in the database at hand."""
    account("operator", Role.OPERATOR, agency="monitoring_centre")
    account("supervisor", Role.SUPERVISOR, agency="monitoring_centre")
    account("police", Role.POLICE, HERE, agency="police_oktyabrsky")
    account("police_elsewhere", Role.POLICE, ELSEWHERE, agency="police_leninsky")
    account("probation", Role.PROBATION, HERE, agency="probation_bishkek")
    account("prosecutor", Role.PROSECUTOR, HERE, agency="prosecutor_general")
    account("administrator", Role.ADMINISTRATOR)


def cast() -> Cast:
    """The accounts as stored."""
    return Cast(**{user.username: user for user in User.objects.all()})


def account(username: str, role: Role, *districts: str, agency: str | None = None) -> User:
    return do_create_user(
        System.SETUP, username=username, password=PASSWORD, role=role, agency=agency, districts=districts,
        display_name=f"Т. {username}",
    )  # fmt: skip


def respondent(by: User, *, district: str = HERE, name: str = "Синтетический Бакыт") -> Respondent:
    return do_register_respondent(by, name=name, residence_district=district, weapons=Stated.NO, synthetic=True)


def protected(by: User) -> ProtectedPerson:
    return do_register_protected_person(
        by, sealed={SealedName.NAME: HER_NAME, SealedName.PHONE: HER_PHONE}, synthetic=True
    )


def draft(by: User, *, district: str = HERE, **changed: Any) -> OrderDraft:
    """A lawful court measure for 30 days: a ring, a zone and a prohibition that no device measures."""
    now = clock.now()
    values: dict[str, Any] = {
        "number": f"ПР-{uuid4().hex[:8]}",
        "legal_basis": "court_measure",
        "respondent": respondent(by, district=by.districts[0]).pk,
        "protected_persons": (protected(by).pk,),
        "district": district,
        "threat": Threat.HIGH,
        "starts_at": now,
        "expires_at": now + timedelta(days=30),
        "conditions": (
            ConditionDraft(kind="proximity", distance_m=500, warning_m=1200),
            ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE),
            ConditionDraft(kind="no_contact"),
        ),
        "statements": STATED,
        "reported_at": now - timedelta(hours=30),
        "established_at": now - timedelta(hours=20),
        "synthetic": True,
    }
    return answered(by, OrderDraft(**(values | changed)))


def answered(by: User, plan: OrderDraft) -> OrderDraft:
    """The same draft with a signed reason for all that the checks find; one that the law refuses stays as it is."""
    try:
        found = findings_of(by, plan)
    except (Refused, NotFound):
        return plan
    given = Answered(reason="проверено при выдаче, известно", alternative="проживает в убежище, охрана на входе")
    return replace(plan, answers={one.key: given for one in found})


def order(by: User, **changed: Any) -> Order:
    return do_issue_order(by, draft(by, **changed))


def open_order(by: User, **changed: Any) -> Order:
    """An order that hides nothing from him: one zone, named openly on a paper that he was given."""
    zone = ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE)
    found = order(by, **({"conditions": (zone,)} | changed))
    tell_openly(by, found)
    return found


def tell_openly(by: User, found: Order, *, condition: str = "home") -> None:
    do_name_zone(by, found.pk, condition=condition, reason="пункт 3 постановления суда")
    paper = do_make_paper(by, found.pk, rendition=Rendition.SERVED, language="ru")
    do_serve_paper(
        by, found.pk, paper=paper.pk, served_at=clock.now(), language="ru", told=list(Topic), weapons=Weapons.SEIZED,
        weapon_register_answered=True,
    )  # fmt: skip


def bracelet(by: User, device_id: str = "860000000000017") -> Device:
    return do_register_device(
        by, device_id=device_id, kind=DeviceKind.BRACELET, protocol="r16h", interval_s=60, synthetic=True
    ).device


def phone(by: User, device_id: str = "phone-0001") -> Device:
    return do_register_device(
        by, device_id=device_id, kind=DeviceKind.PHONE, protocol="osmand", interval_s=60, synthetic=True
    ).device


def equip(by: User, found: Order, *, device: str, party: Party = Party.RESPONDENT) -> None:
    her = found.protected_persons.get()
    person = found.respondent_id if party is Party.RESPONDENT else her.pk
    do_assign_device(by, device_id=device, order_id=found.pk, party=party, person=person, reason="выбрано комиссией")


def raised(
    database: Database, found: Order, *, kind: str = "proximity", priority: int = 1, minutes_ago: float = 1.0,
    device: str = "860000000000017", episode_open: bool = True,
) -> Incident:  # fmt: skip
    """An incident as the monitor raises it: through its role and the same columns."""
    at = clock.now() - timedelta(minutes=minutes_ago)
    key = uuid4().hex
    with database.connect(DatabaseRole.MONITOR) as connection:
        connection.execute(
            "INSERT INTO incidents_incident (id, number, engine_key, order_id, district, kind, priority,"
            " worst_priority, condition, party, status, late, episode_open, occurred_at, decided_at, raised_at,"
            " updated_at, outcome, close_reason, decision)"
            " VALUES (%s, nextval('incident_number'), %s, %s, %s, %s, %s,"
            " %s, %s, %s, 'open', false, %s, %s, %s, %s, %s, '', '', %s)",
            (
                uuid4(), key, found.pk, found.district, kind, priority, priority, "proximity-1", "respondent",
                episode_open, at, at, at, at, json.dumps(decision(found, device=device)),
            ),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO incidents_incidentevent (incident_id, at, kind, text, data)"
            " SELECT id, %s, 'raised', '', '{}' FROM incidents_incident WHERE engine_key = %s",
            (at, key),
        )
    return Incident.objects.get(engine_key=key)


def decision(found: Order, *, device: str) -> dict[str, Any]:
    """What the engine says: both places, their ages, and the device it is about."""
    sight = {"fixed_at": "2026-11-21T10:00:00.000000Z", "age_s": 12.0, "accuracy_m": 8.0, "source": "gnss"}
    return {
        "order_id": str(found.pk),
        "probability": 0.97,
        "distance_m": 320.0,
        "reason": "probable_inside",
        "basis": {
            "respondent": {**sight, "device": device, "lat": 42.8700, "lon": 74.6100},
            "protected": {**sight, "device": "phone-0001", "lat": 42.8710, "lon": 74.6130},
            "device": device,
        },
    }


def heard(database: Database, device: str, *, lat: float, lon: float, strap: str | None = None) -> None:
    """A device's last word, as the monitor projects it."""
    now = clock.now()
    with database.connect(DatabaseRole.MONITOR) as connection:
        connection.execute(
            "INSERT INTO device_status (device, received_at, fixed_at, lat, lon, accuracy_m, source, strap)"
            " VALUES (%s, %s, %s, %s, %s, 8, 'gnss', %s) ON CONFLICT (device) DO UPDATE SET received_at ="
            " excluded.received_at, fixed_at = excluded.fixed_at, lat = excluded.lat, lon = excluded.lon,"
            " strap = excluded.strap",
            (device, now - timedelta(seconds=5), now - timedelta(seconds=9), lat, lon, strap),
        )


def witnesses(database: Database, *, besides_log: bool = True) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Every entry so far, oldest first: kind, subject, by, data."""
    with database.connect() as connection:
        rows = connection.execute("SELECT kind, subject, body FROM evidence_entry ORDER BY id").fetchall()
    bodies = [(kind, subject, json.loads(bytes(body))) for kind, subject, body in rows]
    return [
        (kind, subject, body["by"], body["data"])
        for kind, subject, body in bodies
        if not (besides_log and kind == "log_batch")
    ]


def controls(database: Database) -> list[dict[str, Any]]:
    """What the engine was told, oldest first."""
    with database.connect() as connection:
        rows = connection.execute("SELECT payload FROM log_batch WHERE stream = 'control/c' ORDER BY seq").fetchall()
    return [json.loads(line)["control"] for (payload,) in rows for line in bytes(payload).split(b"\n")]
