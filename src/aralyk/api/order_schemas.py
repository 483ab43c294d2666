"""What the API takes and says about the life of an order; distances in metres, places in degrees WGS 84."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.orders.drafts import Answered, Circumstances, ConditionDraft, OrderDraft, Place
from aralyk.orders.fitting import Limit
from aralyk.orders.life import OrderClock
from aralyk.orders.models import (
    Answer,
    Carries,
    Exemption,
    ExtensionQuestion,
    LossCause,
    Proposal,
    ProtectionCut,
    ReductionRequest,
    Suspension,
    Threat,
    Weapons,
    Wish,
)
from aralyk.orders.private import Privacy
from aralyk.orders.sanity import Found
from aralyk.orders.service import Topic
from aralyk.people.models import Stated

SLUG = r"^[a-z][a-z0-9_]{0,63}$"
CODE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
WORDS_MAX = 400


class PlaceIn(Schema):
    """A point."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class SlotIn(Schema):
    """Hours of a week: days mon to sun, hh:mm."""

    days: list[str] = Field(min_length=1, max_length=7)
    begins: str = Field(alias="from", pattern=r"^\d\d:\d\d$")
    ends: str = Field(alias="to", pattern=r"^\d\d:\d\d$")


class WindowIn(Schema):
    """One hand-over of a child."""

    begins: AwareDatetime = Field(alias="from")
    ends: AwareDatetime = Field(alias="to")
    return_at: AwareDatetime | None = None


class ConditionIn(Schema):
    """One prohibition or duty; which fields it takes depends on its kind."""

    kind: str = Field(pattern=SLUG)
    code: str = Field(default="", pattern=rf"({CODE})|^$")
    protected: UUID | None = None
    distance_m: float | None = Field(default=None, allow_inf_nan=False)
    warning_m: float | None = Field(default=None, allow_inf_nan=False)
    times_a_month: float | None = Field(default=None, allow_inf_nan=False)
    shape: dict[str, Any] | None = Field(default=None, description="GeoJSON Polygon, or circle: lat, lon, radius_m")
    schedule: list[SlotIn] | None = Field(default=None, max_length=64)
    child: UUID | None = None
    windows: list[WindowIn] | None = Field(default=None, max_length=100)
    third_adult: str = Field(default="", max_length=120)


class CircumstancesIn(Schema):
    """What the checks need to know; left out is not known, and a finding."""

    his_home: PlaceIn | None = None
    his_work: PlaceIn | None = None
    police_travel_min: int | None = Field(default=None, ge=0, le=600)
    interval_s: int = Field(default=60, ge=5, le=3600)
    carries: dict[UUID, Stated] = Field(default={}, max_length=40)


class AnsweredIn(Schema):
    """The answer to a finding."""

    reason: str = Field(max_length=WORDS_MAX)
    alternative: str = Field(default="", max_length=WORDS_MAX)


class OrderIn(Schema):
    """An order before it is issued."""

    number: str = Field(max_length=40)
    legal_basis: str = Field(pattern=SLUG)
    jurisdiction: str = Field(default="KG", pattern=r"^[A-Z]{2}$")
    respondent: UUID
    protected_persons: list[UUID] = Field(min_length=1, max_length=40)
    district: str = Field(pattern=SLUG)
    threat: Threat
    starts_at: AwareDatetime | None = Field(default=None, description="null: from the moment of its issue")
    expires_at: AwareDatetime
    conditions: list[ConditionIn] = Field(min_length=1, max_length=40)
    statements: dict[str, Stated] = Field(default={}, max_length=40)
    reported_at: AwareDatetime | None = None
    established_at: AwareDatetime | None = None
    extension_requested: bool = False
    report: UUID | None = None
    circumstances: CircumstancesIn = CircumstancesIn()
    answers: dict[str, AnsweredIn] = Field(default={}, max_length=200, description="by the finding's key")


class VaryIn(Schema):
    """A change of an order; what is null stays. Less protection is proposed, not done."""

    reason: str = Field(max_length=WORDS_MAX)
    conditions: list[ConditionIn] | None = Field(default=None, min_length=1, max_length=40)
    expires_at: AwareDatetime | None = None
    circumstances: CircumstancesIn | None = None
    answers: dict[str, AnsweredIn] = Field(default={}, max_length=200)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(max_length=WORDS_MAX)


class EndIn(ReasonIn):
    """The end of an order; `act`: the court's ruling, where a court made it and somebody else records its end."""

    act: str = Field(default="", max_length=80)


class SuspendIn(ReasonIn):
    """A time in which nobody watches."""

    from_at: AwareDatetime
    until_at: AwareDatetime


class PrivacyIn(Schema):
    """How a conversation with her was held; each must be true."""

    alone: bool
    code_word_used: bool
    not_on_her_phone: bool
    adviser_offered: bool


class AttemptIn(Schema):
    """She was not reached."""

    note: str = Field(max_length=WORDS_MAX)


class AnswerIn(Schema):
    """What she said about the extension."""

    answer: Answer
    privacy: PrivacyIn
    pressure: Stated = Stated.UNKNOWN
    note: str = Field(default="", max_length=WORDS_MAX)
    extend_to: AwareDatetime | None = None
    act: str = Field(default="", max_length=80)


class ExtendIn(EndIn):
    """The new end, after she wished it."""

    extend_to: AwareDatetime


class RequestIn(Schema):
    """That less protection was asked for."""

    person: UUID
    wish: Wish
    wished_until: AwareDatetime | None = None
    pressure: Stated = Stated.UNKNOWN
    note: str = Field(default="", max_length=WORDS_MAX)


class TalkIn(Schema):
    """The private conversation about a request."""

    privacy: PrivacyIn
    still_wishes: Stated
    pressure: Stated
    note: str = Field(default="", max_length=WORDS_MAX)


class DecideIn(EndIn):
    """The issuer's decision."""

    granted: bool


class ServiceIn(Schema):
    """That a party was handed the order; `person` null: the respondent. `paper`: the rendition that was handed over."""

    served_at: AwareDatetime
    language: str = Field(pattern=r"^[a-z]{2}$")
    told: list[Topic] = Field(max_length=20)
    person: UUID | None = None
    interpreter: bool = False
    refused_to_sign: bool = False
    weapons: Weapons | None = None
    weapon_register_answered: bool = False
    note: str = Field(default="", max_length=WORDS_MAX)
    paper: UUID | None = None


class ChoiceIn(ReasonIn):
    """The ministry's decision about the device."""

    carries: Carries
    exemption: Exemption = Exemption.NONE
    exemption_reason: str = Field(default="", max_length=WORDS_MAX)
    free_charger_given: bool = False


class LimitsIn(Schema):
    """What she heard of what the system can't do."""

    person: UUID
    limits: list[Limit] = Field(max_length=20)
    language: str = Field(pattern=r"^[a-z]{2}$")
    carries_device: Stated


class LossIn(Schema):
    """A loss outside his will."""

    cause: LossCause
    from_at: AwareDatetime
    until_at: AwareDatetime | None = None
    note: str = Field(max_length=WORDS_MAX)


class FindingOut(Schema):
    """One thing that speaks against an order; never a place."""

    key: str
    kind: str
    subject: str
    facts: dict[str, int]
    needs_alternative: bool


class ProposalOut(Schema):
    """A change that waits for a second person, or what became of it."""

    id: int
    order: UUID
    change: str
    cuts: list[str]
    reason: str
    state: str
    proposed_by: str
    proposed_at: Time
    second_by: str
    second_at: Time | None


class QuestionOut(Schema):
    """A question about an extension."""

    id: int
    order: UUID
    expires_at: Time
    due_at: Time
    attempts: int
    answer: str
    closed_at: Time | None


class ReductionOut(Schema):
    """A request for less protection."""

    id: int
    order: UUID
    person: UUID
    wish: str
    wished_until: Time | None
    pressure: str
    requested_at: Time
    talked_at: Time | None
    still_wishes: str
    decided_at: Time | None
    granted: bool | None


class CutOut(Schema):
    """One time that an order protected less than before."""

    order: UUID
    what: str
    at: Time
    by: str
    second_by: str
    reason: str
    threat: str


class SuspensionOut(Schema):
    """A time without watch."""

    order: UUID
    from_at: Time
    until_at: Time
    begun_at: Time | None
    resumed_at: Time | None


class ClockOut(Schema):
    """Something that is owed because of an order."""

    slug: str
    kind: str
    due_at: Time
    done_at: Time | None
    overdue: bool


class DoneOut(Schema):
    """The row that an act made."""

    id: int


def order_draft(given: OrderIn) -> OrderDraft:
    """The draft for the domain."""
    return OrderDraft(
        number=given.number,
        jurisdiction=given.jurisdiction,
        legal_basis=given.legal_basis,
        respondent=given.respondent,
        protected_persons=tuple(given.protected_persons),
        district=given.district,
        threat=given.threat,
        starts_at=given.starts_at or clock.now(),
        expires_at=given.expires_at,
        conditions=tuple(conditions(given.conditions)),
        statements=given.statements,
        reported_at=given.reported_at,
        established_at=given.established_at,
        extension_requested=given.extension_requested,
        report=given.report,
        circumstances=circumstances(given.circumstances),
        answers=answers(given.answers),
    )


def conditions(given: Sequence[ConditionIn]) -> list[ConditionDraft]:
    """The conditions for the domain."""
    return [
        ConditionDraft(
            kind=one.kind,
            code=one.code,
            protected=one.protected,
            distance_m=one.distance_m,
            warning_m=one.warning_m,
            times_a_month=one.times_a_month,
            shape=one.shape,
            schedule=None if one.schedule is None else [_slot(slot) for slot in one.schedule],
            child=one.child,
            windows=None if one.windows is None else [_window(window) for window in one.windows],
            third_adult=one.third_adult,
        )
        for one in given
    ]


def circumstances(given: CircumstancesIn) -> Circumstances:
    """The circumstances for the domain."""
    return Circumstances(
        his_home=_place(given.his_home),
        his_work=_place(given.his_work),
        police_travel_min=given.police_travel_min,
        interval_s=given.interval_s,
        carries=given.carries,
    )


def answers(given: dict[str, AnsweredIn]) -> dict[str, Answered]:
    """The answers for the domain."""
    return {key: Answered(reason=one.reason, alternative=one.alternative) for key, one in given.items()}


def privacy(given: PrivacyIn) -> Privacy:
    """How the conversation was held."""
    return Privacy(**given.dict())


def finding(found: Found) -> FindingOut:
    """One finding."""
    return FindingOut(
        key=found.key, kind=found.kind.value, subject=found.subject, facts=dict(found.facts),
        needs_alternative=found.needs_alternative,
    )  # fmt: skip


def proposal(found: Proposal) -> ProposalOut:
    """One proposal; its content stays inside but for what it would cut."""
    return ProposalOut(
        id=found.pk,
        order=found.order_id,
        change=found.change,
        cuts=list(found.content.get("cuts") or []),
        reason=found.reason,
        state=found.state,
        proposed_by=shown_name(found.proposed_by),
        proposed_at=found.proposed_at,
        second_by=shown_name(found.second_by),
        second_at=found.second_at,
    )


def question(found: ExtensionQuestion) -> QuestionOut:
    """One question."""
    return QuestionOut(
        id=found.pk, order=found.order_id, expires_at=found.expires_at, due_at=found.due_at, attempts=found.attempts,
        answer=found.answer, closed_at=found.closed_at,
    )  # fmt: skip


def reduction(found: ReductionRequest) -> ReductionOut:
    """One request."""
    return ReductionOut(
        id=found.pk,
        order=found.order_id,
        person=found.protected_person_id,
        wish=found.wish,
        wished_until=found.wished_until,
        pressure=found.pressure,
        requested_at=found.requested_at,
        talked_at=found.talked_at,
        still_wishes=found.still_wishes,
        decided_at=found.decided_at,
        granted=found.granted,
    )


def cut(found: ProtectionCut) -> CutOut:
    """One cut."""
    return CutOut(
        order=found.order_id, what=found.what, at=found.at, by=shown_name(found.by),
        second_by=shown_name(found.second_by), reason=found.reason, threat=found.threat,
    )  # fmt: skip


def suspension(found: Suspension) -> SuspensionOut:
    """One suspension."""
    return SuspensionOut(
        order=found.order_id, from_at=found.from_at, until_at=found.until_at, begun_at=found.begun_at,
        resumed_at=found.resumed_at,
    )  # fmt: skip


def order_clock(found: OrderClock) -> ClockOut:
    """One clock."""
    return ClockOut(
        slug=found.slug, kind=found.kind.value, due_at=found.due_at, done_at=found.done_at,
        overdue=found.overdue(at=clock.now()),
    )  # fmt: skip


def _place(given: PlaceIn | None) -> Place | None:
    return None if given is None else Place(lat=given.lat, lon=given.lon)


def _slot(given: SlotIn) -> dict[str, Any]:
    return {"days": given.days, "from": given.begins, "to": given.ends}


def _window(given: WindowIn) -> dict[str, Any]:
    times = {"from": given.begins, "to": given.ends, "return_at": given.return_at}
    try:
        return {name: clock.iso(at) for name, at in times.items() if at is not None}
    except (OverflowError, ValueError):
        raise Refused.field("conditions.windows", expected="times from 1970 on") from None
