"""The table of transitions is complete, and what the documents show is made from it."""

from aralyk.access.errors import Code
from aralyk.incidents.life import DEEDS, OWNED, TRANSITIONS, WAITS_FOR, Act, possible, refusal
from aralyk.incidents.models import Status
from aralyk.incidents.reference import page
from aralyk.jurisdictions.values import Milestone
from tests.conftest import REPOSITORY


def test_nothing_is_closed_that_nobody_took_on_and_what_is_closed_is_only_opened_again_or_noted() -> None:
    assert {
        status for (status, act), result in TRANSITIONS.items() if result is Status.CLOSED and act is Act.CLOSE
    } == {*OWNED}
    assert possible(Status.CLOSED) == (Act.REOPEN, Act.NOTE)
    assert (Status.OPEN, Act.CLOSE) not in TRANSITIONS
    assert refusal(Status.OPEN, Act.CLOSE) is Code.NOT_ACKNOWLEDGED


def test_being_shown_moves_nothing() -> None:
    assert all(result is status for (status, act), result in TRANSITIONS.items() if act is Act.SHOW)


def test_every_status_can_be_reached_and_left_and_every_act_is_possible_somewhere() -> None:
    moved = [(status, result) for (status, _), result in TRANSITIONS.items() if result is not status]
    assert {result for _, result in moved} == set(Status)
    assert {status for status, _ in moved} == set(Status)
    assert {act for _, act in TRANSITIONS} == set(DEEDS)


def test_until_it_is_closed_the_clock_of_closing_runs_and_every_clock_runs_somewhere() -> None:
    assert all((Milestone.CLOSED in WAITS_FOR[status]) == (status is not Status.CLOSED) for status in Status)
    assert {milestone for milestones in WAITS_FOR.values() for milestone in milestones} == set(Milestone)


def test_the_page_of_the_documents_is_the_tables() -> None:
    committed = (REPOSITORY / "docs" / "reference" / "incident-life.md").read_text(encoding="utf-8")
    assert committed == page()
