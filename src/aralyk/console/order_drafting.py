"""An order while it is written: what each step kept, and the draft for the domain that comes of all of them.

The row keeps what was typed, step by step, so that nothing is lost when somebody is called away. It never keeps a
protected person's name or place: those are sealed when the first step is saved, and only her id stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import sees_district
from aralyk.console import law as law_words
from aralyk.console import sentences
from aralyk.console.order_forms import (
    ZONES_MAX,
    CircumstancesForm,
    ConditionsForm,
    HandoverForm,
    LawForm,
    ZoneForm,
)
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import LegalBasis
from aralyk.orders.drafts import HANDOVER, PROXIMITY, Answered, Circumstances, ConditionDraft, OrderDraft
from aralyk.orders.life import drafts_for
from aralyk.orders.models import DraftedOrder, Threat
from aralyk.orders.threats import THREAT_OF
from aralyk.people.models import ProtectedPerson, Stated
from aralyk.people.queries import respondents_for
from aralyk.reports.queries import FromReport
from aralyk.risk.queries import levels_for

JURISDICTION: Final = "KG"  # of this installation's desk; another country's desk has its own
STEPS: Final = ("people", "law", "conditions", "zones", "circumstances", "findings", "review")
RESPONDENTS_MAX: Final = 500
HANDOVER_RADIUS_M: Final = 50.0  # the doorstep; *there* is within 200 m of it
_KEPT_WITHOUT: Final = frozenset({"csrfmiddlewaretoken"})


class StepMissing(LookupError):
    """A step must be filled before the order can be put together."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


def kept(draft: DraftedOrder, step: str) -> QueryDict | None:
    """What was typed in a step; None: it was not saved yet."""
    written = draft.content.get(step)
    if written is None:
        return None
    data = QueryDict(mutable=True)
    for name, values in written.items():
        data.setlist(name, values)
    return data


def keep(draft: DraftedOrder, step: str, given: QueryDict) -> None:
    """Keep what was typed; what was checked on older words must be checked again."""
    draft.content[step] = {name: given.getlist(name) for name in given if name not in _KEPT_WITHOUT}
    if step in {"people", "law", "conditions", "zones", "circumstances"}:
        draft.content.pop("found", None)
    save(draft)


def save(draft: DraftedOrder) -> None:
    """Write the draft down."""
    draft.updated_at = clock.now()
    draft.save(update_fields=["content", "updated_at", "issued_as"])


def draft_of_report(user: User, report: FromReport) -> DraftedOrder | None:
    """The draft that this person has begun on a report: a second click begins no second order."""
    return drafts_for(user).filter(content__who__report=str(report.report)).first()


def take_over(draft: DraftedOrder, report: FromReport, *, threat: Threat | None) -> None:
    """Begin with what the report says; everything of it may still be changed but the report itself.

    Args:
        draft: The new draft.
        report: What was said.
        threat: As the risk was assessed; None: it was not.
    """
    zone = ZoneInfo(pack(JURISDICTION).country.timezone)
    draft.content["who"] = {
        "report": str(report.report),
        "district": report.district,
        "respondent": str(report.respondent),
        "protected": [str(person) for person in report.protected_persons],
    }
    times = {"reported_at": report.reported_at, "established_at": report.established_at}
    draft.content["law"] = {
        **{f"stated_{name}": [stated.value] for name, stated in report.statements.items()},
        **({} if threat is None else {"threat": [threat.value]}),
        **{name: [at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")] for name, at in times.items() if at is not None},
    }
    save(draft)


def respondents(user: User) -> list[tuple[str, str]]:
    """Whom an order may be over, by name."""
    return [(str(one.pk), one.name) for one in respondents_for(user)[:RESPONDENTS_MAX]]


def districts(user: User) -> list[tuple[str, str]]:
    """The districts for which this person may issue orders."""
    law, now = pack(JURISDICTION), clock.now()
    found = [one for one in law.districts_on(law.day_of(now)) if sees_district(user, one.slug)]
    return [(one.slug, law_words.district_name(JURISDICTION, one.slug, at=now)) for one in found]


def threat_of(user: User, report: FromReport) -> Threat | None:
    """The highest level that stands towards the people of the report, as an order says it; None: none stands."""
    levels = [
        one.level
        for one in levels_for(user, respondent=report.respondent)
        if one.protected_person in report.protected_persons
    ]
    return THREAT_OF[max(levels, key=lambda level: level.height)] if levels else None


def protected_of(draft: DraftedOrder) -> list[tuple[str, str]]:
    """The protected persons of a draft: id and code."""
    people = ProtectedPerson.objects.filter(pk__in=draft.content.get("who", {}).get("protected", [])).order_by("code")
    return [(str(one.pk), one.code) for one in people]


def bases() -> tuple[LegalBasis, ...]:
    """What an order may rest on today."""
    law = pack(JURISDICTION)
    return law.legal_bases_on(law.day_of(clock.now()))


def law_form(data: QueryDict | None) -> LawForm:
    """The step of the law."""
    found = bases()
    statements = sorted({name for basis in found for name in basis.required_statements})
    now = clock.now()
    choices = [(one.slug, law_words.legal_basis_name(JURISDICTION, one.slug, at=now)) for one in found]
    return LawForm(data, bases=choices, statements=statements)


def kinds_of(basis: str) -> list[dict[str, Any]]:
    """The kinds of conditions of a legal basis that have no place: name, how known, numbers."""
    law, now = pack(JURISDICTION), clock.now()
    return [
        {
            "slug": kind.slug,
            "name": law_words.condition_name(JURISDICTION, kind.slug, at=now),
            "known_by": f"{_('Known by:')} {sentences.text(sentences.KNOWN_BY, kind.known_by.value)}",
            "numbers": tuple(kind.numbers),
        }
        for kind in law.condition_kinds_on(law.day_of(now), legal_basis=basis)
        if not kind.engine
    ]


def may_be_measured(basis: str, kind: str) -> bool:
    """Whether a legal basis allows this kind of condition, and a device for it."""
    law = pack(JURISDICTION)
    day = law.day_of(clock.now())
    entry = law.legal_basis(basis, on=day)
    allowed = {one.slug for one in law.condition_kinds_on(day, legal_basis=basis)}
    return entry.electronic_monitoring and kind in allowed


def conditions_form(basis: str, data: QueryDict | None, initial: Mapping[str, Any] | None = None) -> ConditionsForm:
    """The step of the conditions."""
    return ConditionsForm(data, kinds=kinds_of(basis), ring=may_be_measured(basis, PROXIMITY), initial=initial)


def zone_forms(data: QueryDict | None, initial: Sequence[Mapping[str, Any]] = ()) -> list[ZoneForm]:
    """One form for each area that may be drawn."""
    rows = [*initial, *({} for _ in range(ZONES_MAX - len(initial)))]
    return [ZoneForm(data, prefix=f"zone-{number}", initial=dict(row)) for number, row in enumerate(rows)]


def circumstances_form(data: QueryDict | None, protected: Sequence[tuple[str, str]]) -> CircumstancesForm:
    """The step of the circumstances."""
    return CircumstancesForm(data, protected=protected)


def legal_basis_of(draft: DraftedOrder) -> str:
    """The legal basis that was chosen.

    Raises:
        StepMissing: None was yet.
    """
    form = _valid(law_form(kept(draft, "law")), "law")
    return str(form.cleaned_data["legal_basis"])


def order_draft(draft: DraftedOrder) -> OrderDraft:
    """All that was kept, as the domain takes it; starts and ends count from now where the draft says so.

    Raises:
        StepMissing: A step was not saved, or no longer fits the one before.
    """
    who = draft.content.get("who")
    if not who:
        raise StepMissing("people")
    form = _valid(law_form(kept(draft, "law")), "law")
    law = form.cleaned_data
    protected = tuple(UUID(person) for person in who["protected"])
    basis = str(law["legal_basis"])
    entry = next(one for one in bases() if one.slug == basis)
    starts_at = law["starts_at"] or clock.now()
    return OrderDraft(
        number=law["number"],
        jurisdiction=JURISDICTION,
        legal_basis=basis,
        respondent=UUID(who["respondent"]),
        protected_persons=protected,
        district=who["district"],
        threat=Threat(law["threat"]),
        starts_at=starts_at,
        expires_at=starts_at + timedelta(days=law["term_days"]),
        conditions=(
            *_plain_conditions(draft, basis, protected),
            *drawn(zone_forms(kept(draft, "zones")), "zones"),
            *_handover(draft, protected),
        ),
        statements={name: Stated(law[f"stated_{name}"]) for name in entry.required_statements},
        reported_at=law["reported_at"],
        established_at=law["established_at"],
        extension_requested=law["extension_requested"],
        report=UUID(who["report"]) if who.get("report") else None,
        circumstances=_circumstances(draft),
        answers={
            key: Answered(reason=one["reason"], alternative=one.get("alternative", ""))
            for key, one in draft.content.get("answers", {}).items()
        },
    )


def plain_conditions(form: ConditionsForm, basis: str, protected: Sequence[UUID]) -> list[ConditionDraft]:
    """What the step of the conditions says; the form is valid."""
    given = form.cleaned_data
    found = []
    if given.get("ring"):
        found += [
            ConditionDraft(
                kind=PROXIMITY,
                code="ring" if number == 0 else f"ring-{number + 1}",
                protected=person,
                distance_m=float(given["distance_m"]),
                warning_m=float(given["warning_m"]),
            )
            for number, person in enumerate(protected)
        ]
    for kind in kinds_of(basis):
        if given.get(f"kind_{kind['slug']}"):
            numbers: dict[str, Any] = {name: given.get(f"number_{kind['slug']}_{name}") for name in kind["numbers"]}
            found.append(ConditionDraft(kind=kind["slug"], code=kind["slug"], **numbers))
    return found


def drawn(forms_: Sequence[ZoneForm], step: str) -> list[ConditionDraft]:
    """The areas that were drawn.

    Raises:
        StepMissing: One of them is no shape.
    """
    found = []
    for number, form in enumerate(forms_):
        if form.is_bound and not form.is_valid():
            raise StepMissing(step)
        if not form.is_bound or form.is_empty:
            continue
        code = form.cleaned_data.get("code") or f"area-{number + 1}"
        found.append(
            ConditionDraft(kind="exclusion_zone", code=code, shape=form.shape(), schedule=form.schedule())
        )  # fmt: skip
    return found


def _plain_conditions(draft: DraftedOrder, basis: str, protected: Sequence[UUID]) -> list[ConditionDraft]:
    form = _valid(conditions_form(basis, kept(draft, "conditions")), "conditions")
    return plain_conditions(form, basis, protected)


def _handover(draft: DraftedOrder, protected: Sequence[UUID]) -> list[ConditionDraft]:
    data = kept(draft, "zones")
    if data is None:
        return []
    form = HandoverForm(data, prefix=HANDOVER)
    given = _valid(form, "zones").cleaned_data
    if not given.get("place"):
        return []
    window = {"from": clock.iso(given["from_at"]), "to": clock.iso(given["to_at"])}
    circle = {"lat": given["place"].lat, "lon": given["place"].lon, "radius_m": HANDOVER_RADIUS_M}
    return [
        ConditionDraft(
            kind=HANDOVER, code=HANDOVER, protected=protected[0], shape={"circle": circle}, windows=[window],
            third_adult=given["third_adult"],
        )
    ]  # fmt: skip


def _circumstances(draft: DraftedOrder) -> Circumstances:
    people = protected_of(draft)
    given = _valid(circumstances_form(kept(draft, "circumstances"), people), "circumstances").cleaned_data
    return Circumstances(
        his_home=given["his_home"],
        his_work=given["his_work"],
        police_travel_min=given["police_travel_min"],
        interval_s=given["interval_s"],
        carries={UUID(person): Stated(given[f"carries_{person}"]) for person, _code in people},
    )


def _valid(form: Any, step: str) -> Any:
    if not isinstance(form, forms.Form) or not form.is_bound or not form.is_valid():
        raise StepMissing(step)
    return form


def template_name(names: Mapping[str, str]) -> str:
    """A template's name in the active language."""
    return names.get(get_language() or "ru", names["en"])
