"""A case's line in words: what happened, about what, and where to read more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aralyk.cases.history import SHOWN, Entry, Group
from aralyk.console import device_words, risk_words, sentences
from aralyk.console.addresses import report_address
from aralyk.evidence.kinds import Kind

GROUPS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Group.REPORT: pgettext_lazy("case", "Reports"),
        Group.ORDER: gettext_lazy("Order"),
        Group.RISK: gettext_lazy("Risk"),
        Group.INCIDENT: gettext_lazy("Signals"),
        Group.CHECK: gettext_lazy("Visits of officers"),
        Group.DEVICE: gettext_lazy("Devices"),
        Group.COMMAND: pgettext_lazy("case", "Questions to devices"),
        Group.CHECKUP: pgettext_lazy("case", "Checks of devices"),
        Group.PAPER: pgettext_lazy("case", "Papers"),
        Group.VAULT: pgettext_lazy("case", "Looks into the sealed facts"),
        Group.ACCESS: gettext_lazy("Access"),
        Group.PEOPLE: pgettext_lazy("case", "People"),
        Group.EXPORT: pgettext_lazy("case", "Bundles"),
    }
)
TITLES: Final[Mapping[Kind, Promise]] = MappingProxyType(
    {
        Kind.REPORT_TAKEN: gettext_lazy("report taken"),
        Kind.REPORT_CHANGED: gettext_lazy("report added to"),
        Kind.REPORT_READ: gettext_lazy("words of the report read"),
        Kind.REPORT_DECIDED: gettext_lazy("report decided"),
        Kind.REPORT_REOPENED: gettext_lazy("report opened again"),
        Kind.REPORT_TASK_DONE: gettext_lazy("duty on the report done"),
        Kind.REPORT_OVERDUE: gettext_lazy("duty on the report overdue"),
        Kind.REPORT_COPY: gettext_lazy("the applicant's copy of the report"),
        Kind.REPORT_CASE: gettext_lazy("step of the criminal case"),
        Kind.ORDER_ISSUED: gettext_lazy("order issued"),
        Kind.ORDER_VARIED: gettext_lazy("order varied"),
        Kind.ORDER_ENDED: gettext_lazy("order ended"),
        Kind.RESPONDENT_REGISTERED: gettext_lazy("person under monitoring registered"),
        Kind.PROTECTED_PERSON_REGISTERED: gettext_lazy("protected person registered"),
        Kind.RISK_ASSESSED: gettext_lazy("risk assessed"),
        Kind.RISK_LEVEL_DECIDED: gettext_lazy("level of risk signed"),
        Kind.RISK_LOWERING_CONFIRMED: gettext_lazy("lower level confirmed by the second person"),
        Kind.RISK_LOWERING_REFUSED: gettext_lazy("lower level refused by the second person"),
        Kind.REASSESSMENT_REQUIRED: gettext_lazy("new assessment of the risk required"),
        Kind.RISK_DUTY_DONE: gettext_lazy("duty done"),
        Kind.INCIDENT_RAISED: gettext_lazy("signal raised"),
        Kind.INCIDENT_ACKNOWLEDGED: gettext_lazy("signal acknowledged"),
        Kind.INCIDENT_NOTED: gettext_lazy("note on the signal"),
        Kind.PLAYBOOK_STEP_DONE: gettext_lazy("step of the playbook done"),
        Kind.INCIDENT_TRIAGED: gettext_lazy("signal assessed"),
        Kind.INCIDENT_HANDED_OVER: gettext_lazy("signal handed over"),
        Kind.INCIDENT_ACCEPTED: gettext_lazy("signal accepted by an officer"),
        Kind.INCIDENT_ON_THE_WAY: gettext_lazy("officer on the way to the signal"),
        Kind.INCIDENT_ARRIVED: gettext_lazy("officer arrived at the signal"),
        Kind.INCIDENT_GIVEN_BACK: gettext_lazy("signal given back to the centre"),
        Kind.INCIDENT_TAKEN_OVER: gettext_lazy("signal taken over by another person"),
        Kind.INCIDENT_CONCLUDED: gettext_lazy("opinion on the signal given"),
        Kind.INCIDENT_ESCALATED: gettext_lazy("nobody answered the signal in time: others were told"),
        Kind.ESCALATION_ANSWERED: gettext_lazy("somebody who was told of the signal answered"),
        Kind.INCIDENT_EPISODE_ENDED: gettext_lazy("the situation of the signal ended"),
        Kind.INCIDENT_CLOSED: gettext_lazy("signal closed"),
        Kind.INCIDENT_REOPENED: gettext_lazy("signal opened again"),
        Kind.TAMPER_CLEARED: gettext_lazy("tampering cleared"),
        Kind.CHECK_MADE: gettext_lazy("visit of an officer entered"),
        Kind.FIELD_ENTRY: gettext_lazy("word of an officer from the road"),
        Kind.CHECK_HER_WORD: gettext_lazy("her own word about a visit"),
        Kind.DEVICE_CHANGED: gettext_lazy("device changed"),
        Kind.DEVICE_ASSIGNED: gettext_lazy("device fitted"),
        Kind.DEVICE_UNASSIGNED: gettext_lazy("device taken back"),
        Kind.COMMAND_ASKED: gettext_lazy("device asked"),
        Kind.COMMAND_ANSWERED: gettext_lazy("device answered"),
        Kind.COMMAND_REFUSED: gettext_lazy("device refused"),
        Kind.COMMAND_EXPIRED: gettext_lazy("device never answered"),
        Kind.COMMAND_WITHDRAWN: gettext_lazy("question to the device withdrawn"),
        Kind.URGENT_CONTACT_PROPOSED: gettext_lazy("proposed to send to him at once"),
        Kind.URGENT_CONTACT_SENT: gettext_lazy("sent to him at once by two people"),
        Kind.CHECKUP_STARTED: gettext_lazy("check of the device begun"),
        Kind.CHECKUP_FINISHED: gettext_lazy("check of the device finished"),
        Kind.VAULT_WRITTEN: gettext_lazy("sealed fact written"),
        Kind.VAULT_LOOK: gettext_lazy("look into the sealed facts"),
        Kind.VAULT_REFUSED: gettext_lazy("look into the sealed facts refused"),
        Kind.CASE_GRANTED: gettext_lazy("case opened to a person by name"),
        Kind.CASE_GRANT_WITHDRAWN: gettext_lazy("case closed to that person again"),
        Kind.GLASS_BROKEN: gettext_lazy("case opened in an emergency"),
        Kind.GLASS_CONFIRMED: gettext_lazy("emergency confirmed by the second person"),
        Kind.GLASS_CLOSED: gettext_lazy("emergency ended"),
        Kind.GLASS_REVIEWED: gettext_lazy("emergency reviewed"),
        Kind.GLASS_REVIEW_OVERDUE: gettext_lazy("review of the emergency overdue"),
        Kind.ORDER_PROPOSED: gettext_lazy("change proposed that cuts protection"),
        Kind.ORDER_PROPOSAL_CONFIRMED: gettext_lazy("proposed change confirmed by the second person"),
        Kind.ORDER_PROPOSAL_REFUSED: gettext_lazy("proposed change refused by the second person"),
        Kind.ORDER_SUSPENDED: gettext_lazy("order suspended"),
        Kind.ORDER_RESUMED: gettext_lazy("order resumed"),
        Kind.EXTENSION_ASKED: gettext_lazy("question of an extension answered"),
        Kind.REDUCTION_REQUESTED: gettext_lazy("less protection asked for"),
        Kind.REDUCTION_TALKED: gettext_lazy("talk about the request alone with her or him"),
        Kind.REDUCTION_DECIDED: gettext_lazy("request for less protection decided"),
        Kind.LIMITS_TOLD: gettext_lazy("limits of the device told"),
        Kind.ZONE_NAMED: gettext_lazy("zone named"),
        Kind.AREA_DRAWN: gettext_lazy("area for the served paper drawn"),
        Kind.AREA_WITHHELD: gettext_lazy("area withheld from the served paper"),
        Kind.LOSS_RECORDED: gettext_lazy("loss recorded"),
        Kind.DEVICE_CHOSEN: gettext_lazy("kind of device chosen"),
        Kind.PAPER_MADE: gettext_lazy("paper made"),
        Kind.PAPER_TAKEN: gettext_lazy("paper opened"),
        Kind.PAPER_DELIVERED: gettext_lazy("paper delivered"),
        Kind.ORDER_SERVED: gettext_lazy("order served"),
        Kind.REGISTER_EXPORTED: gettext_lazy("sent to the register"),
        Kind.RESPONDENT_CHANGED: gettext_lazy("facts about the person under monitoring changed"),
        Kind.PROTECTED_PERSON_CHANGED: gettext_lazy("facts about the protected person changed"),
        Kind.CHILD_WITH_RESPONDENT: gettext_lazy("child is with the person under monitoring, or back"),
        Kind.VAULT_LOOK_ASKED: gettext_lazy("look into the sealed facts asked for"),
        Kind.VAULT_LOOK_ANSWERED: gettext_lazy("look into the sealed facts answered by the second person"),
        Kind.VAULT_KEY_DESTROYED: gettext_lazy("key to the sealed facts destroyed"),
        Kind.BUNDLE_EXPORTED: gettext_lazy("evidence bundle made"),
    }
)
assert (set(GROUPS), set(TITLES)) == (set(Group), set(SHOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the page."""

    at: datetime
    title: str
    detail: str
    by: str
    group: str
    number: int | None
    entry: int
    address: str


def line_of(entry: Entry, *, may_read_risk: bool) -> Line:
    """One entry in the reader's language."""
    return Line(
        at=entry.at,
        title=str(TITLES[entry.kind]),
        detail=" · ".join(part for part in _detail(entry) if part),
        by=entry.by,
        group=str(GROUPS[entry.group]),
        number=entry.number,
        entry=entry.id,
        address=_address(entry, may_read_risk=may_read_risk),
    )


def _detail(entry: Entry) -> list[str]:
    data = entry.data
    if entry.incident is not None:
        found = entry.incident
        return [f"№ {found.number}", sentences.kind_title(found.kind, ""), _text(sentences.OUTCOMES, data, "outcome")]
    match entry.group:
        case Group.ORDER:
            return [_version(data), _text(sentences.THREATS, data, "threat_before"), _threat(data)]
        case Group.RISK:
            return [
                _text(risk_words.LEVELS, data, "level"),
                _text(risk_words.CAUSES, data, "cause"),
                _text(risk_words.STATES, data, "state"),
                _("missing answers") + f": {data['missing']}" if data.get("missing") else "",
            ]
        case Group.DEVICE | Group.CHECKUP:
            return [entry.subject]
        case Group.COMMAND:
            return [entry.subject, _text(device_words.COMMANDS, data, "kind")]
        case _:
            return []


def _version(data: Mapping[str, Any]) -> str:
    return f"{_('version')} {data['version']}" if "version" in data else ""


def _threat(data: Mapping[str, Any]) -> str:
    now = _text(sentences.THREATS, data, "threat")
    return f"→ {now}" if now and "threat_before" in data else ""


def _text(texts: Mapping[Any, Promise], data: Mapping[str, Any], name: str) -> str:
    code = data.get(name)
    return sentences.text(texts, str(code)) if code else ""


def _address(entry: Entry, *, may_read_risk: bool) -> str:
    if entry.incident is not None:
        return reverse("incident", args=[entry.incident.pk])
    if entry.kind is Kind.RISK_ASSESSED and may_read_risk:
        return reverse("risk_assessment", args=[entry.data["assessment"]])
    if entry.group is Group.REPORT or entry.kind is Kind.REPORT_READ:
        return report_address(entry.subject)
    if entry.group in (Group.DEVICE, Group.COMMAND, Group.CHECKUP):
        return reverse("device", args=[entry.subject])
    return ""
