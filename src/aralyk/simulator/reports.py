"""The reports of the pilot: each of its first orders came from one, with an assessment and a decision; three more wait.

Taken, assessed and decided through the domain's actions, as people would. One of the three is open with its clock
running, one was refused and stands on the prosecutor's list, one is a second report on a respondent who has an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from aralyk import clock
from aralyk.access.models import User
from aralyk.people.models import Stated
from aralyk.people.vault import SealedName
from aralyk.reports.actions import do_decide, do_record_copy
from aralyk.reports.drafts import InvolvedDraft, ReportDraft, RespondentDraft, Said
from aralyk.reports.models import Answer, Applicant, Channel, Decision, Part, Report, WhyNotTold
from aralyk.reports.taking import do_take_report
from aralyk.risk.actions import do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instrument_on
from aralyk.risk.levels import Level
from aralyk.simulator import roster

REPORTED_BEFORE: Final = timedelta(hours=19)
ESTABLISHED_BEFORE: Final = timedelta(hours=11)
WAITS_SINCE: Final = timedelta(hours=5)  # of the open one: its clock shows, and is not overdue on the first day
INSTRUMENT: Final = "lap_screen"
HIGH_BY: Final = "weapon"  # the item of the screen that gives "high" by itself
WHY: Final = "Учебный пример: сведения подтвердили соседи и записи участкового"
ACCOUNT: Final = "Учебное сообщение: всё, что здесь написано, выдумано."
_NO: Final = Said(answer=Answer.NO)


def take(
    by: User, *, respondent: UUID, protected: UUID, district: str, language: str, statements: Mapping[str, Stated],
    at: datetime, relation: str = "spouse",
) -> Report:  # fmt: skip
    """A report by the protected person herself, with the fact established, as an order needs it."""
    return do_take_report(
        by,
        ReportDraft(
            district=district,
            channel=Channel.POLICE_DESK,
            applicant=Applicant.PROTECTED_PERSON,
            applicant_minor=Stated.NO,
            language=language,
            reported_at=at - REPORTED_BEFORE,
            established_at=at - ESTABLISHED_BEFORE,
            account=ACCOUNT,
            respondent=respondent,
            involved=(InvolvedDraft(person=protected, part=Part.VICTIM, minor=Stated.NO, relation=relation),),
            violence=("physical", "psychological"),
            statements=_said(statements),
            synthetic=True,
        ),
    )


def assess(by: User, report: Report, *, level: str) -> None:
    """Assess the risk towards everyone in the report, so that it comes to `level`."""
    instrument = instrument_on(INSTRUMENT, on=clock.now().date())
    high = level == Level.HIGH
    answers = dict.fromkeys([item.slug for item in instrument.item], Stated.NO)
    answers |= {HIGH_BY: Stated.YES} if high else {}
    assert report.respondent_id is not None
    for one in report.involved.all():
        do_assess(
            by,
            AssessmentDraft(
                respondent=report.respondent_id,
                protected_person=one.person_id,
                instrument=INSTRUMENT,
                version=instrument.version,
                answers=answers,
                level=None if high else Level(level),
                reason="" if high else WHY,
                synthetic=True,
            ),
        )


def close_with_order(by: User, report: Report) -> None:
    """Decide on a report on which an order was issued."""
    do_record_copy(by, report.pk, given=True)
    do_decide(by, report.pk, outcome="order_issued", reason=WHY)


def three_more(by: User, *, joined_to: UUID, protected: UUID, district: str) -> None:
    """One open, one refused, one joined to a respondent who has an order; nothing where they stand already."""
    if Decision.objects.filter(report__synthetic=True, refuses=True).exists():
        return
    at = clock.now()
    do_take_report(by, _neighbours(roster.respondent_name(roster.PAIRS_NAMED + 1), district=district, at=at))
    refused = do_take_report(by, _neighbours(roster.respondent_name(roster.PAIRS_NAMED + 2), district=district, at=at))
    assess(by, refused, level=Level.LOW)
    do_record_copy(by, refused.pk, given=False, reason="Учебный пример: бумага выдала бы её")
    do_decide(by, refused.pk, outcome="refused", reason="Учебный пример: факт насилия не подтвердился")
    again = InvolvedDraft(person=protected, part=Part.VICTIM, minor=Stated.NO, relation="spouse")
    do_take_report(by, _neighbours("", district=district, at=at, respondent=joined_to, involved=again))


def _neighbours(
    name: str, *, district: str, at: datetime, respondent: UUID | None = None, involved: InvolvedDraft | None = None
) -> ReportDraft:
    """A call to 102 by a neighbour who does not know everything."""
    nobody_knew = Said(answer=Answer.NOT_TOLD, why=WhyNotTold.DOES_NOT_KNOW)
    asked = ("weapons", "children", "prior_reports", "exits", "leaving", "separation")
    person = involved or InvolvedDraft(
        sealed={SealedName.NAME: "Учебная Соседка"}, part=Part.VICTIM, minor=Stated.NO, relation="spouse"
    )
    return ReportDraft(
        district=district,
        channel=Channel.DUTY_UNIT,
        applicant=Applicant.NEIGHBOUR,
        reported_at=at - WAITS_SINCE,
        account=ACCOUNT,
        respondent=respondent,
        new_respondent=None if respondent else RespondentDraft(name=name, residence_district=district),
        involved=(person,),
        violence=("physical",),
        statements={**dict.fromkeys(asked, nobody_knew), "injury": _NO},
        synthetic=True,
    )


def _said(statements: Mapping[str, Stated]) -> dict[str, Said]:
    plain = {Stated.YES: Said(answer=Answer.YES), Stated.NO: _NO}
    unknown = Said(answer=Answer.NOT_TOLD, why=WhyNotTold.DOES_NOT_KNOW)
    given = {slug: plain.get(answer, unknown) for slug, answer in statements.items()}
    return {**dict.fromkeys(("exits", "leaving", "separation", "injury"), _NO), **given}
