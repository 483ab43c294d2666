"""The live stream tells ids only, to those who may know them, and never lets silence look like calm."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session

from aralyk import clock
from aralyk.access.actions import do_change_user
from aralyk.console import stream
from aralyk.console.stream import Change, Hub, Subscriber, Viewer, messages
from aralyk.incidents.actions import do_acknowledge
from aralyk.tracking.live import LiveKind, announce
from tests.conftest import Database
from tests.console.serving import Served, session_of
from tests.orders.cast import Cast, bracelet, equip, order, raised


def tell(database: Database, kind: LiveKind, subject: str, district: str = "bishkek_oktyabrsky") -> int:
    with database.connect() as connection, connection.cursor() as cursor:
        return announce(cursor, kind=kind, subject=subject, district=district, at=clock.now())


def test_a_change_reaches_an_open_page_as_an_id_and_nothing_else(
    database: Database, roles: Cast, server: Served
) -> None:
    incident = raised(database, order(roles.police))
    page = server.open_page(session_of(roles.operator))
    do_acknowledge(roles.operator, incident.pk)
    event = page.next("incident")
    assert event.data == {"subject": str(incident.pk)}
    assert event.id is not None


def test_another_district_does_not_even_learn_that_something_happened(
    database: Database, roles: Cast, server: Served
) -> None:
    found = order(roles.police)
    incident = raised(database, found)
    here = server.open_page(session_of(roles.police))
    elsewhere = server.open_page(session_of(roles.police_elsewhere))
    tell(database, LiveKind.INCIDENT, str(incident.pk))
    tell(database, LiveKind.FIX, str(found.pk))
    tell(database, LiveKind.PLATFORM, "monitor")
    assert here.next("fix").data == {"subject": str(found.pk)}
    assert elsewhere.next("incident", "fix", "platform").name == "platform"


def test_an_alarm_about_a_device_is_told_to_those_who_see_the_device(
    database: Database, roles: Cast, server: Served
) -> None:
    bracelet(roles.probation)
    equip(roles.probation, order(roles.police), device="860000000000017")
    here = server.open_page(session_of(roles.police))
    elsewhere = server.open_page(session_of(roles.police_elsewhere))
    tell(database, LiveKind.PLATFORM, "device.860000000000017")
    tell(database, LiveKind.PLATFORM, "monitor.log")
    assert here.next("platform").data == {"subject": "device.860000000000017"}
    assert elsewhere.next("platform").data == {"subject": "monitor.log"}


def test_an_event_that_names_a_foreign_district_is_judged_by_what_it_is_about(
    database: Database, roles: Cast, server: Served
) -> None:
    incident = raised(database, order(roles.police))
    elsewhere = server.open_page(session_of(roles.police_elsewhere))
    tell(database, LiveKind.INCIDENT, str(incident.pk), district="bishkek_leninsky")
    tell(database, LiveKind.PLATFORM, "monitor")
    assert elsewhere.next("incident", "platform").name == "platform"


def test_a_page_that_comes_back_hears_what_it_missed(database: Database, roles: Cast, server: Served) -> None:
    found = order(roles.police)
    first = tell(database, LiveKind.PLATFORM, "gateway")
    missed = tell(database, LiveKind.FIX, str(found.pk))
    page = server.open_page(session_of(roles.operator), after=first)
    event = page.next("fix")
    assert (event.id, event.data) == (missed, {"subject": str(found.pk)})


@pytest.mark.parametrize("after", [10_000_000, 999_999_999_999_999_999])
def test_an_id_that_the_server_never_gave_means_fetch_everything(roles: Cast, server: Served, after: int) -> None:
    assert server.open_page(session_of(roles.operator), after=after).next("resync").name == "resync"


def test_a_page_that_missed_too_much_is_told_to_fetch_everything(
    database: Database, roles: Cast, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RESUME_EVENTS_MAX", 3)
    first = tell(database, LiveKind.PLATFORM, "gateway")
    for _ in range(5):
        tell(database, LiveKind.PLATFORM, "monitor")
    assert server.open_page(session_of(roles.operator), after=first).next("resync", "platform").name == "resync"


def test_a_log_out_ends_the_stream(roles: Cast, server: Served) -> None:
    session = session_of(roles.operator)
    page = server.open_page(session)
    Session.objects.filter(session_key=session).delete()
    assert page.until_ended()[-1].name == "bye"


def test_a_disabled_account_is_cut_off(roles: Cast, server: Served) -> None:
    page = server.open_page(session_of(roles.police))
    do_change_user(roles.administrator, roles.police.pk, active=False)
    assert page.until_ended()[-1].name == "bye"


def test_who_lost_the_district_hears_nothing_more_of_it(database: Database, roles: Cast, server: Served) -> None:
    incident = raised(database, order(roles.police))
    page = server.open_page(session_of(roles.police))
    do_change_user(roles.administrator, roles.police.pk, districts=["bishkek_leninsky"])
    tell(database, LiveKind.INCIDENT, str(incident.pk))
    tell(database, LiveKind.PLATFORM, "monitor")
    assert page.next("incident", "platform").name == "platform"


def test_beats_carry_the_domains_time_and_come_often_enough(roles: Cast, server: Served) -> None:
    page = server.open_page(session_of(roles.operator))
    beat = page.next("beat", patience_s=5.0)
    assert abs((clock.parse_iso(beat.data["now"]) - clock.now()).total_seconds()) < 60
    assert beat.data["speed"] == clock.speed()


def test_without_a_session_there_is_no_stream(server: Served) -> None:
    assert server.get("/live")[0] == 401
    assert server.get("/live", session="x" * 32)[0] == 401
    assert server.get("/live", method="POST")[0] == 405


@pytest.mark.parametrize("after", ["-1", "1e9", "٣", "1" * 40, "x"])
def test_an_id_that_is_none_is_a_clear_error(roles: Cast, server: Served, after: str) -> None:
    from urllib.parse import quote

    status, body = server.get(f"/live?after={quote(after)}", session=session_of(roles.operator))
    assert (status, body) == (400, b"after: expected the id of an event")


class OpenDoor:
    """Lets everything through: these tests are about the hub's own queues."""

    async def admit(self, user_ids: Collection[int], changes: Sequence[Change]) -> Mapping[int, frozenset[int]]:
        return {user_id: frozenset(change.id for change in changes) for user_id in user_ids}

    async def still_valid(self, viewers: Collection[Viewer]) -> frozenset[Viewer]:
        return frozenset(viewers)


def page_of() -> Subscriber:
    return Subscriber(viewer=Viewer(session_key=uuid4().hex, user_id=1))


def test_a_slow_page_is_told_to_resync_instead_of_growing_a_queue() -> None:
    slow = page_of()
    slow.push([Change(id=number, kind="fix", subject=str(number)) for number in range(1, stream.PENDING_MAX + 2)])
    assert slow.resync
    assert slow.pending == {}


def test_many_changes_of_one_subject_are_one_event() -> None:
    page = page_of()
    page.push([Change(id=number, kind="fix", subject="one") for number in range(1, 500)])
    assert page.pending == {("fix", "one"): 499}


def test_a_hub_that_lost_its_database_does_not_beat() -> None:
    async def first_frames() -> list[bytes]:
        hub = Hub(lambda: "host=/nonexistent dbname=none", OpenDoor())
        frames = messages(hub, page_of())
        return [await anext(frames), await anext(frames)]

    retry, word = asyncio.run(first_frames())
    assert retry.startswith(b"retry:")
    assert word.startswith(b": the database does not answer")


def test_the_stream_survives_a_lost_database_connection(database: Database, roles: Cast, server: Served) -> None:
    page = server.open_page(session_of(roles.operator))
    with database.connect(autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'aralyk_console' AND query LIKE '%live%'"
        )
    tell(database, LiveKind.PLATFORM, "gateway")
    assert page.next("platform").data == {"subject": "gateway"}
