"""From stored lines to an incident that a person must answer."""

from __future__ import annotations

from tests.monitor.city import DISTRICT, City
from tests.monitor.conftest import StartWatch


def test_a_respondent_inside_the_ring_opens_one_incident_with_its_decision_and_witnesses(
    city: City, start_watch: StartWatch
) -> None:
    order = city.order()
    watch = start_watch()
    city.fix(order.hers)
    city.fix(order.his, north_m=100)
    watch.turn()
    ((key, number, found_order, district, kind, priority, status, episode_open, late),) = city.rows(
        "SELECT engine_key, number, order_id, district, kind, priority, status, episode_open, late"
        " FROM incidents_incident"
    )
    assert (found_order, district, kind, priority, status) == (order.id, DISTRICT, "proximity", 1, "open")
    assert episode_open
    assert not late
    assert number > 0
    assert key.startswith(str(order.id))
    (raised,) = city.witnessed("incident_raised")
    (decision,) = city.witnessed("decision")
    assert raised["number"] == number
    assert (decision["phase"], decision["kind"], decision["order_id"]) == ("open", "proximity", str(order.id))
    assert decision["basis"]["respondent"]["device"] == order.his
    assert city.rows("SELECT kind FROM incidents_incidentevent") == [("raised",)]
