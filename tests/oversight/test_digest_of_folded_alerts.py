"""Every decision that called nobody anew is listed, and a named person signs for the list; who forgets is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.incidents.actions import do_acknowledge, do_note
from aralyk.incidents.models import Incident, IncidentEvent
from aralyk.oversight.digests import (
    OF_DIGESTS,
    digest_for,
    digests_for,
    do_make_digests,
    do_sign_digest,
    do_watch_digests,
)
from aralyk.oversight.models import FoldedDigest
from aralyk.tracking import alarms
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, Cast, order, raised, witnesses
from tests.orders.shifting import ShiftClock
from tests.oversight.engine_says import said

SECOND = timedelta(seconds=1)


def began(database: Database, roles: Cast, *, kind: str = "proximity", priority: int = 1) -> tuple[Incident, datetime]:
    """An incident that the engine opened a minute ago."""
    incident = raised(database, order(roles.police), kind=kind, priority=priority)
    opened = clock.now()
    said(database, incident, at=opened, priority=priority, event="raised")
    return incident, opened


def tomorrow(shift: ShiftClock) -> tuple[date, datetime]:
    """A day and a bit later; returns the country's day that has ended, and the time it is."""
    today = clock.now()
    return (today + timedelta(hours=6)).date(), shift.by(timedelta(hours=25))


def standing() -> set[str]:
    with connection.cursor() as cursor:
        return set(alarms.standing(cursor, prefix=OF_DIGESTS))


def test_what_the_engine_added_to_an_incident_is_folded_and_what_it_opened_is_not(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    incident, opened = began(database, roles)
    said(database, incident, at=opened + SECOND, priority=1)
    said(database, incident, at=opened + 2 * SECOND, priority=2)
    said(database, incident, at=opened + 3 * SECOND, priority=3, event="late")
    alone = raised(database, order(roles.police), kind="exclusion_zone")
    said(database, alone, at=opened, priority=2, event="late")  # the first word of its own incident calls somebody
    do_acknowledge(roles.operator, incident.pk)
    do_note(roles.operator, incident.pk, text="звонили, трубку взяли")
    day, now = tomorrow(shift)
    assert do_make_digests(now=now) >= 1
    shown = digest_for(roles.supervisor, day)
    (group,) = shown.groups
    assert (group.order, group.rule, group.folded, group.downgraded) == (incident.order_id, "proximity", 3, 2)
    assert (group.worst_priority, group.incidents) == (1, ((incident.number, incident.pk),))
    assert (shown.digest.folded, shown.digest.downgraded, shown.digest.groups) == (3, 2, 1)


def test_one_case_with_two_rules_stands_in_two_lines_the_most_urgent_first(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    case = order(roles.police)
    at = clock.now()
    for kind, priority in (("silence", 3), ("proximity", 1)):
        incident = raised(database, case, kind=kind, priority=priority)
        said(database, incident, at=at, priority=priority, event="raised")
        said(database, incident, at=at + SECOND, priority=priority)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    assert [one.rule for one in digest_for(roles.prosecutor, day).groups] == ["proximity", "silence"]


def test_each_day_has_one_digest_however_often_the_job_runs_and_an_empty_one_says_that_it_is_empty(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    began(database, roles)
    shift.by(timedelta(days=3))
    now = clock.now()
    made = do_make_digests(now=now)
    assert made >= 3
    assert do_make_digests(now=now) == 0
    assert set(FoldedDigest.objects.values_list("folded", flat=True)) == {0}
    assert [kind for kind, *_ in witnesses(database)].count("digest_made") == made


def test_a_day_ends_by_the_countrys_clock(database: Database, roles: Cast, shift: ShiftClock) -> None:
    began(database, roles)
    _, now = tomorrow(shift)
    do_make_digests(now=now)
    for one in FoldedDigest.objects.all():
        assert one.from_at.astimezone(UTC).hour == 18  # midnight in Bishkek
        assert one.until_at - one.from_at == timedelta(days=1)


def test_a_supervisor_signs_the_hash_of_what_was_shown_once(database: Database, roles: Cast, shift: ShiftClock) -> None:
    incident, opened = began(database, roles)
    said(database, incident, at=opened + SECOND, priority=1)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    shown = digest_for(roles.supervisor, day)
    with pytest.raises(Refused) as refused:
        do_sign_digest(roles.supervisor, day, list_sha256="0" * 64)
    assert [one.field for one in refused.value.fields] == ["list_sha256"]
    signed = do_sign_digest(roles.supervisor, day, list_sha256=shown.list_sha256, remark="просмотрено, вопросов нет")
    assert signed.signed_by == roles.supervisor
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("digest_signed", f"digest:{day}", f"user:{roles.supervisor.pk}")
    assert data["list_sha256"] == shown.list_sha256
    assert "вопросов" not in str(data)
    with pytest.raises(Refused) as refused:
        do_sign_digest(roles.supervisor, day, list_sha256=shown.list_sha256)
    assert refused.value.code is Code.ALREADY_ANSWERED


def test_whoever_does_not_see_the_whole_list_can_not_sign_it(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    incident, opened = began(database, roles)
    said(database, incident, at=opened + SECOND, priority=1)
    theirs = raised(database, order(roles.police_elsewhere, district=ELSEWHERE))
    said(database, theirs, at=opened, priority=1, event="raised")
    said(database, theirs, at=opened + SECOND, priority=1)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    of_one_district = digest_for(roles.prosecutor, day)
    assert [one.order for one in of_one_district.groups] == [incident.order_id]
    assert not of_one_district.whole
    assert digest_for(roles.supervisor, day).whole
    with pytest.raises(Refused):
        do_sign_digest(roles.supervisor, day, list_sha256=of_one_district.list_sha256)


def test_a_digest_that_nobody_signs_in_time_raises_an_alarm_which_the_signature_clears(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    began(database, roles)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    do_watch_digests(now=now + timedelta(hours=11))
    assert standing() == set()
    late = now + timedelta(hours=13)
    assert do_watch_digests(now=late) >= 1
    assert f"{OF_DIGESTS}{day}" in standing()
    assert do_watch_digests(now=late) == 0
    for one in FoldedDigest.objects.all():
        do_sign_digest(roles.supervisor, one.day, list_sha256=one.list_sha256)
    do_watch_digests(now=late)
    assert standing() == set()


def test_a_prosecutor_reads_what_is_unsigned_and_signs_nothing_and_others_find_no_digest(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    began(database, roles)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    found = digests_for(roles.prosecutor).get(day=day)
    assert found.signed_at is None
    with pytest.raises(Refused) as refused:
        do_sign_digest(roles.prosecutor, day, list_sha256=found.list_sha256)
    assert refused.value.code is Code.NOT_PERMITTED
    for user in (roles.operator, roles.police, roles.probation, roles.administrator):
        assert not digests_for(user).exists()
        with pytest.raises(NotFound):
            digest_for(user, day)


def test_a_line_that_was_added_afterwards_shows_because_the_hash_no_longer_agrees(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    incident, opened = began(database, roles)
    said(database, incident, at=opened + SECOND, priority=1)
    day, now = tomorrow(shift)
    do_make_digests(now=now)
    assert digest_for(roles.supervisor, day).whole
    said(database, incident, at=opened + 2 * SECOND, priority=4)
    assert not digest_for(roles.supervisor, day).whole
    assert IncidentEvent.objects.filter(incident=incident, kind="updated").count() == 2
