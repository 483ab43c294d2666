"""A level rises by one person's word and falls by two; what the answers leave open is signed, and nothing is "none"."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.people.models import Stated
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_refuse_lowering, do_set_level
from aralyk.risk.events import Cause
from aralyk.risk.instrument import instrument_on
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision, State
from aralyk.risk.pickup import do_pick_up_events
from aralyk.risk.queries import assessment_for, level_for, trajectories_for
from aralyk.risk.reading import Basis
from tests.conftest import Database
from tests.orders.cast import HER_NAME, HERE, account, witnesses
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair


def level_of(pair: Pair) -> Level:
    return level_for(pair.inspector, pair.respondent.pk, pair.protected.pk).level


def lower(pair: Pair, level: Level, *, by: User | None = None) -> LevelDecision:
    return do_set_level(
        by or pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=level, reason=WHY
    )


def refused(draft: Any, by: User) -> Refused:
    before = Assessment.objects.count(), LevelDecision.objects.count()
    with pytest.raises(Refused) as error:
        do_assess(by, draft)
    assert (Assessment.objects.count(), LevelDecision.objects.count()) == before
    return error.value


def test_the_level_that_the_answers_give_is_in_force_and_witnessed_once(database: Database, pair: Pair) -> None:
    before = len(witnesses(database))
    found = do_assess(pair.inspector, form(pair, yes=("weapon",)))
    assert found.decision is not None
    assert (found.decision.level, found.decision.basis, found.proposal) == ("high", "red_flag", None)
    assert level_of(pair) is Level.HIGH
    (entry,) = witnesses(database)[before:]
    kind, subject, by, data = entry
    assert (kind, subject, by) == ("risk_assessed", f"respondent:{pair.respondent.pk}", f"user:{pair.inspector.pk}")
    assert (data["instrument"], data["version"], data["level"], data["missing"]) == ("lap_screen", 1, "high", 0)


def test_evidence_names_nobody_and_quotes_no_reason(database: Database, pair: Pair) -> None:
    assessed(pair, Level.EXTREME)
    lower(pair, Level.LOW)
    with database.connect() as connection:
        bodies = b"".join(bytes(row[0]) for row in connection.execute("SELECT body FROM evidence_entry").fetchall())
    for secret in (HER_NAME, "Бакыт", WHY):
        assert secret.encode() not in bodies


def test_a_form_with_missing_answers_gives_no_level_until_somebody_signs_one_with_a_reason(pair: Pair) -> None:
    unknown = ("may_kill", "gun_access")
    assert refused(form(pair, unknown=unknown), pair.inspector).fields[0].field == "level"
    assert (
        refused(form(pair, unknown=unknown, level=Level.LOW, reason="ok"), pair.inspector).fields[0].field == "reason"
    )
    found = do_assess(pair.inspector, form(pair, unknown=unknown, level=Level.LOW, reason=WHY))
    assert found.decision is not None
    assert (found.decision.level, found.decision.basis) == ("low", Basis.JUDGEMENT)
    filled = assessment_for(pair.inspector, found.assessment.pk)
    assert filled.missing_of == (2, 11)
    assert filled.reading.missing == unknown
    assert (filled.assessment.at_least, filled.assessment.at_most) == ("low", "high")


def test_a_missing_answer_that_can_change_nothing_needs_no_signature(pair: Pair) -> None:
    found = do_assess(pair.inspector, form(pair, yes=("weapon",), unknown=("gun_access", "follows")))
    assert found.decision is not None
    assert (found.decision.level, found.assessment.missing) == ("high", 2)


def test_a_question_left_out_is_stored_as_unknown_never_as_no(pair: Pair) -> None:
    draft = form(pair, level=Level.MEDIUM, reason=WHY, answers={"weapon": Stated.NO})
    answers = do_assess(pair.inspector, draft).assessment.answers
    assert answers["weapon"] == "no"
    assert set(answers.values()) == {"no", "unknown"}
    assert len(answers) == 11


def test_an_answer_to_a_question_that_nobody_asked_is_refused(pair: Pair) -> None:
    assert refused(form(pair, answers={"weather": Stated.YES}), pair.inspector).fields[0].field == "answers.weather"
    assert refused(form(pair, answers={"weapon": "maybe"}), pair.inspector).fields[0].field == "answers.weapon"
    assert refused(form(pair, responses={"nothing": Stated.NO}), pair.inspector).fields[0].field == "responses.nothing"


def test_a_form_of_another_version_than_the_one_in_force_is_refused(pair: Pair) -> None:
    assert refused(form(pair, version=2), pair.inspector).fields[0].field == "version"


def test_there_is_no_level_none() -> None:
    assert [level.value for level in Level] == ["low", "medium", "high", "extreme"]
    with pytest.raises(ValueError, match="none"):
        Level("none")


def test_the_unverified_kyrgyz_form_is_kept_and_no_level_follows_from_it(pair: Pair) -> None:
    found = do_assess(pair.inspector, form(pair, instrument="kg_protocol", yes=("weapons", "threat_to_kill")))
    assert (found.decision, found.proposal) == (None, None)
    with pytest.raises(NotFound):
        level_of(pair)
    assert assessment_for(pair.inspector, found.assessment.pk).instrument.unverified


def test_on_the_unverified_form_a_level_is_an_override_with_a_reason(pair: Pair) -> None:
    draft = form(pair, instrument="kg_protocol", yes=("weapons",), level=Level.HIGH)
    assert refused(draft, pair.inspector).fields[0].field == "reason"
    found = do_assess(pair.inspector, form(pair, instrument="kg_protocol", level=Level.HIGH, reason=WHY))
    assert found.decision is not None
    assert (found.decision.level, found.decision.basis) == ("high", Basis.OVERRIDE)


def test_the_checklist_gives_no_level_without_somebodys_judgement(pair: Pair) -> None:
    assert refused(form(pair, instrument="structured_checklist"), pair.inspector).fields[0].field == "level"
    found = do_assess(pair.inspector, form(pair, instrument="structured_checklist", level=Level.MEDIUM, reason=WHY))
    assert found.decision is not None
    assert (found.decision.level, found.decision.basis) == ("medium", Basis.JUDGEMENT)


def test_one_person_may_set_the_level_higher_than_the_answers_give(pair: Pair) -> None:
    found = do_assess(pair.inspector, form(pair, level=Level.EXTREME, reason=WHY))
    assert found.decision is not None
    assert (found.decision.level, found.decision.basis, found.proposal) == ("extreme", Basis.OVERRIDE, None)
    assert level_of(pair) is Level.EXTREME


def test_nobody_alone_sets_the_level_lower_than_the_answers_give(pair: Pair) -> None:
    found = do_assess(pair.inspector, form(pair, yes=("weapon",), level=Level.LOW, reason=WHY))
    assert found.decision is not None
    assert found.proposal is not None
    assert (found.decision.level, found.decision.basis) == ("high", Basis.RED_FLAG)
    assert (found.proposal.level, found.proposal.basis, found.proposal.state) == ("low", Basis.OVERRIDE, State.PROPOSED)
    assert level_of(pair) is Level.HIGH


def test_a_new_form_with_better_answers_lowers_nothing_until_a_second_person_agrees(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    assert refused(form(pair), pair.inspector).fields[0].field == "reason"
    found = do_assess(pair.inspector, form(pair, reason=WHY))
    assert found.proposal is not None
    assert level_of(pair) is Level.HIGH
    do_confirm_lowering(pair.second, found.proposal.pk, reason="Поговорил с ней наедине, сверил реестр")
    assert level_of(pair) is Level.LOW


def test_the_second_person_is_never_the_first_in_whichever_session(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    same_person_again = User.objects.get(pk=pair.inspector.pk)
    for by in (pair.inspector, same_person_again):
        for answer in (do_confirm_lowering, do_refuse_lowering):
            with pytest.raises(Refused) as error:
                answer(by, proposal.pk, reason=WHY)
            assert error.value.code is Code.SECOND_PERSON_NEEDED
    assert level_of(pair) is Level.HIGH
    confirmed = do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert (confirmed.decided_by, confirmed.second_by) == (pair.inspector, pair.second)
    assert level_of(pair) is Level.LOW


def test_the_database_itself_refuses_one_person_in_both_places(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    with pytest.raises(IntegrityError, match="second_person_is_another"), transaction.atomic():
        LevelDecision.objects.filter(pk=proposal.pk).update(second_by=pair.inspector)


@pytest.mark.parametrize("role", ["operator", "supervisor", "probation", "prosecutor", "administrator"])
def test_a_second_person_without_the_right_is_none(pair: Pair, role: str) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    with pytest.raises(Refused) as error:
        do_confirm_lowering(getattr(pair.cast, role), proposal.pk, reason=WHY)
    assert error.value.code is Code.NOT_PERMITTED
    with pytest.raises(NotFound):
        do_confirm_lowering(pair.cast.police_elsewhere, proposal.pk, reason=WHY)
    assert level_of(pair) is Level.HIGH


def test_the_second_person_gives_a_reason_of_their_own(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    with pytest.raises(Refused) as error:
        do_confirm_lowering(pair.second, proposal.pk, reason="да")
    assert error.value.fields[0].field == "reason"


def test_a_refused_proposal_leaves_the_level_and_can_not_be_confirmed_later(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    do_refuse_lowering(pair.second, proposal.pk, reason=WHY)
    assert level_of(pair) is Level.HIGH
    with pytest.raises(Refused) as error:
        do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert error.value.code is Code.LEVEL_DECIDED


@pytest.mark.parametrize("picked_up", [True, False])
def test_a_signal_after_the_proposal_takes_it_back(pair: Pair, picked_up: bool) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    told(pair, Cause.TAMPER)
    if picked_up:
        assert do_pick_up_events() == 1
    with pytest.raises(Refused) as error:
        do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert error.value.code is Code.LEVEL_OVERTAKEN
    assert level_of(pair) is Level.HIGH


def test_a_raise_after_the_proposal_takes_it_back(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    raised = do_set_level(
        pair.second, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.EXTREME, reason=WHY
    )
    assert raised.state == State.IN_FORCE
    with pytest.raises(Refused) as error:
        do_confirm_lowering(pair.second, proposal.pk, reason=WHY)
    assert error.value.code is Code.LEVEL_OVERTAKEN
    assert level_of(pair) is Level.EXTREME


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["assess", "set", "confirm", "refuse"]), st.sampled_from([0, 1]), st.sampled_from(list(Level))
    ),
    max_size=12,
)


def test_whatever_two_inspectors_do_no_level_ever_falls_by_one_of_them(pair: Pair) -> None:
    """Any order of forms, signed levels and answers: each fall in the trajectory carries two different people."""

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def whatever_they_do(steps: list[tuple[str, int, Level]]) -> None:
        with transaction.atomic():
            for act, who, level in steps:
                _act(pair, act, by=(pair.inspector, pair.second)[who], level=level)
            for trajectory in trajectories_for(pair.inspector, pair.respondent.pk):
                assert all(point.by != point.second for point in trajectory.points)
                for before, point in pairwise(trajectory.points):
                    assert point.second or point.height >= before.height
            transaction.set_rollback(True)

    whatever_they_do()


def _act(pair: Pair, act: str, *, by: User, level: Level) -> None:
    waiting = LevelDecision.objects.filter(state=State.PROPOSED).first()
    try:
        if act == "assess":
            do_assess(by, form(pair, level=level, reason=WHY))
        elif act == "set":
            lower(pair, level, by=by)
        elif waiting is not None:
            (do_confirm_lowering if act == "confirm" else do_refuse_lowering)(by, waiting.pk, reason=WHY)
    except (Refused, NotFound):
        pass


def test_an_old_assessment_is_read_by_the_version_it_was_made_with(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec.structs import replace

    from aralyk.risk import instrument as module

    old = assessed(pair, Level.HIGH)
    first = instrument_on("lap_screen", on=clock.now().date())
    second = replace(first, version=2, red_flag_level=Level.EXTREME, item=first.item[:9])
    both = {**module.all_instruments(), ("lap_screen", 2): second}
    monkeypatch.setattr(module, "all_instruments", lambda: both)
    new = do_assess(pair.inspector, form(pair, yes=("weapon",), version=2, answers={"weapon": Stated.YES}, reason=WHY))
    assert (new.assessment.instrument_version, level_of(pair)) == (2, Level.EXTREME)
    read = assessment_for(pair.inspector, old.assessment.pk)
    assert (read.instrument.version, read.reading.at_least, len(read.assessment.answers)) == (1, Level.HIGH, 11)


def test_the_console_can_add_assessments_and_change_none(database: Database, pair: Pair) -> None:
    import psycopg

    from aralyk.database import Role as DatabaseRole

    assessed(pair, Level.HIGH)
    with database.connect(DatabaseRole.CONSOLE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE risk_assessment SET missing = 0")
    with database.connect(DatabaseRole.CONSOLE) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM risk_leveldecision")


def test_two_second_persons_at_the_same_moment_are_one(pair: Pair) -> None:
    """One confirms while the other refuses: one of them is told that it was answered, and one entry says so."""
    third = account("third_inspector", Role.POLICE, HERE, agency="police_oktyabrsky")
    assessed(pair, Level.HIGH)
    proposal = lower(pair, Level.LOW)
    together = Barrier(2)

    def answer(by: User, how: Callable[..., LevelDecision]) -> str:
        together.wait(timeout=30)
        try:
            return how(by, proposal.pk, reason=WHY).state
        except Refused as error:
            return error.code.value
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = [
            pool.submit(answer, pair.second, do_confirm_lowering), pool.submit(answer, third, do_refuse_lowering)
        ]  # fmt: skip
        said = sorted(found.result(timeout=60) for found in answers)
    assert said in (["in_force", "level_decided"], ["level_decided", "refused"])
    assert level_of(pair) is (Level.LOW if "in_force" in said else Level.HIGH)
