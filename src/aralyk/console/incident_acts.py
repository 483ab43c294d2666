"""The acts that the table of `incidents.life` allows now, as this person may do them: what a page offers and sends.

Nothing is offered that the domain would refuse for the status or the role; what it refuses for another reason (somebody
was faster) it says itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib.auth import get_user_model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import allows
from aralyk.access.queries import shown_name
from aralyk.console.desk_names import desk_name
from aralyk.console.forms import CloseForm, NoteForm
from aralyk.console.incident_forms import BY_PHONE, AcceptForm, ConcludeForm, HandOverForm, ReasonForm, TriageForm
from aralyk.console.incident_words import ACTS
from aralyk.incidents.actions import do_acknowledge, do_close, do_conclude, do_note, do_reopen
from aralyk.incidents.handing import (
    do_accept,
    do_arrive,
    do_give_back,
    do_hand_over,
    do_set_out,
    do_take_over,
    do_triage,
)
from aralyk.incidents.life import DEEDS, Act, possible
from aralyk.incidents.models import Incident, Judgement, Outcome, Status
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.queries import on_duty_for

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a page does one act: its key, its icon, its form, and what sends it to the domain."""

    key: str
    icon: str
    send: Callable[[User, UUID, Given], object]
    form: Callable[..., forms.Form] | None = None
    hint: Promise | str = ""


def _desk_of(given: Given) -> str:
    return "" if given["desk"] == BY_PHONE else str(given["desk"])


_WAYS: Final[Mapping[Act, _Way]] = MappingProxyType(
    {
        Act.ACKNOWLEDGE: _Way(key="KeyA", icon="check", send=lambda by, pk, given: do_acknowledge(by, pk)),
        Act.TRIAGE: _Way(
            key="KeyT", icon="list", form=TriageForm, hint=gettext_lazy("Said again, the newest stands."),
            send=lambda by, pk, given: do_triage(
                by, pk, judgement=Judgement(given["judgement"]), note=given["note"]
            ),
        ),
        Act.HAND_OVER: _Way(
            key="KeyH", icon="shield", form=HandOverForm,
            hint=gettext_lazy("The desk is told at once, and its clock to accept runs."),
            send=lambda by, pk, given: do_hand_over(by, pk, desk=_desk_of(given), note=given["note"]),
        ),
        Act.ACCEPT: _Way(
            key="KeyP", icon="check", form=AcceptForm,
            hint=gettext_lazy("Your name stands beside it from here on. A relation declares the conflict instead."),
            send=lambda by, pk, given: do_accept(by, pk, no_relation=given["no_relation"]),
        ),
        Act.SET_OUT: _Way(key="KeyW", icon="radio", send=lambda by, pk, given: do_set_out(by, pk)),
        Act.ARRIVE: _Way(key="KeyR", icon="map-pin", send=lambda by, pk, given: do_arrive(by, pk)),
        Act.GIVE_BACK: _Way(
            key="KeyB", icon="arrow-left", form=ReasonForm,
            hint=gettext_lazy("The centre's clock to hand it over runs anew."),
            send=lambda by, pk, given: do_give_back(by, pk, reason=given["reason"]),
        ),
        Act.TAKE_OVER: _Way(key="KeyO", icon="user", send=lambda by, pk, given: do_take_over(by, pk)),
        Act.CONCLUDE: _Way(
            key="KeyC", icon="circle-check", form=ConcludeForm,
            hint=gettext_lazy("An opinion with your name, not a finding of a court."),
            send=lambda by, pk, given: do_conclude(
                by, pk, outcome=Outcome(given["outcome"]), reason=given["reason"]
            ),
        ),
        Act.CLOSE: _Way(
            key="KeyX", icon="x", form=CloseForm,
            hint=gettext_lazy("An opinion with your name, not a finding of a court."),
            send=lambda by, pk, given: do_close(
                by, pk, outcome=Outcome(given["outcome"]), reason=given["reason"],
                still_open_confirmed=given["still_open_confirmed"],
            ),
        ),
        Act.REOPEN: _Way(
            key="KeyU", icon="circle-alert", form=ReasonForm,
            hint=gettext_lazy("Nobody's name stands on it then, and its clocks begin anew."),
            send=lambda by, pk, given: do_reopen(by, pk, reason=given["reason"]),
        ),
        Act.NOTE: _Way(
            key="KeyN", icon="message-square", form=NoteForm,
            hint=gettext_lazy("What was seen or learned. Stays on the time line and cannot be changed."),
            send=lambda by, pk, given: do_note(by, pk, text=given["text"]),
        ),
    }
)  # fmt: skip
assert set(_WAYS) == set(ACTS)

# The one act that is most likely next: it stands first, in the strong colour, and under the thumb.
_NEXT: Final[Mapping[Status, tuple[Act, ...]]] = MappingProxyType(
    {
        Status.OPEN: (Act.ACKNOWLEDGE,),
        Status.ACKNOWLEDGED: (Act.TRIAGE,),
        Status.TRIAGED: (Act.HAND_OVER,),
        Status.HANDED_OVER: (Act.ACCEPT,),
        Status.ACCEPTED: (Act.SET_OUT,),
        Status.ON_THE_WAY: (Act.ARRIVE,),
        Status.ARRIVED: (Act.CONCLUDE,),
        Status.CONCLUDED: (Act.CLOSE,),
        Status.CLOSED: (),
    }
)
assert set(_NEXT) == set(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One act as the page shows it; without a form it is a button, with one it opens."""

    name: str
    title: str
    hint: str
    icon: str
    key: str
    letter: str
    primary: bool
    form: forms.Form | None
    open: bool


def allowed(user: User, incident: Incident) -> tuple[Act, ...]:
    """What the table allows as the incident stands and this person's role and name allow."""
    return tuple(
        act
        for act in possible(Status(incident.status))
        if act is not Act.SHOW
        and allows(user, DEEDS[act].may)
        and (not DEEDS[act].officers_own or incident.accepted_by_id == user.pk)
        and not (act is Act.TAKE_OVER and incident.acknowledged_by_id == user.pk)
    )


def offers(user: User, incident: Incident, *, bound: Mapping[Act, forms.Form]) -> list[Offer]:
    """What the page offers, the likeliest first.

    Args:
        user: Who looks.
        incident: As it stands.
        bound: Forms that came back with mistakes: they stand open.
    """
    acts = allowed(user, incident)
    first = _NEXT[Status(incident.status)]
    ordered = sorted(acts, key=lambda act: (act not in first, act is Act.NOTE))
    return [
        Offer(
            name=act.value,
            title=str(ACTS[act]),
            hint=str(_WAYS[act].hint),
            icon=_WAYS[act].icon,
            key=_WAYS[act].key,
            letter=_WAYS[act].key.removeprefix("Key"),
            primary=act in first,
            form=bound.get(act) or form_for(user, incident, act),
            open=act in bound,
        )
        for act in ordered
    ]


def form_for(user: User, incident: Incident, act: Act, data: Any = None) -> forms.Form | None:
    """The form of an act, empty or filled with what was sent; None: a button is enough."""
    way = _WAYS[act]
    if way.form is None:
        return None
    more: dict[str, Any] = {"desks": desks_to_hand_to(user, incident)} if act is Act.HAND_OVER else {}
    if act is Act.CLOSE and incident.outcome:
        more["initial"] = {"outcome": incident.outcome}
    return way.form(data, prefix=act.value, **more)


def send(user: User, incident_id: UUID, act: Act, given: Given) -> None:
    """Do it; what the domain refuses goes on to the caller.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: As the domain says.
    """
    _WAYS[act].send(user, incident_id, given)


def desks_to_hand_to(user: User, incident: Incident) -> list[tuple[str, str]]:
    """The open desks of duty units, those of the incident's district first, and who is there now."""
    now = clock.now()
    manned = [one for one in on_duty_for(user, at=now) if one.desk.kind == DeskKind.DUTY_UNIT]
    manned.sort(key=lambda one: (one.desk.district != incident.district, one.desk.code))
    people = {one for desk in manned for one in desk.people}
    names = {one.pk: shown_name(one) for one in get_user_model().objects.filter(pk__in=people)}
    choices = []
    for one in manned:
        here = ", ".join(names[pk] for pk in one.people if pk in names)
        if one.is_ready:
            state = _("on duty: %(who)s") % {"who": here}
        elif here:
            state = _("has not answered the test call: %(who)s") % {"who": here}
        else:
            state = _("nobody on duty: also telephone")
        name = desk_name(one.desk, at=now, jurisdiction=incident.order.jurisdiction)
        choices.append((one.desk.code, f"{name} — {state}"))
    return choices
