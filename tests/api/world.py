"""One of each thing that an address of the API can name, made as people make them, and who may do what with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.devices.models import Device, DeviceKind, Party
from aralyk.evidence.keys import signing_key
from aralyk.incidents.escalation import do_escalate
from aralyk.incidents.models import Escalation, LegalityItem, SecondLook
from aralyk.ledger.checkpoint import public_key
from aralyk.orders.models import Order
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.risk.levels import Level
from aralyk.risk.models import RiskDuty
from tests.access.people import PURPOSE, REASON
from tests.api.test_api import get, post
from tests.api.test_reports import body as report_of
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.orders.cast import HERE, Cast, account, bracelet, equip, heard, open_order, order, phone, raised
from tests.quarantine.test_quarantine import kept
from tests.risk.cast import WHY, assessed
from tests.risk.conftest import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What there is.

    Attributes:
        ids: By the name of an address's part; where one name means two things, by area and name.
        people: Accounts, those with more rights first.
    """

    ids: dict[str, Any]
    people: tuple[User, ...]

    def parts(self, path: str) -> dict[str, Any]:
        """What the names in this address stand for."""
        area = path.split("/")[1]
        return {name: self.ids.get(f"{area}.{name}", self.ids.get(name)) for name in re.findall("{([^}]+)}", path)}


@contextmanager
def world(database: Database, roles: Cast, home: Path) -> Iterator[World]:
    """Everything, in one district; inside, devices are spoken to in the tests' own protocol."""
    signing_key(home, origin="log.test/contract")
    with spoken_protocol():
        second = account("second", Role.POLICE, HERE, agency="police_oktyabrsky")
        court = account("court", Role.COURT, HERE)
        ids = _case(database, roles)
        ids |= _people(roles, ids) | _signals(database, roles, ids)
        ids |= _risk(roles, second, ids) | _access(roles, second, ids) | _rest(roles, ids)
        ids["frame_id"] = kept(database, b"\x01\x02")
        yield World(
            ids={name: value if isinstance(value, int) else str(value) for name, value in ids.items()},
            people=(
                roles.police, second, roles.supervisor, roles.operator, roles.probation, court, roles.prosecutor,
                roles.administrator,
            ),
        )  # fmt: skip


def made(user: User, address: str, sent: object = None) -> Any:
    status, answer = post(user, address, sent)
    assert status == 200, (address, answer)
    return answer


def _case(database: Database, roles: Cast) -> dict[str, Any]:
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    Device.objects.create(id="tracker-0001", kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei")
    Device.objects.create(id="tracker-0002", kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei")
    equip(roles.probation, case, device="tracker-0001")
    equip(roles.probation, open_order(roles.police), device="tracker-0002")  # may be asked: nothing there is hidden
    equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
    heard(database, "tracker-0001", lat=42.87, lon=74.61, strap="locked")
    heard(database, "tracker-0002", lat=42.87, lon=74.61, strap="locked")
    heard(database, "phone-0001", lat=42.8801, lon=74.6202)
    now = clock.now()
    temporary = order(
        roles.police, legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=3)
    )
    (question,) = [one for one in get(roles.police, "/extension-questions")[1] if one["order"] == str(temporary.pk)]
    away = {"from_at": clock.iso(now), "until_at": clock.iso(now + timedelta(hours=5)), "reason": "замена устройства"}
    wish = {"person": str(temporary.protected_persons.get().pk), "wish": "lift"}
    interval = {"kind": "interval", "interval_s": 20, "reason": "проверка"}
    command = made(roles.operator, "/devices/tracker-0002/commands", interval)
    return {
        "order_id": case.pk,
        "order_number": case.number,
        "incident_id": raised(database, case, device="tracker-0001").pk,
        "person_id": case.protected_persons.get().pk,
        "respondent_id": case.respondent_id,
        "question_id": question["id"],
        "proposal_id": made(roles.police, f"/orders/{case.pk}/suspension", away)["id"],
        "reduction-requests.request_id": made(roles.police, f"/orders/{temporary.pk}/reduction-requests", wish)["id"],
        "device_id": "tracker-0002",
        "command": command["id"],
        "checkup_id": made(roles.probation, "/devices/tracker-0002/checkups", {"maker": "bracelet"})["id"],
    }


def _signals(database: Database, roles: Cast, ids: dict[str, Any]) -> dict[str, Any]:
    """A desk with its shift, what was told there, a closed tamper to be judged again, and the row of the prosecutor."""
    now = clock.now()
    made(roles.supervisor, "/roster/desks", {"code": "centre", "kind": "centre"})
    hours = {"starts_at": clock.iso(now), "ends_at": clock.iso(now + timedelta(hours=12))}
    shift = made(roles.supervisor, "/roster/shifts", {"desk": "centre", "people": ["operator"], **hours})
    tamper = raised(database, Order.objects.get(pk=ids["order_id"]), kind="tamper", device="tracker-0001")
    made(roles.operator, f"/incidents/{tamper.pk}/acknowledge")
    made(roles.operator, f"/incidents/{tamper.pk}/close", {"outcome": "technical", "reason": "замок неисправен"})
    do_escalate(now=now + timedelta(minutes=10))
    urgent = {"kind": "position", "reason": "угроза жизни ребёнка"}
    return {
        "code": "centre",
        "shift_id": shift["id"],
        "escalation_id": Escalation.objects.filter(incident=ids["incident_id"]).order_by("pk")[0].pk,
        "look_id": SecondLook.objects.get().pk,
        "item_id": LegalityItem.objects.order_by("pk")[0].pk,
        "step": "call_her",
        "urgent_id": made(roles.supervisor, "/devices/tracker-0001/urgent-contacts", urgent)["id"],
    }


def _people(roles: Cast, ids: dict[str, Any]) -> dict[str, Any]:
    her = f"/people/protected/{ids['person_id']}"
    his = Respondent.objects.get(pk=ids["respondent_id"])
    child = {"name": "Ребёнок", "lives_with": "her", "role": "victim", "child_of_respondent": "yes"}
    child_id = made(roles.police, f"{her}/children", child)["id"]
    stay = {"respondent": str(his.pk), "since": "2026-01-01T10:00:00Z"}
    said = {"how": "call", "given_by": "herself", "number": "+996555777001"}
    report = made(roles.police, "/reports", report_of())
    return {
        "channel_id": made(roles.police, f"{her}/channels", said)["id"],
        "consent_id": made(roles.police, f"{her}/consents", {"kind": "device"})["id"],
        "child_id": child_id,
        "stay_id": made(roles.police, f"/people/children/{child_id}/with-respondent", stay)["id"],
        "kind": "school",
        "report_id": report["id"],
        "task_id": report["tasks"][0]["id"],
    }


def _risk(roles: Cast, second: User, ids: dict[str, Any]) -> dict[str, Any]:
    pair = Pair(
        inspector=roles.police, second=second, respondent=Respondent.objects.get(pk=ids["respondent_id"]),
        protected=ProtectedPerson.objects.get(pk=ids["person_id"]), cast=roles,
    )  # fmt: skip
    done = assessed(pair, Level.HIGH)
    lower = {"respondent": str(pair.respondent.pk), "protected_person": str(pair.protected.pk)}
    lower |= {"level": "low", "reason": WHY}
    return {
        "assessment_id": done.assessment.pk,
        "decision_id": made(roles.police, "/risk/levels", lower)["id"],
        "duty_id": RiskDuty.objects.order_by("pk")[0].pk,
    }


def _access(roles: Cast, second: User, ids: dict[str, Any]) -> dict[str, Any]:
    helper = account("adviser", Role.CRISIS_CENTRE)
    grant = {
        "username": helper.username, "right": "read", "purpose": PURPOSE,
        "ends_at": clock.iso(clock.now() + timedelta(days=3)),
    }  # fmt: skip
    asked = {"number": ids["order_number"], "reason": REASON}
    close = {
        "username": second.username, "subject_kind": "respondent", "subject_id": str(ids["respondent_id"]),
        "closeness": "relative", "note": "двоюродный",
    }  # fmt: skip
    shelter = {"field": "shelter_address", "value": "убежище"}
    made(roles.police, f"/people/protected/{ids['person_id']}/facts", shelter)
    look = {"order": str(ids["order_id"]), "field": "shelter_address", "purpose": "выезд наряда"}
    return {
        "grant_id": made(roles.police, f"/orders/{ids['order_id']}/grants", grant)["id"],
        "glass_id": made(roles.police_elsewhere, "/access/emergencies", asked)["id"],
        "conflict_id": made(roles.supervisor, "/access/conflicts", close)["id"],
        "account_id": helper.pk,
        "vault.request_id": made(roles.operator, f"/people/protected/{ids['person_id']}/look-requests", look)["id"],
    }


def _rest(roles: Cast, ids: dict[str, Any]) -> dict[str, Any]:
    theirs = public_key("register.test/police", Ed25519PrivateKey.generate())
    key = {"register": "protection_orders", "key": theirs.line()}
    paper = {"rendition": "served", "language": "ru"}
    visit = {
        "id": str(uuid4()), "kind": "visit_to_her", "order": str(ids["order_id"]), "device_at": clock.iso(clock.now()),
        "protected_person": str(ids["person_id"]),
    }  # fmt: skip
    return {
        "check_id": made(roles.police, "/checks", visit)["id"],
        "key_id": made(roles.administrator, "/register/keys", key)["id"],
        "paper_id": made(roles.police, f"/orders/{ids['order_id']}/renditions", paper)["id"],
        "outage_id": made(roles.supervisor, "/outages", {"practice": False})["id"],
        "hand_over_id": made(roles.operator, "/hand-overs", {"note": "всё спокойно"})["id"],
        "day": "2026-11-22",
    }
