"""Reports as they are taken at a desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aralyk import clock
from aralyk.access.models import User
from aralyk.people.models import Stated
from aralyk.people.vault import SealedName
from aralyk.reports.drafts import InvolvedDraft, ReportDraft, RespondentDraft, Said
from aralyk.reports.models import Answer, Applicant, Channel, Part, Report, WhyNotTold
from aralyk.reports.taking import do_take_report
from aralyk.risk.actions import do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instrument_on
from tests.orders.cast import HER_NAME, HER_PHONE, HERE

ACCOUNT = "Он ударил её на кухне дома 17, соседка вызвала милицию"
CONTACT = "Синтетическая Соседка, +996555000002"
WHY = "Заявительница подтвердила это в беседе наедине"
NO = Said(answer=Answer.NO)
YES = Said(answer=Answer.YES)
NOT_TOLD = Said(answer=Answer.NOT_TOLD, why=WhyNotTold.DOES_NOT_KNOW)
STATED = {
    "weapons": NOT_TOLD, "children": NO, "prior_reports": NO, "exits": NO, "leaving": YES,
    "separation": Said(answer=Answer.YES, on=date(2026, 9, 1)), "injury": NO,
}  # fmt: skip
HIM = RespondentDraft(name="Синтетический Бакыт", residence_district=HERE, born_on=date(1985, 3, 4))
SHE = InvolvedDraft(
    sealed={SealedName.NAME: HER_NAME, SealedName.PHONE: HER_PHONE}, part=Part.VICTIM, minor=Stated.NO,
    relation="spouse",
)  # fmt: skip
CHILD = InvolvedDraft(part=Part.WITNESS, minor=Stated.YES, relation="child")


def draft(**changed: Any) -> ReportDraft:
    """A neighbour came to the desk two hours ago; nobody has established anything yet."""
    now = clock.now()
    values: dict[str, Any] = {
        "district": HERE,
        "channel": Channel.POLICE_DESK,
        "applicant": Applicant.NEIGHBOUR,
        "reported_at": now - timedelta(hours=2),
        "account": ACCOUNT,
        "applicant_contact": CONTACT,
        "new_respondent": HIM,
        "involved": (SHE,),
        "violence": ("physical",),
        "statements": STATED,
        "synthetic": True,
    }
    values |= {"happened_at": changed.get("reported_at", values["reported_at"]) - timedelta(hours=1)} | changed
    if values.get("respondent") is not None:
        values["new_respondent"] = None
    return ReportDraft(**values)


def taken(by: User, **changed: Any) -> Report:
    return do_take_report(by, draft(**changed))


def assessed(by: User, report: Report, person: UUID | None = None) -> None:
    """The risk towards every victim (or one) is assessed with the public screen."""
    instrument = instrument_on("lap_screen", on=clock.now().date())
    answers = dict.fromkeys([item.slug for item in instrument.item], Stated.NO)
    for one in report.involved.all():
        if one.is_victim and person in {None, one.person_id}:
            assert report.respondent_id is not None
            do_assess(
                by,
                AssessmentDraft(
                    respondent=report.respondent_id,
                    protected_person=one.person_id,
                    instrument="lap_screen",
                    version=instrument.version,
                    answers=answers,
                    synthetic=True,
                ),
            )
