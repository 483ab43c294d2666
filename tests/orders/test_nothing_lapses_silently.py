"""No order ends by a wish that was not hers, or because a question fell off a list."""

from datetime import timedelta
from uuid import UUID

import pytest

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import Role, User
from aralyk.orders.actions import do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.extensions import do_answer_question, do_extend_order
from aralyk.orders.life import questions_for, reductions_for
from aralyk.orders.models import Answer, Order, Suspension, Wish
from aralyk.orders.proposals import do_confirm_proposal, do_propose_suspension, do_propose_variation
from aralyk.orders.queries import Standing, order_for, standing
from aralyk.orders.reductions import do_decide_reduction
from aralyk.orders.suspensions import do_begin_due
from aralyk.people.models import Stated
from aralyk.risk.actions import do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instrument_on
from tests.orders.cast import HERE, Cast, account, protected
from tests.orders.shifting import ShiftClock
from tests.orders.wishes import PRIVATE, assess, police_order, requested, talked


@pytest.fixture
def second(roles: Cast) -> User:
    return account("police_second", Role.POLICE, HERE, agency="police_oktyabrsky")


def mother_and_daughter(roles: Cast) -> tuple[Order, UUID, UUID]:
    people = (protected(roles.police).pk, protected(roles.police).pk)
    rings = tuple(ConditionDraft(kind="proximity", distance_m=500, warning_m=1200, protected=one) for one in people)
    return police_order(roles, protected_persons=people, conditions=rings), *people


def grant(by: User, request_id: int) -> None:
    do_decide_reduction(by, request_id, granted=True, reason="их твёрдое решение")


# --- a wish is of the one who said it --------------------------------------------------------------------------


def test_a_form_that_gave_no_level_is_no_reassessment_before_a_withdrawal(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued = police_order(roles)
    request = requested(roles, issued)
    talked(roles, request)
    shift.by(timedelta(minutes=5))
    unverified = instrument_on("kg_protocol", on=clock.now().date())
    do_assess(
        roles.police,
        AssessmentDraft(
            respondent=issued.respondent_id, protected_person=issued.protected_persons.get().pk,
            instrument=unverified.slug, version=unverified.version, answers={},
        ),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        grant(second, request.pk)
    assert refused.value.code is Code.ASSESSMENT_NEEDED
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE


def test_what_one_person_asks_for_does_not_end_the_protection_of_another(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued, mother, daughter = mother_and_daughter(roles)
    of_mother = requested(roles, issued, person=mother)
    talked(roles, of_mother)
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    with pytest.raises(Refused) as refused:
        grant(second, of_mother.pk)
    assert refused.value.code is Code.CONVERSATION_NEEDED
    of_daughter = requested(roles, issued, person=daughter)
    with pytest.raises(Refused) as refused:
        grant(second, of_mother.pk)
    assert refused.value.code is Code.CONVERSATION_NEEDED
    talked(roles, of_daughter)
    with pytest.raises(Refused) as refused:
        grant(second, of_mother.pk)
    assert refused.value.code is Code.ASSESSMENT_NEEDED  # the daughter's is older than her own request
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    grant(second, of_mother.pk)
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.ENDED
    assert reductions_for(roles.police).count() == 0


def test_who_spoke_with_the_daughter_does_not_decide_on_the_mothers_wish_either(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued, mother, daughter = mother_and_daughter(roles)
    of_mother, of_daughter = (requested(roles, issued, person=one) for one in (mother, daughter))
    talked(roles, of_daughter)
    talked(roles, of_mother, by=second)
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    for by in (roles.police, second):
        with pytest.raises(Refused) as refused:
            grant(by, of_mother.pk)
        assert refused.value.code is Code.OWN_CONVERSATION


def test_a_term_that_several_wish_shorter_ends_with_the_latest_of_their_wishes(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued, mother, daughter = mother_and_daughter(roles)
    ends = [issued.expires_at - timedelta(hours=hours) for hours in (10, 5)]
    first, other = (
        requested(roles, issued, person=person, wish=Wish.SHORTEN, wished_until=end)
        for person, end in zip((mother, daughter), ends, strict=True)
    )
    talked(roles, first)
    talked(roles, other)
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    grant(second, first.pk)
    assert order_for(roles.police, issued.pk).expires_at == ends[1]


def test_a_no_about_an_order_of_several_people_was_heard_from_none_of_them_alone(roles: Cast) -> None:
    mother_and_daughter(roles)
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.DOES_NOT_WISH, privacy=PRIVATE)
    assert [request.talked_at for request in reductions_for(roles.police)] == [None, None]


# --- a question stays on the list until something came of it -------------------------------------------------------


def test_her_wish_stays_on_the_list_until_the_order_is_extended(roles: Cast) -> None:
    issued = police_order(roles)
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE)
    assert questions_for(roles.police).get() == question
    do_extend_order(roles.police, issued.pk, extend_to=issued.expires_at + timedelta(days=10), reason="по её просьбе")
    assert question not in questions_for(roles.police)


def test_a_wish_that_comes_after_the_end_closes_the_question(roles: Cast, shift: ShiftClock) -> None:
    police_order(roles)
    shift.by(timedelta(days=4))
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE)
    assert questions_for(roles.police).count() == 0


def test_a_no_after_the_end_asks_nobody_for_a_decision(roles: Cast, shift: ShiftClock) -> None:
    police_order(roles)
    shift.by(timedelta(days=4))
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.DOES_NOT_WISH, privacy=PRIVATE)
    assert (questions_for(roles.police).count(), reductions_for(roles.police).count()) == (0, 0)


def test_when_the_issuer_refuses_her_no_she_is_asked_again(roles: Cast, second: User) -> None:
    issued = police_order(roles)
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.DOES_NOT_WISH, privacy=PRIVATE, pressure=Stated.YES)
    request = reductions_for(roles.police).get()
    do_decide_reduction(second, request.pk, granted=False, reason="на неё давят его родные")
    asked_again = questions_for(roles.police).get()
    assert (asked_again.pk, asked_again.answer) == (question.pk, "")
    new_end = issued.expires_at + timedelta(days=10)
    do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE, extend_to=new_end)
    assert order_for(roles.police, issued.pk).expires_at == new_end


def test_an_end_that_comes_back_brings_its_question_back(roles: Cast) -> None:
    issued = police_order(roles, days=2)
    first_end, later = issued.expires_at, issued.expires_at + timedelta(hours=12)
    do_vary_order(roles.police, issued.pk, reason="срок по закону", expires_at=later)
    proposal = do_propose_variation(roles.police, issued.pk, reason="срок указан неверно", expires_at=first_end)
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    assert [question.expires_at for question in questions_for(roles.police)] == [first_end]


def test_a_wish_not_to_extend_that_was_granted_is_not_asked_again_by_a_later_change(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued = police_order(roles)
    request = requested(roles, issued, wish=Wish.NOT_EXTEND)
    talked(roles, request)
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    grant(second, request.pk)
    do_vary_order(roles.police, issued.pk, reason="уточнено по делу")
    assert questions_for(roles.police).count() == 0


def test_a_request_that_the_orders_end_overtook_can_be_closed_and_never_granted(
    roles: Cast, second: User, shift: ShiftClock
) -> None:
    issued = police_order(roles)
    request = requested(roles, issued)
    talked(roles, request)
    shift.by(timedelta(days=3, minutes=5))
    with pytest.raises(Refused) as refused:
        grant(second, request.pk)
    assert refused.value.code is Code.ORDER_ENDED
    do_decide_reduction(second, request.pk, granted=False, reason="срок истёк раньше решения")
    assert reductions_for(roles.police).count() == 0


# --- a suspension never outlives the term ------------------------------------------------------------------------


def test_a_suspension_that_a_shorter_term_overtook_never_begins_and_holds_up_no_other(
    roles: Cast, shift: ShiftClock
) -> None:
    cut, other = police_order(roles), police_order(roles)
    begins = clock.now() + timedelta(days=1)
    for issued in (cut, other):
        proposal = do_propose_suspension(
            roles.police, issued.pk, from_at=begins, until_at=begins + timedelta(hours=20), reason="операция"
        )
        do_confirm_proposal(roles.supervisor, proposal.pk, reason="справка больницы в деле")
    shorter = do_propose_variation(
        roles.police, cut.pk, reason="срок указан неверно", expires_at=begins + timedelta(hours=10)
    )
    do_confirm_proposal(roles.supervisor, shorter.pk, reason="проверено по делу")
    now = shift.by(timedelta(days=1, hours=1))
    assert do_begin_due(now=now) == 1
    begun = Suspension.objects.filter(begun_at__isnull=False)
    assert [suspension.order_id for suspension in begun] == [other.pk]
