"""From stored lines to an incident that a person must answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from aralyk import clock
from aralyk.database import Role
from aralyk.tracking.log import Lane
from tests.conftest import Database
from tests.monitor.city import DISTRICT, City, Order
from tests.monitor.conftest import ShiftClock, StartWatch

OF_THE_RING = (
    "FROM incidents_incidentevent e JOIN incidents_incident i ON i.id = e.incident_id"
    " WHERE i.engine_key LIKE '%%/proximity/%%'"
)
CLOSE = "UPDATE incidents_incident SET status = 'closed', closed_at = %s, outcome = 'false', close_reason = 'x'"


def approach(city: City, order: Order, *, north_m: float, ago_s: float) -> None:
    """Both are heard `ago_s` seconds ago; he is `north_m` away from her."""
    at = clock.now() - timedelta(seconds=ago_s)
    city.fix(order.hers, at=at)
    city.fix(order.his, north_m=north_m, at=at)


def test_a_respondent_inside_the_ring_opens_one_incident_with_its_decision_and_witnesses(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    ((key, number, found_order, district, kind, priority, status, episode_open, late),) = city.rows(
        "SELECT engine_key, number, order_id, district, kind, priority, status, episode_open, late"
        " FROM incidents_incident"
    )
    assert (found_order, district, kind, priority, status) == (order.id, DISTRICT, "proximity", 1, "open")
    assert episode_open
    assert not late
    assert key.startswith(str(order.id))
    (raised,) = city.witnessed("incident_raised")
    (decision,) = city.witnessed("decision")
    assert raised["number"] == number
    assert (decision["phase"], decision["kind"], decision["order_id"]) == ("open", "proximity", str(order.id))
    assert decision["basis"]["respondent"]["device"] == order.his
    assert city.rows("SELECT kind FROM incidents_incidentevent") == [("raised",)]


def test_the_stored_decision_is_the_witnessed_one_byte_for_byte(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    ((body, witness),) = city.rows(
        "SELECT d.body, e.body FROM decision d JOIN evidence_entry e ON e.id = d.entry_id WHERE e.kind = 'decision'"
    )
    assert b'"data":' + bytes(body) in bytes(witness)


def test_one_who_comes_from_the_warning_ring_into_the_inner_one_escalates_the_same_incident(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=750, ago_s=10)
    watch.turn()
    assert city.rows("SELECT kind, priority FROM incidents_incident")[0][0] == "warning_ring"
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    assert city.rows("SELECT kind, priority, worst_priority, episode_open FROM incidents_incident") == [
        ("proximity", 1, 1, True)
    ]
    assert city.rows("SELECT kind FROM incidents_incidentevent ORDER BY id") == [("raised",), ("updated",)]
    assert len(city.witnessed("incident_updated")) == 1


def test_an_acknowledged_incident_that_grows_worse_is_told_again_and_stays_acknowledged(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=750, ago_s=10)
    watch.turn()
    city.console.execute("UPDATE incidents_incident SET status = 'acknowledged', acknowledged_at = %s", (clock.now(),))
    before = len(city.rows("SELECT 1 FROM live_event WHERE kind = 'incident'"))
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    assert city.rows("SELECT status, priority FROM incidents_incident") == [("acknowledged", 1)]
    # Its clocks begin anew with what it became, and are looked at at once.
    assert city.rows("SELECT clock_from > decided_at, clock_at = 'epoch' FROM incidents_incident") == [(True, True)]
    assert len(city.rows("SELECT 1 FROM live_event WHERE kind = 'incident'")) == before + 1


def test_what_nobody_answered_stays_critical_though_he_went_away_again(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(minutes=3))
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=70)
    watch.turn()
    for ago_s, north_m in ((60, 200), (45, 500), (30, 750), (15, 750), (0, 750)):
        approach(city, order, north_m=north_m, ago_s=ago_s)
        watch.turn()
    assert city.rows(f"SELECT e.data->>'kind' {OF_THE_RING} ORDER BY e.id DESC LIMIT 1") == [("warning_ring",)]
    assert city.rows(
        "SELECT kind, priority, decision->>'kind' FROM incidents_incident WHERE engine_key LIKE '%%/proximity/%%'"
    ) == [("proximity", 1, "proximity")]


def test_a_closed_incident_that_grows_worse_opens_again_with_nobodys_name(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=750, ago_s=20)
    watch.turn()
    city.console.execute(CLOSE, (clock.now(),))
    city.console.execute("UPDATE incidents_incident SET clock_at = NULL, shown_at = now(), accepted_at = now()")
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    assert city.rows(
        "SELECT clock_at = 'epoch', clock_from > decided_at, shown_at, accepted_at FROM incidents_incident"
    ) == [(True, True, None, None)]
    assert city.rows(
        "SELECT status, kind, priority, acknowledged_by_id, closed_at, outcome, close_reason FROM incidents_incident"
    ) == [("open", "proximity", 1, None, None, "", "")]
    assert city.rows("SELECT kind FROM incidents_incidentevent ORDER BY id") == [("raised",), ("reopened",)]
    assert len(city.witnessed("incident_reopened")) == 1


def test_a_closed_incident_that_does_not_grow_worse_stays_closed(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(minutes=3))
    watch = start_watch()
    approach(city, order, north_m=300, ago_s=70)
    watch.turn()
    city.console.execute(CLOSE, (clock.now(),))
    approach(city, order, north_m=50, ago_s=0)
    watch.turn()
    assert city.rows("SELECT status, outcome FROM incidents_incident WHERE engine_key LIKE '%%/proximity/%%'") == [
        ("closed", "false")
    ]
    assert city.rows(f"SELECT e.kind {OF_THE_RING} ORDER BY e.id DESC LIMIT 1") == [("updated",)]


def test_another_call_for_help_opens_a_closed_one_again(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    for ago_s in (20, 0):
        city.fix(order.hers, at=clock.now() - timedelta(seconds=ago_s), lane=Lane.PANIC, alarms=["sos"])
        watch.turn()
        assert city.rows("SELECT status FROM incidents_incident WHERE kind = 'panic' AND status = 'open'") != []
        city.console.execute(CLOSE, (clock.now(),))


def test_the_worst_of_a_burst_that_is_judged_at_once_is_kept(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(minutes=3))
    watch = start_watch()
    for ago_s, north_m in ((120, 750), (90, 100), (75, 200), (60, 500), (45, 750), (30, 750), (15, 750), (0, 750)):
        approach(city, order, north_m=north_m, ago_s=ago_s)
    watch.turn()
    ((kind, priority, worst_priority),) = city.rows(
        "SELECT kind, priority, worst_priority FROM incidents_incident WHERE engine_key LIKE '%%proximity%%'"
    )
    assert (kind, priority, worst_priority) == ("proximity", 1, 1)


def test_the_engine_ends_an_episode_but_only_a_person_closes_an_incident(city: City, start_watch: StartWatch) -> None:
    # It closes once late data, awaited for two minutes after two clear fixes, has not contradicted them.
    order = city.order(starts_before=timedelta(seconds=200))
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=195)
    for ago_s in range(185, 0, -10):
        approach(city, order, north_m=20_000, ago_s=ago_s)
    watch.turn()
    ((status, episode_open, decision),) = city.rows(
        "SELECT status, episode_open, decision FROM incidents_incident WHERE kind = 'proximity'"
    )
    assert (status, episode_open) == ("open", False)
    # What the operator sees is why it was raised, not how it ended.
    assert decision["phase"] != "close"
    assert ("episode_ended",) in city.rows("SELECT kind FROM incidents_incidentevent ORDER BY id")
    assert len(city.witnessed("incident_episode_ended")) >= 1


def test_a_buffered_violation_is_recorded_as_late_with_its_true_time(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(hours=1), interval_s=3600)
    watch = start_watch()
    then = clock.now() - timedelta(minutes=30)
    city.fix(order.hers, at=then)
    city.fix(order.his, north_m=20_000, at=clock.now() - timedelta(seconds=5))
    # His phone kept a fix of half an hour ago, beside her, and delivers it now.
    city.fix(order.his, north_m=50, at=clock.now(), fixed_at=then + timedelta(seconds=10))
    watch.turn()
    ((late, episode_open, occurred_at),) = city.rows(
        "SELECT late, episode_open, occurred_at FROM incidents_incident WHERE kind = 'proximity'"
    )
    assert late
    assert not episode_open
    assert abs(occurred_at - then) < timedelta(minutes=1)
    assert city.rows("SELECT kind FROM incidents_incidentevent ORDER BY id LIMIT 1") == [("late",)]
    # Screens are told of it like of any other, though it is older than a quarter of an hour (peer's case notif-01).
    assert city.rows("SELECT count(*) FROM live_event WHERE kind = 'incident'") == [(1,)]


def test_panic_is_an_incident_of_the_first_priority(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    city.fix(order.hers, lane=Lane.PANIC, alarms=["sos"], lat=None, lon=None)
    watch.turn()
    assert city.rows("SELECT kind, priority, party FROM incidents_incident") == [("panic", 1, "p1")]


def test_screens_are_told_ids_and_the_district_and_nothing_else(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch()
    with database.connect(Role.CONSOLE, autocommit=True) as screen:
        screen.execute("LISTEN live")
        approach(city, order, north_m=100, ago_s=0)
        watch.turn()
        told = [notice.payload for notice in screen.notifies(timeout=5, stop_after=2)]
    events = city.rows("SELECT id::text, kind, subject, district FROM live_event WHERE kind <> 'platform' ORDER BY id")
    ((incident,),) = city.rows("SELECT id::text FROM incidents_incident")
    assert {row[1:] for row in events} == {("incident", incident, DISTRICT), ("fix", str(order.id), DISTRICT)}
    assert set(told) <= {row[0] for row in city.rows("SELECT id::text FROM live_event")}
    assert told


def test_an_orders_map_is_told_at_most_once_a_second_and_the_last_change_is_not_lost(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch(poll_ms=50)
    for _ in range(5):
        city.fix(order.hers)
        watch.turn()
    told = "SELECT count(*) FROM live_event WHERE kind = 'fix'"
    assert city.rows(told) == [(1,)]
    deadline = clock.now() + timedelta(seconds=10)
    while city.rows(told) == [(1,)] and clock.now() < deadline:
        watch.wait()
        watch.turn()
    assert city.rows(told) == [(2,)]


def test_a_device_in_no_order_leaves_its_contact_and_no_place(city: City, start_watch: StartWatch) -> None:
    city.order()
    watch = start_watch()
    city.fix("somebody-elses", battery_pct=50)
    watch.turn()
    assert city.rows("SELECT device, lat, battery_pct FROM device_status") == [("somebody-elses", None, 50.0)]
    assert city.rows("SELECT count(*) FROM fix") == [(0,)]


def test_decisions_about_an_order_that_the_register_does_not_hold_are_kept_and_raise_an_alarm(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order(tell=False)
    stray = Order(his="stray-1", hers="stray-2", starts_at=order.starts_at, expires_at=order.expires_at)
    city.tell_order(stray)
    watch = start_watch()
    approach(city, stray, north_m=50, ago_s=0)
    watch.turn()
    assert city.rows("SELECT count(*) FROM incidents_incident") == [(0,)]
    assert city.rows("SELECT order_id FROM decision LIMIT 1") == [(stray.id,)]
    assert ("monitor.order", "raised") in city.alarms()


def test_an_ended_order_raises_nothing_more(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    city.control({"type": "order_ended", "order_id": str(order.id), "ended_at": clock.iso(clock.now())})
    watch.turn()
    approach(city, order, north_m=50, ago_s=0)
    watch.turn()
    assert city.rows("SELECT count(*) FROM incidents_incident") == [(0,)]


def test_a_cleared_tamper_ends_its_episode_by_the_staffs_act_alone(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    city.fix(order.his, lane=Lane.TAMPER, strap="open", north_m=20_000)
    watch.turn()
    city.fix(order.his, strap="locked", north_m=20_000)
    watch.turn()
    tamper = "SELECT id, episode_open FROM incidents_incident WHERE kind = 'tamper'"
    ((incident, episode_open),) = city.rows(tamper)
    assert episode_open
    city.control({"type": "tamper_cleared", "device": order.his, "incident": str(incident)})
    watch.turn()
    assert city.rows(tamper) == [(incident, False)]


def test_a_changed_order_is_judged_by_its_new_words(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=1_500, ago_s=5)
    watch.turn()
    assert city.rows("SELECT count(*) FROM incidents_incident") == [(0,)]
    order.version, order.distance_m = 2, 3_000
    city.tell_order(order)
    approach(city, order, north_m=1_500, ago_s=0)
    watch.turn()
    assert city.rows("SELECT kind FROM incidents_incident") == [("proximity",)]


def test_an_incident_keeps_its_id_when_its_row_is_made_again(city: City, start_watch: StartWatch) -> None:
    from aralyk.monitor.incidents import incident_id

    order = city.order()
    watch = start_watch()
    approach(city, order, north_m=50, ago_s=0)
    watch.turn()
    ((found, key),) = city.rows("SELECT id, engine_key FROM incidents_incident")
    assert isinstance(found, UUID)
    assert incident_id(key) == found


def events_of(city: City, incident: UUID) -> list[str]:
    found = city.rows("SELECT kind FROM incidents_incidentevent WHERE incident_id = %s ORDER BY id", incident)
    return [kind for (kind,) in found]


def test_what_is_asked_of_a_device_is_kept_and_witnessed_and_is_no_incident(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order(interval_s=60)
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    asked = [decision for decision in city.witnessed("decision") if decision["kind"] == "pursuit_mode"]
    assert {decision["basis"]["device"] for decision in asked} == {order.his, order.hers}
    assert city.rows("SELECT count(*) FROM decision WHERE body LIKE %s", b'%"kind":"pursuit_mode"%') == [(2,)]
    ((incident, kind, number),) = city.rows("SELECT id, kind, number FROM incidents_incident")
    assert kind == "proximity"
    assert [raised["number"] for raised in city.witnessed("incident_raised")] == [number]
    assert city.witnessed("incident_updated") == []
    # The incident's time line says what was asked, of whom, and names the decision's witness.
    lines = city.rows(
        "SELECT v.data->>'kind', v.data->>'device', e.kind FROM incidents_incidentevent v"
        " JOIN evidence_entry e ON e.id = (v.data->>'decision_entry')::bigint"
        " WHERE v.kind = 'requested' AND v.incident_id = %s",
        incident,
    )
    assert sorted(lines) == [("pursuit_mode", order.his, "decision"), ("pursuit_mode", order.hers, "decision")]
    assert events_of(city, incident) == ["raised", "requested", "requested"]


def test_a_request_that_ends_when_nothing_goes_on_any_more_stands_in_no_time_line(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order(interval_s=60)
    watch = start_watch()
    approach(city, order, north_m=100, ago_s=0)
    watch.turn()
    for _ in range(40):
        shift.by(timedelta(seconds=30))
        approach(city, order, north_m=20_000, ago_s=0)
        watch.turn()
    ended = [d for d in city.witnessed("decision") if d["kind"] == "pursuit_mode" and d["phase"] == "close"]
    assert {decision["reason"] for decision in ended} == {"request_expired"}
    ((incident, episode_open),) = city.rows("SELECT id, episode_open FROM incidents_incident")
    assert not episode_open
    shown = city.rows(
        "SELECT data->>'phase' FROM incidents_incidentevent"
        " WHERE incident_id = %s AND kind = 'requested' AND data->>'kind' = 'pursuit_mode'",
        incident,
    )
    assert shown == [("open",), ("open",)]
    assert events_of(city, incident)[-1] == "episode_ended"


def test_a_strap_opened_for_the_third_time_opens_the_closed_incident_again(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    watch = start_watch()
    for _ in range(3):
        city.fix(order.his, lane=Lane.TAMPER, strap="open", north_m=20_000)
        watch.turn()
        shift.by(timedelta(seconds=5))
        city.fix(order.his, strap="locked", north_m=20_000)
        city.control({"type": "tamper_cleared", "device": order.his, "incident": "x"})
        watch.turn()
        last = city.rows(
            "SELECT id, status, episode_open FROM incidents_incident WHERE kind = 'tamper' ORDER BY raised_at DESC"
        )
        assert last[0][1:] == ("open", False)
        city.console.execute(CLOSE + " WHERE kind = 'tamper'", (clock.now(),))
        shift.by(timedelta(seconds=5))
    # The engine went on with the second one: it had ended, and people had closed it.
    assert len(last) == 2
    assert "reopened" in events_of(city, last[0][0])
    (reopened,) = city.witnessed("incident_reopened")
    assert reopened["reason"] == "repeated_provocation"


def test_a_device_silent_again_is_recorded_in_the_closed_incident_and_opens_it_once_it_is_serious(
    city: City, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = city.order()
    watch = start_watch()
    of_his = "FROM incidents_incident WHERE kind = 'silence' AND engine_key LIKE %s"
    pattern = f"%{order.his}%"

    def turn_after(seconds: int, *, his: bool) -> None:
        shift.by(timedelta(seconds=seconds))
        city.fix(order.hers)
        if his:
            city.fix(order.his, north_m=15_000)
        watch.turn()

    turn_after(1, his=True)
    for _ in range(4):
        turn_after(15, his=False)
    ((incident, priority, episode_open),) = city.rows(f"SELECT id, priority, episode_open {of_his}", pattern)
    assert (priority, episode_open) == (3, True)
    for _ in range(3):
        turn_after(15, his=True)
    assert city.rows(f"SELECT episode_open {of_his}", pattern) == [(False,)]
    city.console.execute(CLOSE + " WHERE id = %s", (clock.now(), incident))
    for _ in range(4):
        turn_after(15, his=False)
    assert city.rows(f"SELECT id, status, episode_open {of_his}", pattern) == [(incident, "closed", True)]
    assert events_of(city, incident)[-1] == "updated"
    for _ in range(60):
        turn_after(15, his=False)
    assert city.rows(f"SELECT id, status, priority {of_his} AND status <> 'closed'", pattern)[0][:2] == (
        incident, "open",
    )  # fmt: skip
    assert "reopened" in events_of(city, incident)
