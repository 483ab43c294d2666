"""Everything that happened in one case, newest first, read from the evidence log: what was witnessed, and no more.

Each act of every package leaves an entry with a subject; a case's subjects are its order, the order's incidents, the
respondent, the protected persons, the reports about them, and the devices while they were carried in it. So the line is
whole by construction, and each row is an entry that a court can check. What a person may not read elsewhere is not in
their line.

Read per subject through the index on (subject, id): one short look for each subject, whatever the log holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.devices.models import Assignment
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Incident
from aralyk.incidents.queries import incidents_for
from aralyk.orders.models import Order
from aralyk.orders.queries import order_for
from aralyk.reports.models import Report
from aralyk.reports.queries import visible_to

PAGE_ROWS: Final = 50


class Group(StrEnum):
    """What an entry is about: the filter of the line."""

    REPORT = "report"
    ORDER = "order"
    RISK = "risk"
    INCIDENT = "incident"
    CHECK = "check"
    DEVICE = "device"
    COMMAND = "command"
    CHECKUP = "checkup"
    PAPER = "paper"
    VAULT = "vault"
    ACCESS = "access"
    PEOPLE = "people"
    EXPORT = "export"


SHOWN: Final[Mapping[Kind, Group]] = MappingProxyType(
    {
        Kind.REPORT_TAKEN: Group.REPORT,
        Kind.REPORT_CHANGED: Group.REPORT,
        Kind.REPORT_DECIDED: Group.REPORT,
        Kind.REPORT_REOPENED: Group.REPORT,
        Kind.REPORT_TASK_DONE: Group.REPORT,
        Kind.REPORT_OVERDUE: Group.REPORT,
        Kind.REPORT_COPY: Group.REPORT,
        Kind.REPORT_CASE: Group.REPORT,
        Kind.REPORT_READ: Group.VAULT,
        Kind.ORDER_ISSUED: Group.ORDER,
        Kind.ORDER_VARIED: Group.ORDER,
        Kind.ORDER_ENDED: Group.ORDER,
        Kind.RESPONDENT_REGISTERED: Group.PEOPLE,
        Kind.PROTECTED_PERSON_REGISTERED: Group.PEOPLE,
        Kind.RISK_ASSESSED: Group.RISK,
        Kind.RISK_LEVEL_DECIDED: Group.RISK,
        Kind.RISK_LOWERING_CONFIRMED: Group.RISK,
        Kind.RISK_LOWERING_REFUSED: Group.RISK,
        Kind.REASSESSMENT_REQUIRED: Group.RISK,
        Kind.RISK_DUTY_DONE: Group.RISK,
        Kind.INCIDENT_RAISED: Group.INCIDENT,
        Kind.INCIDENT_ACKNOWLEDGED: Group.INCIDENT,
        Kind.INCIDENT_NOTED: Group.INCIDENT,
        Kind.PLAYBOOK_STEP_DONE: Group.INCIDENT,
        Kind.INCIDENT_TRIAGED: Group.INCIDENT,
        Kind.INCIDENT_HANDED_OVER: Group.INCIDENT,
        Kind.INCIDENT_ACCEPTED: Group.INCIDENT,
        Kind.INCIDENT_ON_THE_WAY: Group.INCIDENT,
        Kind.INCIDENT_ARRIVED: Group.INCIDENT,
        Kind.INCIDENT_GIVEN_BACK: Group.INCIDENT,
        Kind.INCIDENT_TAKEN_OVER: Group.INCIDENT,
        Kind.INCIDENT_CONCLUDED: Group.INCIDENT,
        Kind.INCIDENT_ESCALATED: Group.INCIDENT,
        Kind.ESCALATION_ANSWERED: Group.INCIDENT,
        Kind.INCIDENT_EPISODE_ENDED: Group.INCIDENT,
        Kind.INCIDENT_CLOSED: Group.INCIDENT,
        Kind.INCIDENT_REOPENED: Group.INCIDENT,
        Kind.TAMPER_CLEARED: Group.INCIDENT,
        Kind.CHECK_MADE: Group.CHECK,
        Kind.CHECK_HER_WORD: Group.CHECK,
        Kind.FIELD_ENTRY: Group.CHECK,
        Kind.DEVICE_CHANGED: Group.DEVICE,
        Kind.DEVICE_ASSIGNED: Group.DEVICE,
        Kind.DEVICE_UNASSIGNED: Group.DEVICE,
        Kind.COMMAND_ASKED: Group.COMMAND,
        Kind.COMMAND_ANSWERED: Group.COMMAND,
        Kind.COMMAND_REFUSED: Group.COMMAND,
        Kind.COMMAND_EXPIRED: Group.COMMAND,
        Kind.COMMAND_WITHDRAWN: Group.COMMAND,
        Kind.URGENT_CONTACT_PROPOSED: Group.COMMAND,
        Kind.URGENT_CONTACT_SENT: Group.COMMAND,
        Kind.CHECKUP_STARTED: Group.CHECKUP,
        Kind.CHECKUP_FINISHED: Group.CHECKUP,
        Kind.VAULT_WRITTEN: Group.VAULT,
        Kind.VAULT_LOOK: Group.VAULT,
        Kind.VAULT_REFUSED: Group.VAULT,
        Kind.CASE_GRANTED: Group.ACCESS,
        Kind.CASE_GRANT_WITHDRAWN: Group.ACCESS,
        Kind.GLASS_BROKEN: Group.ACCESS,
        Kind.GLASS_CONFIRMED: Group.ACCESS,
        Kind.GLASS_CLOSED: Group.ACCESS,
        Kind.GLASS_REVIEWED: Group.ACCESS,
        Kind.GLASS_REVIEW_OVERDUE: Group.ACCESS,
        Kind.ORDER_PROPOSED: Group.ORDER,
        Kind.ORDER_PROPOSAL_CONFIRMED: Group.ORDER,
        Kind.ORDER_PROPOSAL_REFUSED: Group.ORDER,
        Kind.ORDER_SUSPENDED: Group.ORDER,
        Kind.ORDER_RESUMED: Group.ORDER,
        Kind.EXTENSION_ASKED: Group.ORDER,
        Kind.REDUCTION_REQUESTED: Group.ORDER,
        Kind.REDUCTION_TALKED: Group.ORDER,
        Kind.REDUCTION_DECIDED: Group.ORDER,
        Kind.LIMITS_TOLD: Group.ORDER,
        Kind.ZONE_NAMED: Group.ORDER,
        Kind.AREA_DRAWN: Group.ORDER,
        Kind.AREA_WITHHELD: Group.ORDER,
        Kind.LOSS_RECORDED: Group.ORDER,
        Kind.PAPER_MADE: Group.PAPER,
        Kind.PAPER_TAKEN: Group.PAPER,
        Kind.PAPER_DELIVERED: Group.PAPER,
        Kind.ORDER_SERVED: Group.PAPER,
        Kind.REGISTER_EXPORTED: Group.PAPER,
        Kind.RESPONDENT_CHANGED: Group.PEOPLE,
        Kind.PROTECTED_PERSON_CHANGED: Group.PEOPLE,
        Kind.CHILD_WITH_RESPONDENT: Group.PEOPLE,
        Kind.DEVICE_CHOSEN: Group.DEVICE,
        Kind.VAULT_LOOK_ASKED: Group.VAULT,
        Kind.VAULT_LOOK_ANSWERED: Group.VAULT,
        Kind.VAULT_KEY_DESTROYED: Group.VAULT,
        Kind.BUNDLE_EXPORTED: Group.EXPORT,
    }
)
# Of no case, or only the machine's own talk about one: every place weighed again, every showing on a screen.
NOT_SHOWN: Final = frozenset(
    {
        Kind.LOG_BATCH, Kind.QUARANTINED, Kind.STEP, Kind.DECISION, Kind.INCIDENT_UPDATED, Kind.INCIDENT_SHOWN,
        Kind.DEVICE_REGISTERED, Kind.COMMAND_SENT, Kind.CHECKUP_STEP, Kind.QUARANTINE_LOOK, Kind.FRAME_RELEASED,
        Kind.FRAME_DISMISSED, Kind.ADDRESS_CHANGED, Kind.NOTICE_ASKED, Kind.NOTICE_SENT, Kind.NOTICE_ANSWERED,
        Kind.NOTICE_GIVEN_UP, Kind.USER_CHANGED, Kind.LOGGED_IN, Kind.LOGIN_REFUSED, Kind.SETTINGS,
        Kind.PROCESS_STARTED, Kind.PROCESS_STOPPED, Kind.ALARM_RAISED, Kind.ALARM_CLEARED, Kind.OFFICER_COMPLAINT,
        Kind.GLASS_REFUSED, Kind.CONFLICT_RECORDED, Kind.CONFLICT_CONFIRMED, Kind.CONFLICT_REFUSED,
        Kind.CONFLICT_LIFT_ASKED, Kind.CONFLICT_LIFTED, Kind.DISTRICTS_LENT, Kind.DISTRICTS_TAKEN_BACK,
        Kind.LOOKS_STOPPED, Kind.ACCOUNT_REVIEWED, Kind.PEOPLE_IMPORTED, Kind.REGISTER_REFUSED,
        Kind.REGISTER_IMPORTED, Kind.CORRESPONDENT_ADDED, Kind.CORRESPONDENT_ALLOWED, Kind.CANARY_SET,
        # Blind while they run; afterwards they stand on pages of their own.
        Kind.SECOND_LOOK_ASKED, Kind.SECOND_LOOK_TAKEN, Kind.SECOND_LOOK_GIVEN, Kind.SECOND_LOOK_SETTLED,
        Kind.LEGALITY_LISTED, Kind.LEGALITY_SEEN,
        Kind.CHECK_CODE_MADE,
        Kind.DESK_CHANGED, Kind.SHIFT_CHANGED, Kind.TEST_CALL_ANSWERED, Kind.TEST_CALL_MISSED,
        Kind.OUTAGE_BEGAN, Kind.OUTAGE_ENDED, Kind.OUTAGE_TOLD, Kind.RISK_LIST_TAKEN,
        Kind.DIGEST_MADE, Kind.DIGEST_SIGNED, Kind.SHIFT_LEFT, Kind.SHIFT_TAKEN_OVER,
        Kind.VAULT_MASTER_CHANGED, Kind.CONTACTS_DRAWN,
    }
)  # fmt: skip
# The rest is for everybody who sees the order. Any one of the permissions is enough.
_NEEDS: Final[Mapping[Group, frozenset[May]]] = MappingProxyType(
    {
        Group.RISK: frozenset({May.READ_RISK}),
        Group.VAULT: frozenset({May.ISSUE_ORDERS, May.CLOSE_INCIDENTS}),  # as `people.queries.looks_at`
        Group.ACCESS: frozenset({May.GIVE_ACCESS, May.CONFIRM_ACCESS, May.REVIEW_ACCESS}),
    }
)
_ENTRIES: Final = """
    SELECT e.id, e.kind, e.subject, e.at, e.body, leaf.leaf_index
    FROM unnest(%(subjects)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS s (subject, since, until)
    CROSS JOIN LATERAL (
        SELECT id, kind, subject, at, body FROM evidence_entry
        WHERE subject = s.subject AND id < %(before)s AND kind = ANY(%(kinds)s)
          AND (s.since IS NULL OR at >= s.since) AND (s.until IS NULL OR at <= s.until)
          AND (NOT starts_with(subject, 'respondent:') OR (
              SELECT (d->>'protected_person' IS NULL OR d->>'protected_person' = ANY(%(people)s))
                 AND (NOT d ? 'protected_persons' OR d->'protected_persons' = '[]'
                      OR d->'protected_persons' ?| %(people)s)
              FROM (SELECT convert_from(body, 'UTF8')::jsonb->'data' AS d) AS said))
        ORDER BY id DESC LIMIT %(limit)s
    ) AS e
    LEFT JOIN evidence_leaf leaf ON leaf.entry_id = e.id
    ORDER BY e.id DESC LIMIT %(limit)s
"""
_NEWEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One witnessed act of a case.

    Attributes:
        id: By which the line goes on.
        number: Its place in the evidence log; None: it waits for one, a second at most.
        at: When it was recorded.
        kind: What happened.
        group: What it is about.
        subject: The id after its type ("incident:6f0c…" without "incident:").
        by: The colleague's name; "": the machine.
        data: What the entry says; ids, codes and fingerprints.
        incident: The number and kind of its signal, for an entry about one.
    """

    id: int
    number: int | None
    at: datetime
    kind: Kind
    group: Group
    subject: str
    by: str
    data: Mapping[str, Any]
    incident: Incident | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Some of a case's line, and where it goes on; None: it ends here."""

    entries: tuple[Entry, ...]
    before: int | None


def groups_for(user: User) -> tuple[Group, ...]:
    """What of a case's line this person may read."""
    return tuple(
        group for group in Group if group not in _NEEDS or any(allows(user, permission) for permission in _NEEDS[group])
    )


def history_for(
    user: User, order_id: UUID, *, groups: Collection[Group] = (), before: int | None = None, limit: int = PAGE_ROWS
) -> History:
    """The line of one case, newest first: as many queries however long it is.

    Args:
        user: Who looks.
        order_id: The order.
        groups: Only these; none named: everything that this person may read.
        before: Only what is older than the entry of this id.
        limit: At most so many.

    Raises:
        NotFound: No such order, or not this person's.
    """
    order = order_for(user, order_id)
    wanted = {group for group in groups_for(user) if not groups or group in groups}
    kinds = [kind.value for kind, group in SHOWN.items() if group in wanted]
    rows = _rows(user, order, kinds, before=before, limit=limit + 1)
    bodies = [msgspec.json.decode(bytes(row[4])) for row in rows[:limit]]
    colleagues = _colleagues([body["by"] for body in bodies])
    incidents = _incidents([row[2] for row in rows[:limit]])
    entries = tuple(
        Entry(
            id=row[0],
            number=row[5],
            at=row[3],
            kind=Kind(row[1]),
            group=SHOWN[Kind(row[1])],
            subject=row[2].partition(":")[2],
            by=colleagues.get(body["by"], ""),
            data=body["data"],
            incident=incidents.get(row[2]),
        )
        for row, body in zip(rows[:limit], bodies, strict=True)
    )
    return History(entries=entries, before=entries[-1].id if len(rows) > limit else None)


def _rows(user: User, order: Order, kinds: list[str], *, before: int | None, limit: int) -> list[tuple[Any, ...]]:
    persons = list(order.protected_persons.all())
    people = [str(person.pk) for person in persons]
    subjects: list[tuple[str, datetime | None, datetime | None]] = [
        (f"order:{order.pk}", None, None),
        (f"respondent:{order.respondent_id}", None, None),
        *((f"protected_person:{person}", None, None) for person in people),
    ]
    incidents = incidents_for(user).filter(order=order).values_list("pk", flat=True)
    subjects += [(f"incident:{incident}", None, None) for incident in incidents]
    carried = Assignment.objects.filter(order=order).values_list("device", "since", "until")
    subjects += [(f"device:{device}", since, until) for device, since, until in carried]
    reports = Report.objects.filter(visible_to(user), respondent=order.respondent_id, involved__person__in=persons)
    subjects += [(f"report:{report}", None, None) for report in reports.values_list("pk", flat=True).distinct()]
    with connection.cursor() as cursor:
        cursor.execute(
            _ENTRIES,
            {
                "subjects": [subject for subject, _, _ in subjects],
                "since": [since for _, since, _ in subjects],
                "until": [until for _, _, until in subjects],
                "people": people,
                "kinds": kinds,
                "before": _NEWEST if before is None else before,
                "limit": limit,
            },
        )
        return list(cursor.fetchall())


def _colleagues(names: Collection[str]) -> dict[str, str]:
    ids = {int(name.removeprefix("user:")) for name in names if name.startswith("user:")}
    return {f"user:{user.pk}": shown_name(user) for user in User.objects.filter(pk__in=ids)}


def _incidents(subjects: Collection[str]) -> dict[str, Incident]:
    ids = {subject.removeprefix("incident:") for subject in subjects if subject.startswith("incident:")}
    found = Incident.objects.filter(pk__in=ids).defer("decision")
    return {f"incident:{incident.pk}": incident for incident in found}
