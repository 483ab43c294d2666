"""The words for an incident's life: acts, stages, desks, judgements. One place for every page that speaks of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aralyk.incidents.life import Act
from aralyk.incidents.models import Judgement, LookWhy
from aralyk.jurisdictions.values import DeskKind, Milestone, StepResult, Whom

ACTS: Final[Mapping[Act, Promise]] = MappingProxyType(
    {
        Act.ACKNOWLEDGE: _("Acknowledge: I take it on"),
        Act.TRIAGE: _("Judge what must happen next"),
        Act.HAND_OVER: _("Hand over to the police"),
        Act.ACCEPT: _("Accept: I go there"),
        Act.SET_OUT: _("On the way"),
        Act.ARRIVE: _("At the place"),
        Act.GIVE_BACK: _("Give back to the centre"),
        Act.TAKE_OVER: _("Take over: it is mine now"),
        Act.CONCLUDE: _("Say what it was"),
        Act.CLOSE: _("Close the signal"),
        Act.REOPEN: _("Open it again"),
        Act.NOTE: _("Add a note"),
    }
)
assert set(ACTS) == set(Act) - {Act.SHOW}

JUDGEMENTS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Judgement.POLICE_AT_ONCE.value: _("Police at once"),
        Judgement.FIND_OUT_FIRST.value: _("Find out first: calls, a better place"),
        Judgement.TECHNICAL.value: _("Looks technical: check the device"),
    }
)
assert set(JUDGEMENTS) == set(Judgement.values)

DESKS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        DeskKind.CENTRE.value: _("Monitoring centre"),
        DeskKind.DUTY_UNIT.value: _("Duty unit 102"),
        DeskKind.SUPERVISOR.value: _("Supervisor of the shift"),
        DeskKind.HER_CALLER.value: _("Human caller for her"),
        DeskKind.LAST.value: _("Last desk: it always answers"),
    }
)
assert set(DESKS) == {kind.value for kind in DeskKind}

# What a running clock waits for; it stands before the time that is left.
AWAITED: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Milestone.SHOWN.value: _("must stand on a screen"),
        Milestone.ACKNOWLEDGED.value: _("somebody must take it on"),
        Milestone.HANDED_OVER.value: _("must be handed over, or ended"),
        Milestone.ACCEPTED.value: _("an officer must accept it"),
        Milestone.ON_THE_WAY.value: _("the officer must set out"),
        Milestone.ARRIVED.value: _("the officer must be there"),
        Milestone.CLOSED.value: _("must be closed"),
    }
)
assert set(AWAITED) == {milestone.value for milestone in Milestone}

LOOKS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        LookWhy.TAMPER.value: _("every tamper is looked at twice"),
        LookWhy.SAMPLE.value: _("drawn by lot from the critical ones"),
    }
)
assert set(LOOKS) == set(LookWhy.values)

CONTACTS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        Whom.RESPONDENT.value: pgettext_lazy("contact", "Him"),
        Whom.PROTECTED.value: pgettext_lazy("contact", "Her"),
        Whom.POLICE.value: pgettext_lazy("contact", "Police"),
        Whom.DEVICE.value: pgettext_lazy("contact", "Devices"),
        Whom.CENTRE.value: pgettext_lazy("contact", "The centre"),
    }
)
assert set(CONTACTS) == {contact.value for contact in Whom}

RESULTS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        StepResult.DONE.value: pgettext_lazy("result", "Done"),
        StepResult.SAFE.value: pgettext_lazy("result", "Reached: she says that she is safe"),
        StepResult.NEEDS_HELP.value: pgettext_lazy("result", "Reached: needs help"),
        StepResult.TOLD.value: pgettext_lazy("result", "Told"),
        StepResult.COMPLIES.value: pgettext_lazy("result", "Reached: says that he complies"),
        StepResult.REFUSED.value: pgettext_lazy("result", "Reached: refuses"),
        StepResult.NO_ANSWER.value: pgettext_lazy("result", "No answer"),
        StepResult.NOT_POSSIBLE.value: pgettext_lazy("result", "Could not be done"),
    }
)
assert set(RESULTS) == {result.value for result in StepResult}

LANGUAGES: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "ru": pgettext_lazy("language", "In Russian"),
        "ky": pgettext_lazy("language", "In Kyrgyz"),
        "kk": pgettext_lazy("language", "In Kazakh"),
        "uz": pgettext_lazy("language", "In Uzbek"),
        "en": pgettext_lazy("language", "In English"),
    }
)

STAGES: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "raised": pgettext_lazy("stage", "Raised"),
        "shown": pgettext_lazy("stage", "Shown"),
        "acknowledged": pgettext_lazy("stage", "Taken on"),
        "handed_over": pgettext_lazy("stage", "Handed over"),
        "accepted": pgettext_lazy("stage", "Accepted"),
        "on_the_way": pgettext_lazy("stage", "On the way"),
        "arrived": pgettext_lazy("stage", "At the place"),
        "concluded": pgettext_lazy("stage", "Concluded"),
        "closed": pgettext_lazy("stage", "Closed"),
    }
)
