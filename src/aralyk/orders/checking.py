"""All checks of an order together, and the signed answers that an issuer owes to what they find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from aralyk.access.errors import Code, FieldProblem, Refused
from aralyk.access.models import User
from aralyk.access.texts import check_text
from aralyk.jurisdictions.model import LegalBasis
from aralyk.jurisdictions.pack import Pack
from aralyk.orders.drafts import REASON_MAX, Answered, Circumstances, LawfulCondition
from aralyk.orders.ground_coverage import coverage_of
from aralyk.orders.models import Finding, OrderVersion
from aralyk.orders.sanity import Found, findings
from aralyk.orders.sealed import sealed_findings

ANSWER_MIN = 10  # a court will read why the order was made all the same: "ok" is none


def find(
    by: User,
    conditions: Sequence[LawfulCondition],
    circumstances: Circumstances,
    *,
    protected: Sequence[UUID],
    subject: str,
    at: datetime,
) -> list[Found]:
    """Everything that speaks against these conditions, each once.

    Raises:
        Refused: too_often; vault_unreadable.
    """
    found = findings(conditions, circumstances, protected=protected)
    if any(condition.kind.engine for condition in conditions):
        found += coverage_of(circumstances.his_home, subject="his_home", at=at)
    found += sealed_findings(by, conditions, circumstances, protected=protected, subject=subject, at=at)
    return list({one.key: one for one in found}.values())


def check_answered(
    found: Iterable[Found], answers: Mapping[str, Answered], *, already: frozenset[str] = frozenset()
) -> list[Found]:
    """Go on only when each finding has its reason, and an alternative where one is needed.

    Args:
        found: What the checks found.
        answers: By key.
        already: Keys that an earlier version of the order answered: the same fact is not asked twice.

    Returns:
        The findings that are answered now.

    Raises:
        Refused: findings_unanswered, naming each; invalid, naming the answer that is too short or too long.
    """
    open_ones = [one for one in found if one.key not in already]
    problems = tuple(
        FieldProblem(
            field=f"findings.{one.key}",
            expected="a reason, and what protects her instead" if one.needs_alternative else "a reason",
        )
        for one in open_ones
        if one.key not in answers or (one.needs_alternative and not answers[one.key].alternative.strip())
    )
    if problems:
        raise Refused(Code.FINDINGS_UNANSWERED, fields=problems)
    for one in open_ones:
        given, path = answers[one.key], f"findings.{one.key}"
        check_text(path, given.reason, longest=REASON_MAX, shortest=ANSWER_MIN)
        if one.needs_alternative:
            check_text(f"{path}.alternative", given.alternative, longest=REASON_MAX, shortest=ANSWER_MIN)
    return open_ones


def store_answers(
    by: User, version: OrderVersion, found: Iterable[Found], answers: Mapping[str, Answered], *, at: datetime
) -> list[Finding]:
    """Keep what was found and answered beside the version that was made all the same."""
    return Finding.objects.bulk_create(
        Finding(
            order_version=version,
            kind=one.kind.value,
            subject=one.subject,
            facts=dict(one.facts),
            reason=answers[one.key].reason.strip(),
            alternative=answers[one.key].alternative.strip(),
            answered_by=by,
            answered_at=at,
        )
        for one in found
    )


def check_not_held_back(law: Pack, basis: LegalBasis, *, articles: Iterable[str], on: date) -> None:
    """Go on only when no paper of this order would accuse by an article that nobody has verified.

    Raises:
        Refused: article_unverified, naming the articles.
    """
    behind = {basis.article, *articles}
    held_back = sorted(
        {
            slug
            for form in law.forms_on(on, legal_basis=basis.slug)
            if form.article == basis.article  # the order's own paper, not the protocols of its breach
            for slug in law.held_back_by(form, articles=behind, on=on)
        }
    )
    if held_back:
        raise Refused.field(
            "legal_basis", expected="articles that somebody has verified", found=", ".join(held_back),
            code=Code.ARTICLE_UNVERIFIED,
        )  # fmt: skip
