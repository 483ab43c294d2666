"""An order that answers a report takes over what was said there, and meets the report's clocks."""

import pytest

from aralyk.access.errors import NotFound, Refused
from aralyk.orders.actions import do_issue_order
from aralyk.reports.clocks import Owed
from aralyk.reports.models import Report
from tests.orders.cast import Cast, draft, order, respondent
from tests.reports.cast import taken


def test_an_order_on_a_report_is_linked_and_meets_its_clock(roles: Cast) -> None:
    him = respondent(roles.police)
    report: Report = taken(roles.police, respondent=him.pk)
    issued = order(roles.police, respondent=him.pk, report=report.pk)
    assert issued.report == report
    assert report.events.filter(kind="order_issued").get().data == {"order": str(issued.pk)}
    assert not report.tasks.filter(kind=Owed.ISSUE_ORDER, done_at__isnull=True).exists()


def test_an_order_answers_no_report_about_somebody_else(roles: Cast) -> None:
    report = taken(roles.police, respondent=respondent(roles.police).pk)
    with pytest.raises(Refused) as refused:
        do_issue_order(roles.police, draft(roles.police, report=report.pk))
    assert refused.value.fields[0].field == "report"


def test_a_report_of_another_district_looks_as_if_it_were_not_there(roles: Cast) -> None:
    him = respondent(roles.police_elsewhere, district=roles.police_elsewhere.districts[0])
    report = taken(roles.police_elsewhere, district=roles.police_elsewhere.districts[0], respondent=him.pk)
    with pytest.raises(NotFound):
        do_issue_order(roles.police, draft(roles.police, report=report.pk))
