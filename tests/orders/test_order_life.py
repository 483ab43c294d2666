"""An order is extended on her wish, suspended, lifted on her request, ended; nothing of it happens silently."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role
from aralyk.database import Role as DatabaseRole
from aralyk.engine import Observation, State, compile_order
from aralyk.monitor.directory import Directory
from aralyk.orders.actions import do_end_order, do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.extensions import do_answer_question, do_extend_order, do_note_attempt
from aralyk.orders.life import cuts_for, questions_for, reductions_for, suspension_of
from aralyk.orders.models import Answer, Order, Suspension
from aralyk.orders.overlaps import overlapping
from aralyk.orders.private import Privacy
from aralyk.orders.proposals import do_confirm_proposal, do_propose_suspension
from aralyk.orders.queries import Standing, order_for, standing, version_of
from aralyk.orders.reductions import do_decide_reduction, do_record_conversation
from aralyk.orders.suspensions import IN_30_DAYS_MAX, do_begin_due, do_resume
from aralyk.people.models import Stated
from aralyk.risk.models import RiskEvent
from aralyk.tracking import columns
from aralyk.tracking.arrivals import Message
from aralyk.tracking.projection import heard, write_fixes
from tests.conftest import Database
from tests.orders.cast import HERE, RULING, Cast, account, bracelet, controls, equip, order, witnesses
from tests.orders.shifting import ShiftClock
from tests.orders.wishes import PRIVATE, assess, police_order, requested, talked

# --- extension ----------------------------------------------------------------------------------------------


def test_a_police_order_is_born_with_the_question_about_its_extension(roles: Cast) -> None:
    issued = police_order(roles)
    (question,) = questions_for(roles.police)
    assert question.order == issued
    assert question.due_at == issued.expires_at - timedelta(hours=24)
    order(roles.police)
    assert questions_for(roles.police).count() == 1  # the law knows no extension of a court measure


def test_a_question_that_nobody_asked_stays_open_after_the_end_and_nothing_lapses_silently(
    roles: Cast, shift: ShiftClock
) -> None:
    police_order(roles)
    shift.by(timedelta(days=4))
    (question,) = questions_for(roles.police)
    assert question.due_at < clock.now()
    do_note_attempt(roles.police, question.pk, note="не отвечает, соседка говорит, что дома")
    assert questions_for(roles.police).get().attempts == 1


@pytest.mark.parametrize("missing", ["alone", "code_word_used", "not_on_her_phone", "adviser_offered"])
def test_what_she_said_counts_only_after_a_private_conversation(roles: Cast, missing: str) -> None:
    police_order(roles)
    question = questions_for(roles.police).get()
    heard = Privacy(**({name: name != missing for name in Privacy.__slots__}))
    with pytest.raises(Refused) as refused:
        do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=heard)
    assert refused.value.code is Code.CONVERSATION_NEEDED
    assert [field.field for field in refused.value.fields] == [f"privacy.{missing}"]
    assert questions_for(roles.police).count() == 1


def test_on_her_wish_the_order_is_extended_within_the_terms_of_the_law(roles: Cast) -> None:
    issued = police_order(roles)
    question = questions_for(roles.police).get()
    with pytest.raises(Refused) as refused:
        do_answer_question(
            roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE,
            extend_to=issued.expires_at + timedelta(days=31),
        )  # fmt: skip
    assert refused.value.code is Code.TERM_TOO_LONG
    new_end = issued.expires_at + timedelta(days=10)
    do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE, extend_to=new_end)
    extended = order_for(roles.police, issued.pk)
    assert extended.expires_at == new_end
    assert version_of(extended).spec["expires_at"] == clock.iso(new_end)
    assert questions_for(roles.police).get().expires_at == new_end  # the new end is asked about, too


def test_nobody_extends_an_order_without_having_asked_her(roles: Cast) -> None:
    issued = police_order(roles)
    new_end = issued.expires_at + timedelta(days=10)
    with pytest.raises(Refused) as refused:
        do_extend_order(roles.police, issued.pk, extend_to=new_end, reason="так решил участковый")
    assert refused.value.code is Code.CONVERSATION_NEEDED
    question = questions_for(roles.police).get()
    do_answer_question(roles.police, question.pk, answer=Answer.WISHES, privacy=PRIVATE)
    do_extend_order(roles.police, issued.pk, extend_to=new_end, reason="по её просьбе")
    assert order_for(roles.police, issued.pk).expires_at == new_end


def test_her_no_is_a_request_for_less_protection_that_somebody_else_decides(roles: Cast) -> None:
    issued = police_order(roles)
    question = questions_for(roles.police).get()
    do_answer_question(
        roles.police, question.pk, answer=Answer.DOES_NOT_WISH, privacy=PRIVATE, pressure=Stated.YES,
        note="говорит, что помирились",
    )  # fmt: skip
    (request,) = reductions_for(roles.police)
    assert (request.wish, request.pressure, request.talked_by) == ("not_extend", "yes", roles.police)
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE


# --- her request for less protection -------------------------------------------------------------------------


def test_her_request_takes_effect_only_after_conversation_reassessment_and_decision(
    roles: Cast, shift: ShiftClock
) -> None:
    second = account("police_second", Role.POLICE, HERE, agency="police_oktyabrsky")
    issued = police_order(roles)
    assess(roles, issued)
    request = requested(roles, issued)

    def grant() -> None:
        do_decide_reduction(second, request.pk, granted=True, reason="её твёрдое решение")

    with pytest.raises(Refused) as refused:
        grant()
    assert refused.value.code is Code.CONVERSATION_NEEDED
    talked(roles, request)
    with pytest.raises(Refused) as refused:
        grant()
    assert refused.value.code is Code.ASSESSMENT_NEEDED  # the one before the request does not count
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    with pytest.raises(Refused) as refused:
        do_decide_reduction(roles.police, request.pk, granted=True, reason="сам говорил, сам решил")
    assert refused.value.code is Code.OWN_CONVERSATION
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE
    grant()
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.ENDED
    assert [cut.what for cut in cuts_for(roles.prosecutor)] == ["lifted_on_request"]


def test_a_request_requires_a_reassessment_of_exactly_this_pair(roles: Cast) -> None:
    issued = police_order(roles)
    request = requested(roles, issued)
    event = RiskEvent.objects.get(cause="requested")
    assert event.source == f"reduction_request:{request.pk}"
    assert event.protected_person_id == issued.protected_persons.get().pk


def test_a_refusal_needs_no_assessment_and_lets_the_order_stand(roles: Cast) -> None:
    second = account("police_second", Role.POLICE, HERE, agency="police_oktyabrsky")
    issued = police_order(roles)
    request = requested(roles, issued, pressure=Stated.YES)
    do_decide_reduction(second, request.pk, granted=False, reason="просьба передана его сестрой")
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE
    with pytest.raises(Refused) as refused:
        do_decide_reduction(second, request.pk, granted=True, reason="передумали")
    assert refused.value.code is Code.REQUEST_DECIDED


def test_whoever_no_longer_wishes_it_keeps_her_protection(roles: Cast, shift: ShiftClock) -> None:
    second = account("police_second", Role.POLICE, HERE, agency="police_oktyabrsky")
    issued = police_order(roles)
    request = requested(roles, issued)
    talked(roles, request, still=Stated.NO)
    shift.by(timedelta(minutes=5))
    assess(roles, issued)
    with pytest.raises(Refused) as refused:
        do_decide_reduction(second, request.pk, granted=True, reason="по просьбе")
    assert refused.value.code is Code.NOT_WISHED


def test_pressure_that_was_seen_once_is_not_unseen(roles: Cast) -> None:
    request = requested(roles, police_order(roles), pressure=Stated.YES)
    talked(roles, request)
    request.refresh_from_db()
    assert request.pressure == "yes"


def test_while_a_request_waits_nobody_ends_the_order_by_another_door(roles: Cast) -> None:
    issued = police_order(roles)
    requested(roles, issued)
    with pytest.raises(Refused) as refused:
        do_end_order(roles.police, issued.pk, reason="она просила")
    assert refused.value.code is Code.REQUEST_WAITS
    with pytest.raises(Refused) as refused:
        requested(roles, issued)
    assert refused.value.code is Code.REQUEST_WAITS


def test_the_database_itself_refuses_that_who_spoke_with_her_decides(roles: Cast) -> None:
    request = requested(roles, police_order(roles))
    talked(roles, request)
    request.refresh_from_db()
    request.decided_by = roles.police
    with pytest.raises(IntegrityError, match="another_decides"):
        request.save()


def test_a_request_of_another_district_looks_as_if_it_were_not_there(roles: Cast) -> None:
    request = requested(roles, police_order(roles))
    with pytest.raises(NotFound):
        do_record_conversation(
            roles.police_elsewhere, request.pk, privacy=PRIVATE, still_wishes=Stated.YES, pressure=Stated.NO
        )


# --- suspension --------------------------------------------------------------------------------------------


def suspended(roles: Cast, issued: Order, *, after: float = 0, hours: float = 10) -> Suspension:
    begins = clock.now() + timedelta(hours=after)
    proposal = do_propose_suspension(
        roles.police, issued.pk, from_at=begins, until_at=begins + timedelta(hours=hours), reason="операция, больница"
    )
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="справка больницы в деле")
    return issued.suspensions.get(proposal=proposal)


def test_a_suspended_order_is_not_watched_and_is_watched_again_by_time_alone(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    plans = [{**version_of(issued).spec, "starts_at": clock.iso(issued.starts_at - timedelta(hours=1))}]
    suspension = suspended(roles, issued)
    plans.append(controls(database)[-1]["order"])
    for plan in plans:
        plan["respondent"] = {"devices": [{"id": "his", "kind": "bracelet", "interval_s": 60}]}
        plan["protected"] = [{**plan["protected"][0], "devices": [{"id": "hers", "kind": "phone", "interval_s": 60}]}]
    begun_us = clock.to_us(suspension.from_at)
    state = State.empty()
    state.set_order(compile_order(plans[0]), begun_us - 3_600_000_000)
    assert "proximity" in kinds_at_once(state, begun_us - 60_000_000)
    assert [control["type"] for control in controls(database)] == ["order", "order_ended", "order"]
    told = state.end_order(str(issued.pk), begun_us)
    assert any(one.kind == "proximity" and one.phase == "close" for one in told)
    state.set_order(compile_order(plans[1]), begun_us)
    assert kinds_at_once(state, begun_us + 3_600_000_000) == set()
    assert kinds_at_once(state, begun_us + 3_900_000_000, alarms=("sos",)) == {"panic"}  # she is heard all the while
    until_us = clock.to_us(suspension.until_at)
    assert "proximity" in kinds_at_once(state, until_us + 120_000_000)


def kinds_at_once(state: State, at_us: int, **said: Any) -> set[str]:
    """What opens when both stand at one place."""
    seen = [
        Observation(
            device=device, received_at_us=at_us, fixed_at_us=at_us - 1_000_000, lat=42.8, lon=74.5, accuracy_m=8.0,
            source="gnss", **said,
        )
        for device in ("his", "hers")
    ]  # fmt: skip
    return {one.kind for one in state.step(seen, at_us + 1_000_000) if one.phase == "open"}


def test_a_suspension_needs_the_second_person_and_reaches_the_prosecutor(roles: Cast) -> None:
    issued = order(roles.police)
    begins = clock.now() + timedelta(hours=1)
    proposal = do_propose_suspension(
        roles.police, issued.pk, from_at=begins, until_at=begins + timedelta(hours=5), reason="замена устройства"
    )
    assert suspension_of(issued, at=clock.now()) is None
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="мастер назначен")
    assert suspension_of(issued, at=clock.now()) is not None
    assert [cut.what for cut in cuts_for(roles.prosecutor)] == ["suspended"]


def test_a_suspension_that_is_to_come_begins_by_a_job_once(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:  # fmt: skip
    issued = order(roles.police)
    suspended(roles, issued, after=2)
    assert len(controls(database)) == 1
    assert do_begin_due(now=clock.now()) == 0
    now = shift.by(timedelta(hours=3))
    assert [do_begin_due(now=now), do_begin_due(now=now)] == [1, 0]
    assert standing(order_for(roles.police, issued.pk), at=now) is Standing.SUSPENDED
    assert witnesses(database)[-1][0] == "order_suspended"
    assert standing(order_for(roles.police, issued.pk), at=now + timedelta(hours=10)) is Standing.LIVE


def test_one_person_ends_a_suspension_early(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    suspended(roles, issued)
    do_resume(roles.police, issued.pk, reason="выписан раньше")
    assert controls(database)[-1]["order"]["starts_at"] == clock.iso(issued.starts_at)
    assert standing(order_for(roles.police, issued.pk), at=clock.now()) is Standing.LIVE
    with pytest.raises(NotFound):
        do_resume(roles.police, issued.pk, reason="ещё раз")


def test_a_change_during_a_suspension_does_not_end_it(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    suspension = suspended(roles, issued)
    wider = [ConditionDraft(kind="proximity", distance_m=800, warning_m=2000), *kept(issued)]
    do_vary_order(roles.police, issued.pk, reason="суд увеличил", conditions=wider)
    assert controls(database)[-1]["order"]["starts_at"] == clock.iso(suspension.until_at)


def kept(issued: Order) -> list[ConditionDraft]:
    shape = version_of(issued).spec["conditions"][1]["shape"]
    return [
        ConditionDraft(kind="exclusion_zone", code="home", shape=shape), ConditionDraft(kind="no_contact"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("after_h", "hours", "field"),
    [(0, 73, "until_at"), (24 * 15, 5, "from_at"), (2, -1, "until_at"), (24 * 13, 24 * 3.1, "until_at")],
)
def test_a_suspension_out_of_bounds_is_refused(roles: Cast, after_h: float, hours: float, field: str) -> None:
    issued = order(roles.police)
    begins = clock.now() + timedelta(hours=after_h)
    with pytest.raises(Refused) as refused:
        do_propose_suspension(
            roles.police, issued.pk, from_at=begins, until_at=begins + timedelta(hours=hours), reason="больница"
        )
    assert refused.value.fields[0].field == field


def test_protection_is_not_bought_in_small_pieces(roles: Cast) -> None:
    issued = order(roles.police)
    for _ in range(IN_30_DAYS_MAX):
        suspended(roles, issued, hours=1)
        do_resume(roles.police, issued.pk, reason="закончено")
    with pytest.raises(Refused) as refused:
        suspended(roles, issued, hours=1)
    assert refused.value.code is Code.TOO_OFTEN


# --- revocation, overlap, the last second ----------------------------------------------------------------------


def test_a_courts_measure_is_not_ended_by_police_without_the_courts_ruling(roles: Cast) -> None:
    issued = order(roles.police)
    with pytest.raises(Refused) as refused:
        do_end_order(roles.police, issued.pk, reason="решили сами")
    assert refused.value.fields[0].field == "act"
    do_end_order(roles.police, issued.pk, reason="отменено судом", act=RULING)
    assert [cut.what for cut in cuts_for(roles.prosecutor)] == ["revoked"]


def test_a_court_ends_its_own_measure(roles: Cast) -> None:
    court = account("court", Role.COURT, HERE)
    issued = order(roles.police)
    do_end_order(court, issued.pk, reason="отменено постановлением")
    assert standing(order_for(court, issued.pk), at=clock.now()) is Standing.ENDED


def test_a_second_order_over_the_same_pair_is_told_of_the_first_and_both_are_watched_to_their_ends(
    database: Database, roles: Cast
) -> None:
    first = police_order(roles)
    second = order(
        roles.police, respondent=first.respondent_id, protected_persons=(first.protected_persons.get().pk,),
    )  # fmt: skip
    assert [one.pk for one in overlapping(second)] == [first.pk]
    assert [one.pk for one in overlapping(first)] == [second.pk]
    issued = [data for kind, _, _, data in witnesses(database) if kind == "order_issued"]
    assert [data["overlaps"] for data in issued] == [[], [str(first.pk)]]
    assert standing(first, at=first.expires_at) is Standing.EXPIRED
    assert standing(second, at=first.expires_at) is Standing.LIVE


def test_a_stranger_to_the_pair_is_no_overlap(roles: Cast) -> None:
    first = order(roles.police)
    other = order(roles.police, respondent=first.respondent_id)
    assert list(overlapping(other)) == []


BRACELET = "860000000000017"


def kept_at(database: Database, *moments: datetime) -> list[datetime]:
    """The device speaks at these moments, and the monitor's projection keeps what it may; returns what is there."""
    with database.connect(DatabaseRole.MONITOR) as connection:
        columns.register(connection)
        cursor = connection.cursor()
        directory = Directory()
        directory.refresh(cursor)
        messages = [
            heard(
                device=BRACELET, received_us=clock.to_us(at), stream="position/t", seq=number, heard_us=None,
                message=Message(fixed_at=at, lat=42.87, lon=74.6, valid=True),
            )
            for number, at in enumerate(moments, start=1)
        ]  # fmt: skip
        for at in moments:
            cursor.execute("SELECT fix_partition(%s)", (at.date(),))
        write_fixes(cursor, messages, terms=directory.terms)
        rows = cursor.execute("SELECT fixed_at FROM fix ORDER BY fixed_at").fetchall()
    return [at for (at,) in rows]


def test_collection_stops_at_the_orders_last_second_and_the_clocks_of_staff_live_on(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    issued = police_order(roles)
    bracelet(roles.probation)
    equip(roles.probation, issued, device=BRACELET)
    end, tick = issued.expires_at, timedelta(microseconds=1)
    assert kept_at(database, end - tick, end, end + tick, end + timedelta(hours=1)) == [end - tick]
    shift.by(timedelta(days=5))
    assert questions_for(roles.police).get().closed_at is None


def test_nothing_is_collected_on_an_order_while_it_is_suspended(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, issued, device=BRACELET)
    suspension = suspended(roles, issued)
    after = suspension.until_at + timedelta(seconds=1)
    assert kept_at(database, suspension.until_at - timedelta(hours=1), after) == [after]
    do_resume(roles.police, issued.pk, reason="выписан раньше")
    now = clock.now()
    assert kept_at(database, now) == [now, after]
