"""A second person judges again, blind; what could be bought stands on the prosecutor's list; a pattern is reopened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.incidents import second_looks
from aralyk.incidents.actions import do_acknowledge, do_close, do_conclude, do_reopen
from aralyk.incidents.legality import do_list_cuts, do_mark_seen, items_for
from aralyk.incidents.models import Incident, LegalityItem, Outcome, SecondLook, Status
from aralyk.incidents.queries import incidents_for
from aralyk.incidents.second_looks import disputes_for, do_give_look, do_take_look, looks_for
from aralyk.incidents.settling import do_settle
from aralyk.orders.models import Carries, DeviceChoice, LessProtection, Order, ProtectionCut, Threat
from tests.conftest import Database
from tests.orders.cast import Cast, account, order, raised, witnesses

FIRST_REASON = "перепутали устройства, ничего не было"


@pytest.fixture
def every_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each closed priority 1 is drawn."""
    monkeypatch.setattr(second_looks, "SAMPLED_PER_HUNDRED", 100)


@pytest.fixture
def no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is drawn."""
    monkeypatch.setattr(second_looks, "SAMPLED_PER_HUNDRED", 0)


def closed(
    database: Database, roles: Cast, *, outcome: Outcome = Outcome.FALSE, case: Order | None = None, **values: Any
) -> Incident:
    incident = raised(database, case or order(roles.police), episode_open=False, **values)
    do_acknowledge(roles.operator, incident.pk)
    return do_close(roles.operator, incident.pk, outcome=outcome, reason=FIRST_REASON, still_open_confirmed=True)


def colleague(name: str = "second_operator") -> User:
    return account(name, Role.OPERATOR, agency="monitoring_centre")


@pytest.mark.usefixtures("no_lot")
def test_every_closed_tamper_is_looked_at_again_and_whoever_acted_in_it_never_looks(
    database: Database, roles: Cast
) -> None:
    closed(database, roles, kind="tamper", priority=2)
    closed(database, roles, kind="proximity", priority=1)
    look = SecondLook.objects.get()
    assert (look.why, look.first_by) == ("tamper", roles.operator)
    assert list(looks_for(roles.operator)) == []
    with pytest.raises(Refused) as refused:
        do_take_look(roles.operator, look.pk)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    assert [one.pk for one in looks_for(colleague())] == [look.pk]


@pytest.mark.usefixtures("every_lot")
def test_the_second_person_learns_the_first_opinion_only_after_giving_the_own(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police), episode_open=False)
    do_acknowledge(roles.operator, incident.pk)
    do_conclude(roles.operator, incident.pk, outcome=Outcome.FALSE, reason=FIRST_REASON)
    do_close(roles.operator, incident.pk, outcome=None, reason=FIRST_REASON)
    second = colleague()
    material = do_take_look(second, SecondLook.objects.get().pk)
    shown = str(material)
    assert FIRST_REASON not in shown
    assert "'outcome'" not in shown
    assert [moment.kind for moment in material.time_line] == ["raised", "acknowledged"]
    assert not incidents_for(second).filter(pk=incident.pk).exists()
    assert incidents_for(roles.supervisor).filter(pk=incident.pk).exists()
    done = do_give_look(second, material.look, outcome=Outcome.FALSE, note="то же мнение")
    assert (done.first_outcome, done.outcome, done.is_disputed) == ("false", "false", False)
    assert incidents_for(second).filter(pk=incident.pk).exists()
    assert witnesses(database)[-1][3]["agrees"] is True


@pytest.mark.usefixtures("every_lot")
def test_one_that_opens_again_is_never_hidden_from_whoever_was_judging_it(database: Database, roles: Cast) -> None:
    incident = closed(database, roles)
    second = colleague()
    do_take_look(second, SecondLook.objects.get().pk)
    do_reopen(roles.operator, incident.pk, reason="снова рядом")
    assert incidents_for(second).filter(pk=incident.pk).exists()


@pytest.mark.usefixtures("every_lot")
def test_where_two_differ_a_supervisor_who_is_neither_settles_it_and_a_wrong_closing_opens_again(
    database: Database, roles: Cast
) -> None:
    incident = closed(database, roles)
    second = colleague()
    look = do_take_look(second, SecondLook.objects.get().pk).look
    do_give_look(second, look, outcome=Outcome.POSSIBLE_VIOLATION, note="стоял у дома сорок минут")
    assert [one.pk for one in disputes_for(roles.supervisor)] == [look]
    with pytest.raises(Refused) as refused:
        do_settle(second, look, outcome=Outcome.FALSE, note="согласен с первым")
    assert refused.value.code is Code.NOT_PERMITTED
    do_settle(roles.supervisor, look, outcome=Outcome.POSSIBLE_VIOLATION, note="второе мнение верно")
    incident.refresh_from_db()
    assert (incident.status, incident.outcome, incident.acknowledged_by) == (Status.OPEN, "", None)
    assert list(disputes_for(roles.supervisor)) == []


@pytest.mark.usefixtures("every_lot")
def test_nobody_gives_a_look_that_another_took(database: Database, roles: Cast) -> None:
    closed(database, roles)
    look = SecondLook.objects.get()
    second, third = colleague(), colleague("third_operator")
    do_take_look(second, look.pk)
    with pytest.raises(Refused) as refused:
        do_take_look(third, look.pk)
    assert refused.value.code is Code.ANOTHER_PERSON_NEEDED
    with pytest.raises(NotFound):
        do_give_look(third, look.pk, outcome=Outcome.FALSE, note="мнение")


@pytest.mark.usefixtures("no_lot")
@pytest.mark.parametrize(
    ("threat", "outcome", "listed"),
    [
        (Threat.HIGH, Outcome.FALSE, "closed_false"),
        (Threat.HIGH, Outcome.NO_PURSUIT, "closed_no_pursuit"),
        (Threat.HIGH, Outcome.TECHNICAL, "closed_technical"),
        (Threat.HIGH, Outcome.POSSIBLE_VIOLATION, None),
        (Threat.MEDIUM, Outcome.FALSE, None),
    ],
)
def test_a_closing_that_excuses_under_high_threat_stands_on_the_prosecutors_list_at_once(
    database: Database, roles: Cast, threat: Threat, outcome: Outcome, listed: str | None
) -> None:
    incident = closed(database, roles, outcome=outcome, case=order(roles.police, threat=threat))
    assert [(item.what, item.incident_id) for item in items_for(roles.prosecutor)] == (
        [(listed, incident.pk)] if listed else []
    )


def test_the_third_no_sign_of_pursuit_opens_all_three_again_as_suspected_stalking_and_tells_the_prosecutor(
    database: Database, roles: Cast
) -> None:
    case = order(roles.police, threat=Threat.LOW)
    first, second = (closed(database, roles, outcome=Outcome.NO_PURSUIT, case=case) for _ in range(2))
    assert {first.status, second.status} == {Status.CLOSED}
    third = closed(database, roles, outcome=Outcome.NO_PURSUIT, case=case)
    assert third.status == Status.OPEN
    rows = Incident.objects.filter(order=case, acknowledged_by__isnull=True)
    assert list(rows.values_list("status", "suspicion", "outcome")) == [("open", "stalking", "")] * 3
    assert [item.what for item in items_for(roles.prosecutor)] == ["suspected_stalking"]
    # Closed again they stay closed, and the prosecutor sees each such closing whatever the threat.
    do_acknowledge(roles.operator, third.pk)
    again = do_close(roles.operator, third.pk, outcome=Outcome.NO_PURSUIT, reason="работает рядом")
    assert again.status == Status.CLOSED
    assert [item.what for item in items_for(roles.prosecutor)] == ["closed_no_pursuit", "suspected_stalking"]


def test_suspensions_cuts_weaker_devices_and_lower_levels_reach_the_list_once_and_within_the_hour(
    database: Database, roles: Cast
) -> None:
    case = order(roles.police)
    now = clock.now()
    ProtectionCut.objects.create(
        order=case, what=LessProtection.ZONE_CUT, at=now, by=roles.police, reason="x", threat="high"
    )
    for carries in (Carries.APP, Carries.BRACELET, Carries.APP):
        DeviceChoice.objects.create(
            order=case, carries=carries, reason="x", threat="high", free_charger_given=True, chosen_by=roles.probation,
            chosen_at=now,
        )  # fmt: skip
    assert do_list_cuts(now=now, since=now - timedelta(days=30)) == 2
    assert do_list_cuts(now=now, since=now - timedelta(days=30)) == 0
    assert {item.what for item in items_for(roles.prosecutor)} == {"zone_cut", "weaker_device"}
    assert all(
        item.listed_at <= item.due_at <= item.happened_at + timedelta(hours=1) for item in LegalityItem.objects.all()
    )
    assert [kind for kind, *_ in witnesses(database)].count("legality_listed") == 2


def test_the_prosecutor_marks_each_as_seen_once_with_a_remark_that_evidence_holds_as_a_hash(
    database: Database, roles: Cast
) -> None:
    closed(database, roles)
    (item,) = items_for(roles.prosecutor, seen=False)
    done = do_mark_seen(roles.prosecutor, item.pk, remark="запросить материалы")
    assert (done.seen_by, done.remark) == (roles.prosecutor, "запросить материалы")
    assert list(items_for(roles.prosecutor, seen=False)) == []
    with pytest.raises(Refused) as refused:
        do_mark_seen(roles.prosecutor, item.pk)
    assert refused.value.code is Code.ALREADY_ANSWERED
    with pytest.raises(Refused) as refused:
        do_mark_seen(roles.supervisor, item.pk)
    assert refused.value.code is Code.NOT_PERMITTED
    assert "материалы" not in str(witnesses(database))
    assert list(items_for(roles.operator)) == []
