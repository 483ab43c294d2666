"""What somebody wants to order, before anybody has checked it, and the checks against the law of that day.

A draft is checked twice: here against the jurisdiction pack (is the basis in force, is the term within it, is each
condition allowed on it, was everything stated that must be), and by the engine's own compiler against what a machine
can measure. Nothing is written before both agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from aralyk import clock
from aralyk.access.errors import Code, FieldProblem, Refused
from aralyk.access.texts import check_text
from aralyk.jurisdictions.model import ConditionKind, Issuer, LegalBasis
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.orders.models import Threat
from aralyk.people.models import Stated

CONDITIONS_MAX: Final = 40  # an order that nobody can read is no order
NUMBER_MAX: Final = 40
REASON_MAX: Final = 400
REASON_MIN: Final = 3
SHAPE_POINTS_MAX: Final = 2_000  # a district's outline; more is a mistake in drawing
THIRD_ADULT_MAX: Final = 120
PROXIMITY: Final = "proximity"
HANDOVER: Final = "handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionDraft:
    """One prohibition or duty.

    Attributes:
        kind: Of the pack ("proximity", "exclusion_zone", "no_contact", …).
        code: The id that decisions will name; made from kind and position when empty.
        protected: For proximity: round whom; None when the order protects one person.
        distance_m: For proximity: metres.
        warning_m: For proximity: metres of the outer, warning ring; more than distance_m.
        shape: For zones: GeoJSON Polygon, or {"circle": {"lat", "lon", "radius_m"}}; WGS 84.
        schedule: For zones: when it holds; None means always. For hand-overs: weekly windows.
        times_a_month: For duties to report: how often.
        child: For hand-overs: the child, when it is one of the order's protected persons.
        windows: For hand-overs: {"from", "to", "return_at"}, ISO 8601 UTC.
        third_adult: For hand-overs: who is there besides the parents; people read it, the engine never does.
    """

    kind: str
    code: str = ""
    protected: UUID | None = None
    distance_m: float | None = None
    warning_m: float | None = None
    shape: Mapping[str, Any] | None = None
    schedule: Sequence[Mapping[str, Any]] | None = None
    times_a_month: float | None = None
    child: UUID | None = None
    windows: Sequence[Mapping[str, Any]] | None = None
    third_adult: str = ""

    def numbers(self) -> dict[str, float]:
        """The numbers that were given, by name."""
        given = {"distance_m": self.distance_m, "warning_m": self.warning_m, "times_a_month": self.times_a_month}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the ground, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the checks of an order need to know; None and unknown are findings, never a pass.

    Attributes:
        his_home: Where the respondent lives.
        his_work: Where he works.
        police_travel_min: Minutes that the nearest police need to her home, as the police state it.
        interval_s: How often the devices will report, seconds.
        carries: Whether each protected person will carry a device.
    """

    his_home: Place | None = None
    his_work: Place | None = None
    police_travel_min: int | None = None
    interval_s: int = 60
    carries: Mapping[UUID, Stated] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the issuer says to a finding.

    Attributes:
        reason: Why the order is made all the same.
        alternative: What protects her where the device can't; some findings demand it.
    """

    reason: str
    alternative: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order before it is issued.

    Attributes:
        number: Of the register; nobody else's.
        jurisdiction: Code of the pack.
        legal_basis: Slug of the pack.
        respondent: The person under electronic monitoring.
        protected_persons: Whom it protects; one at least.
        district: Whose it is: the district of the respondent's residence.
        threat: From the risk assessment.
        starts_at: Aware.
        expires_at: Aware; the first moment at which it no longer holds.
        conditions: One at least.
        statements: Answers that must not be missing (weapons, children, …).
        reported_at: When somebody reported; required for a police order, because a clock runs from it.
        established_at: When the fact of violence was established; the law's clock runs from it.
        extension_requested: Whether whom the law names asked for the longer term.
        report: The report that it answers.
        circumstances: For the checks.
        answers: To what the checks find, by the finding's key.
        synthetic: Whether the order exists only in a demo.
    """

    number: str
    legal_basis: str
    respondent: UUID
    protected_persons: tuple[UUID, ...]
    district: str
    threat: Threat
    starts_at: datetime
    expires_at: datetime
    conditions: tuple[ConditionDraft, ...]
    statements: Mapping[str, Stated] = field(default_factory=dict)
    reported_at: datetime | None = None
    established_at: datetime | None = None
    extension_requested: bool = False
    report: UUID | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)
    answers: Mapping[str, Answered] = field(default_factory=dict)
    jurisdiction: str = "KG"
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulCondition:
    """A condition with the article it rests on, ready to be stored and told to the engine.

    Attributes:
        parameters: What the engine is told besides id and kind.
        facts: What only people need.
    """

    code: str
    kind: ConditionKind
    article: str
    parameters: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)


def check_draft(draft: OrderDraft, *, law: Pack, now: datetime) -> LegalBasis:
    """Check everything of a draft but its conditions; go on only when the law of today allows it.

    Raises:
        Refused: not_in_force, term_too_long, term_too_short or invalid, naming the fields.
    """
    today = law.day_of(now)
    try:
        basis = law.legal_basis(draft.legal_basis, on=today)
        law.district(draft.district, on=today)
    except NotInForce as error:
        what = "legal_basis" if error.what == "legal basis" else "district"
        raise Refused.field(
            what, expected=f"one of {', '.join(error.known)}", found=error.slug, code=Code.NOT_IN_FORCE
        ) from None
    check_text("number", draft.number, longest=NUMBER_MAX)
    if not draft.protected_persons or len(set(draft.protected_persons)) != len(draft.protected_persons):
        raise Refused.field("protected_persons", expected="at least one person, each once")
    _check_statements(draft.statements, basis)
    _check_clock_starts(draft, basis, now=now)
    check_term(
        law=law, basis=basis, starts_at=draft.starts_at, expires_at=draft.expires_at,
        extended=draft.extension_requested, now=now,
    )  # fmt: skip
    return basis


def _check_statements(statements: Mapping[str, Stated], basis: LegalBasis) -> None:
    known = set(Stated.values)
    problems = tuple(
        FieldProblem(field=f"statements.{name}", expected="yes, no or unknown", found=statements.get(name))
        for name in basis.required_statements
        if statements.get(name) not in known
    )
    if problems:
        raise Refused(Code.INVALID, fields=problems)
    unknown = sorted(set(statements) - set(basis.required_statements))
    if unknown:
        raise Refused.field(f"statements.{unknown[0]}", expected=f"one of {', '.join(basis.required_statements)}")


def _check_clock_starts(draft: OrderDraft, basis: LegalBasis, *, now: datetime) -> None:
    for name in ("reported_at", "established_at"):
        at: datetime | None = getattr(draft, name)
        if at is None:
            if basis.issuer is Issuer.POLICE:
                raise Refused.field(name, expected="a time: the 24 hours count from it")
            continue
        _check_aware(name, at)
        if at > now:
            raise Refused.field(name, expected="a time in the past", found=clock.iso(at))


def check_term(
    *, law: Pack, basis: LegalBasis, starts_at: datetime, expires_at: datetime, extended: bool, now: datetime
) -> None:
    """Go on only with a term that the legal basis allows.

    Raises:
        Refused: term_too_long, term_too_short or invalid.
    """
    _check_aware("starts_at", starts_at)
    _check_aware("expires_at", expires_at)
    if expires_at <= starts_at or expires_at <= now:
        raise Refused.field("expires_at", expected="later than the start, and than now", found=clock.iso(expires_at))
    if extended and basis.extension is None:
        raise Refused.field("extension_requested", expected=f"false: {basis.slug} knows no extension")
    latest = law.latest_end(basis, starts_at=starts_at, extended=extended)
    if expires_at > latest:
        raise Refused.field(
            "expires_at",
            expected=f"{clock.iso(latest)} or earlier",
            found=clock.iso(expires_at),
            code=Code.TERM_TOO_LONG,
        )
    earliest = law.earliest_end(basis, starts_at=starts_at)
    if expires_at < earliest:
        raise Refused.field(
            "expires_at",
            expected=f"{clock.iso(earliest)} or later",
            found=clock.iso(expires_at),
            code=Code.TERM_TOO_SHORT,
        )


def _check_aware(name: str, at: datetime) -> None:
    if at.tzinfo is None:
        raise Refused.field(name, expected="a time with its zone, like 2026-11-21T10:00:00Z")


def lawful_conditions(
    drafts: Sequence[ConditionDraft], *, law: Pack, basis: LegalBasis, protected: Sequence[UUID], on: date
) -> list[LawfulCondition]:
    """Check each condition against the law of `on`, and name the article it rests on.

    Raises:
        Refused: not_in_force or invalid, naming the condition and the field.
    """
    if not 1 <= len(drafts) <= CONDITIONS_MAX:
        raise Refused.field("conditions", expected=f"1 to {CONDITIONS_MAX}", found=len(drafts))
    lawful = [
        _lawful_condition(draft, position=position, law=law, basis=basis, protected=protected, on=on)
        for position, draft in enumerate(drafts)
    ]
    codes = [condition.code for condition in lawful]
    for position, code in enumerate(codes):
        if code in codes[:position]:
            raise Refused.field(
                f"conditions[{position}].code", expected="a code that no other condition has", found=code
            )
    return lawful


def _lawful_condition(
    draft: ConditionDraft, *, position: int, law: Pack, basis: LegalBasis, protected: Sequence[UUID], on: date
) -> LawfulCondition:
    path = f"conditions[{position}]"
    allowed = {kind.slug: kind for kind in law.condition_kinds_on(on, legal_basis=basis.slug)}
    kind = allowed.get(draft.kind)
    if kind is None:
        raise Refused.field(
            f"{path}.kind", expected=f"one of {', '.join(sorted(allowed))}", found=draft.kind, code=Code.NOT_IN_FORCE
        )
    if kind.engine and not basis.electronic_monitoring:
        raise Refused.field(
            f"{path}.kind", expected="no electronic monitoring on this basis", found=draft.kind, code=Code.NOT_IN_FORCE
        )
    numbers = _checked_numbers(draft, kind=kind, path=path)
    return LawfulCondition(
        code=draft.code or f"{kind.slug}-{position + 1}",
        kind=kind,
        article=kind.articles[basis.slug],
        parameters=_parameters(draft, kind=kind, numbers=numbers, path=path, protected=protected),
        facts=_facts(draft, kind=kind, numbers=numbers, path=path),
    )


def _parameters(
    draft: ConditionDraft, *, kind: ConditionKind, numbers: dict[str, Any], path: str, protected: Sequence[UUID]
) -> dict[str, Any]:
    """What the engine is told of a condition besides its id and kind; empty for what no device measures."""
    parameters: dict[str, Any] = dict(numbers) if kind.engine else {}
    if draft.kind == PROXIMITY:
        if draft.warning_m is not None and draft.distance_m is not None and draft.warning_m <= draft.distance_m:
            raise Refused.field(f"{path}.warning_m", expected="more than distance_m", found=draft.warning_m)
    elif draft.kind != HANDOVER and draft.protected is not None:
        raise Refused.field(f"{path}.protected", expected="nothing: this condition is not round a person")
    if draft.kind in {PROXIMITY, HANDOVER}:
        parameters["protected"] = str(_protected_of(draft, path=path, protected=protected))
    if kind.engine and draft.kind != PROXIMITY:
        parameters |= {"shape": _checked_shape(draft, path=path), "schedule": _schedule_of(draft)}
    elif draft.shape is not None or draft.schedule is not None:
        raise Refused.field(f"{path}.shape", expected="nothing: this condition has no place")
    if draft.kind == HANDOVER:
        parameters |= _handover(draft, path=path, protected=protected)
    elif draft.windows is not None or draft.child is not None:
        raise Refused.field(f"{path}.windows", expected="nothing: only a hand-over of a child has windows")
    return parameters


def _handover(draft: ConditionDraft, *, path: str, protected: Sequence[UUID]) -> dict[str, Any]:
    if draft.child is not None and draft.child not in protected:
        raise Refused.field(f"{path}.child", expected="one of the order's protected persons")
    windows = None if draft.windows is None else [dict(window) for window in draft.windows]
    return {"child": None if draft.child is None else str(draft.child), "windows": windows}


def _facts(draft: ConditionDraft, *, kind: ConditionKind, numbers: dict[str, Any], path: str) -> dict[str, Any]:
    if draft.kind == HANDOVER:
        adult = check_text(f"{path}.third_adult", draft.third_adult, longest=THIRD_ADULT_MAX, shortest=3)
        return {"third_adult": adult}
    if draft.third_adult:
        raise Refused.field(f"{path}.third_adult", expected="nothing: only a hand-over of a child has a third adult")
    return {} if kind.engine else dict(numbers)


def _checked_numbers(draft: ConditionDraft, *, kind: ConditionKind, path: str) -> dict[str, Any]:
    given = draft.numbers()
    for name, value in given.items():
        bounds = kind.numbers.get(name)
        if bounds is None:
            raise Refused.field(f"{path}.{name}", expected="nothing: this condition has no such number")
        if not bounds.minimum <= value <= bounds.maximum:
            expected = f"{bounds.minimum:g} to {bounds.maximum:g}{_unit(name)}"
            raise Refused.field(f"{path}.{name}", expected=expected, found=value)
    for name in kind.numbers:
        if name not in given:
            raise Refused.field(f"{path}.{name}", expected=f"a number{_unit(name)}")
    return dict(given)


def _unit(name: str) -> str:
    return " metres" if name.endswith("_m") else ""


def _protected_of(draft: ConditionDraft, *, path: str, protected: Sequence[UUID]) -> UUID:
    if draft.protected is None and len(protected) == 1:
        return protected[0]
    if draft.protected not in protected or draft.protected is None:
        raise Refused.field(f"{path}.protected", expected="one of the order's protected persons")
    return draft.protected


def _checked_shape(draft: ConditionDraft, *, path: str) -> dict[str, Any]:
    """Only the size is checked here; the engine's compiler checks the form."""
    if not isinstance(draft.shape, Mapping):
        raise Refused.field(f"{path}.shape", expected="a GeoJSON Polygon or a circle")
    rings = draft.shape.get("coordinates")
    if isinstance(rings, list) and sum(len(ring) for ring in rings if isinstance(ring, list)) > SHAPE_POINTS_MAX:
        raise Refused.field(f"{path}.shape", expected=f"at most {SHAPE_POINTS_MAX} points")
    return dict(draft.shape)


def _schedule_of(draft: ConditionDraft) -> list[dict[str, Any]] | None:
    return None if draft.schedule is None else [dict(slot) for slot in draft.schedule]
