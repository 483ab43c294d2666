"""Words of the report desk: how a report came, from whom, what was answered, what is owed and how it came out."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.console.sentences import Texts

CHANNELS: Final[Texts] = MappingProxyType(
    {
        "police_desk": _("at the police desk"),
        "duty_unit": _("duty unit 102"),
        "juvenile_officer": _("to the juvenile officer"),
        "crisis_centre": _("through a crisis centre"),
        "phone": _("by telephone"),
        "written": _("in writing"),
    }
)
APPLICANTS: Final[Texts] = MappingProxyType(
    {
        "protected_person": _("the protected person"),
        "child": _("a child"),
        "relative": _("a relative"),
        "neighbour": _("a neighbour"),
        "doctor": _("a doctor or nurse"),
        "school": _("a school or kindergarten"),
        "social_worker": _("a social worker"),
        "crisis_centre": _("a crisis centre"),
        "police": _("an officer who saw it"),
        "other": _("somebody else"),
        "anonymous": _("somebody who gave no name"),
    }
)
PARTS: Final[Texts] = MappingProxyType({"victim": _("suffered violence"), "witness": _("saw violence")})
STATED: Final[Texts] = MappingProxyType(
    {"yes": pgettext_lazy("answer", "yes"), "no": pgettext_lazy("answer", "no"), "unknown": _("not known")}
)
ANSWERS: Final[Texts] = MappingProxyType(
    {
        "yes": pgettext_lazy("answer", "yes"),
        "no": pgettext_lazy("answer", "no"),
        "not_told": _("asked, not told"),
        "not_asked": _("not asked yet"),
    }
)
WHY_NOT: Final[Texts] = MappingProxyType(
    {
        "does_not_know": _("does not know"),
        "refused": _("does not want to say"),
        "afraid": _("is afraid to say"),
        "could_not_speak": _("could not speak freely"),
        "not_reached": _("could not be reached"),
    }
)
COPIES: Final[Texts] = MappingProxyType(
    {
        "open": _("neither given nor withheld yet"),
        "given": _("given"),
        "withheld": _("not given"),
    }
)
RESULTS: Final[Texts] = MappingProxyType(
    {
        "done": _("done"),
        "told": _("told"),
        "weapon_registered": _("a weapon is registered"),
        "no_weapon_registered": _("no weapon is registered"),
        "referred": _("referred"),
        "declined": _("declined by whom it concerns"),
        "received": _("the result is here"),
        "not_carried_out": _("not carried out"),
    }
)
CASE_STEPS: Final[Texts] = MappingProxyType(
    {
        "registered": _("the case was registered"),
        "refused": _("opening a case was refused"),
        "stalled": _("the case stands still"),
        "reopened": _("the case was reopened"),
        "terminated": _("the case was ended"),
        "sent_to_court": _("the case was sent to court"),
    }
)
EVENTS: Final[Texts] = MappingProxyType(
    {
        "taken": _("Report taken"),
        "established": _("Fact of violence established"),
        "respondent_named": _("The unknown person was named"),
        "involved": _("A person was added"),
        "stated": _("Answers were written down"),
        "words_added": _("More was told"),
        "decided": _("Decision"),
        "reopened": _("Reopened"),
        "task_done": _("Done"),
        "copy_given": _("Copy given to the applicant"),
        "copy_withheld": _("No copy was given"),
        "case_step": _("Criminal case"),
        "officer_complaint": _("Complaint about an officer"),
        "order_issued": _("An order was issued"),
        "stalled": _("Stands still: nothing was done in time"),
        "overdue": _("Overdue"),
    }
)
WAITING: Final[Texts] = MappingProxyType(
    {
        "open": pgettext_lazy("reports", "open"),
        "mine": _("taken by me"),
        "overdue": _("overdue"),
        "stalled": _("standing still"),
        "not_assessed": _("without assessment"),
        "closed": pgettext_lazy("reports", "closed"),
        "all": _("all"),
    }
)
SAID: Final[Texts] = MappingProxyType(
    {
        "report_account": _("What happened"),
        "report_added": _("Told later"),
        "report_applicant": _("Who reported, and how to reach them"),
        "report_unknown_respondent": _("What is known of the unknown person"),
    }
)
LACKS: Final[Texts] = MappingProxyType(
    {
        "violence": _("kinds of violence"),
        "respondent": _("who it was"),
        "involved": _("whom the violence reached"),
        "copy": _("the applicant's copy, or why there is none"),
    }
)
NEXT_ACT: Final = _("Next act, before it stands still")
REFERRAL_RESULT: Final = _("The examination's result")
