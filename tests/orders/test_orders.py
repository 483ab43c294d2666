"""An order is issued, varied and ended by those who may, within the law: one witness, one word to the engine."""

from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.engine import compile_order
from aralyk.orders.actions import do_end_order, do_issue_order, do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.models import Order, OrderVersion, Threat
from aralyk.orders.proposals import do_confirm_proposal, do_propose_variation
from aralyk.orders.queries import (
    Standing,
    article_of,
    conditions_of,
    issue_clocks,
    order_for,
    standing,
    version_of,
    versions_of,
    zones_for,
)
from aralyk.people.models import Stated
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HER_NAME, RULING, STATED, ZONE, Cast, controls, draft, order, witnesses


def test_an_issued_order_is_stored_witnessed_once_and_told_to_the_engine(database: Database, roles: Cast) -> None:
    plan = draft(roles.police)
    before = len(witnesses(database))
    issued = do_issue_order(roles.police, plan)
    entries = witnesses(database)[before:]
    assert [(kind, subject, by) for kind, subject, by, _ in entries] == [
        ("order_issued", f"order:{issued.pk}", f"user:{roles.police.pk}")
    ]
    spec = version_of(issued).spec
    assert controls(database) == [{"type": "order", "order": spec, "version": 1}]
    assert spec["conditions"] == [
        {"id": "proximity-1", "kind": "proximity", "distance_m": 500, "warning_m": 1200,
         "protected": str(plan.protected_persons[0])},
        {"id": "home", "kind": "exclusion_zone", "shape": ZONE, "schedule": None},
    ]  # fmt: skip
    assert spec["threat_level"] == "high"
    compile_order(spec)


def test_a_condition_that_no_device_measures_is_stored_with_its_article_and_not_told_to_the_engine(
    roles: Cast,
) -> None:
    issued = order(roles.police)
    by_kind = {condition.kind: condition for condition in conditions_of(issued)}
    assert set(by_kind) == {"proximity", "exclusion_zone", "no_contact"}
    assert by_kind["no_contact"].known_by == "report"
    assert by_kind["proximity"].known_by == "device"
    assert article_of(issued, by_kind["no_contact"]).unverified
    assert "no_contact" not in str(version_of(issued).spec)


def test_neither_evidence_nor_the_log_names_anybody(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    do_end_order(roles.police, issued.pk, reason="по решению суда", act=RULING)
    with database.connect() as connection:
        bodies = b"".join(row[0] for row in connection.execute("SELECT body FROM evidence_entry").fetchall())
        payloads = b"".join(row[0] for row in connection.execute("SELECT payload FROM log_batch").fetchall())
    for secret in (HER_NAME, "Бакыт", "+996", "по решению суда"):
        assert secret.encode() not in bytes(bodies) + bytes(payloads)


def test_the_order_is_live_until_its_last_second(roles: Cast) -> None:
    issued = order(roles.police)
    assert standing(issued, at=issued.starts_at - timedelta(seconds=1)) is Standing.PENDING
    assert standing(issued, at=issued.starts_at) is Standing.LIVE
    assert standing(issued, at=issued.expires_at - timedelta(microseconds=1)) is Standing.LIVE
    assert standing(issued, at=issued.expires_at) is Standing.EXPIRED


def test_the_clock_from_the_report_shows_where_it_stood_still(roles: Cast) -> None:
    by_law, observed = issue_clocks(order(roles.police))
    assert by_law.late_by == timedelta()
    assert observed.late_by > timedelta(hours=5, minutes=59)


def refused(roles: Cast, **changed: Any) -> Refused:
    plan = draft(roles.police, **changed)
    with pytest.raises(Refused) as error:
        do_issue_order(roles.police, plan)
    assert Order.objects.count() == 0
    return error.value


def in_days(days: float) -> Any:
    return clock.now() + timedelta(days=days)


def ring(**changed: Any) -> tuple[ConditionDraft, ...]:
    values: dict[str, Any] = {"kind": "proximity", "distance_m": 500, "warning_m": 1200} | changed
    return (ConditionDraft(**values),)


def wider() -> tuple[ConditionDraft, ...]:
    """The conditions of `cast.draft` with a larger distance."""
    return (
        ConditionDraft(kind="proximity", distance_m=800, warning_m=1600),
        ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE),
        ConditionDraft(kind="no_contact"),
    )


def test_an_order_longer_than_the_law_allows_is_refused(roles: Cast) -> None:
    error = refused(roles, expires_at=in_days(93))
    assert error.code is Code.TERM_TOO_LONG
    assert error.fields[0].field == "expires_at"


def test_a_court_measure_shorter_than_the_pilot_allows_is_refused(roles: Cast) -> None:
    assert refused(roles, expires_at=in_days(10)).code is Code.TERM_TOO_SHORT


def test_a_police_order_of_four_days_needs_her_request(roles: Cast) -> None:
    police = {"legal_basis": "police_temporary_order", "expires_at": in_days(4)}
    assert refused(roles, **police).code is Code.TERM_TOO_LONG
    issued = order(roles.police, **police, extension_requested=True)
    assert issued.legal_basis == "police_temporary_order"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"legal_basis": "martial_law"}, "legal_basis"),
        ({"district": "moscow"}, "district"),
        ({"number": " "}, "number"),
        ({"number": "7\x00"}, "number"),
        ({"protected_persons": ()}, "protected_persons"),
        ({"statements": {name: value for name, value in STATED.items() if name != "weapons"}}, "statements.weapons"),
        ({"statements": {**STATED, "mood": Stated.YES}}, "statements.mood"),
        ({"legal_basis": "police_temporary_order", "established_at": None}, "established_at"),
        ({"reported_at": in_days(1)}, "reported_at"),
        ({"starts_at": in_days(40)}, "expires_at"),
        ({"extension_requested": True}, "extension_requested"),
        ({"jurisdiction": "ZZ"}, "jurisdiction"),
        ({"conditions": ()}, "conditions"),
        ({"conditions": ring(kind="curfew")}, "conditions[0].kind"),
        ({"conditions": ring(distance_m=5)}, "conditions[0].distance_m"),
        ({"conditions": ring(distance_m=float("nan"))}, "conditions[0].distance_m"),
        ({"conditions": ring(distance_m=None)}, "conditions[0].distance_m"),
        ({"conditions": ring(warning_m=400)}, "conditions[0].warning_m"),
        ({"conditions": ring(shape=ZONE)}, "conditions[0].shape"),
        ({"conditions": (*ring(code="a"), *ring(code="a"))}, "conditions[1].code"),
        ({"conditions": (ConditionDraft(kind="exclusion_zone"),)}, "conditions[0].shape"),
        ({"conditions": (ConditionDraft(kind="no_contact", distance_m=100),)}, "conditions[0].distance_m"),
    ],
)  # fmt: skip
def test_a_draft_is_refused_by_naming_its_field(roles: Cast, changed: dict[str, Any], field: str) -> None:
    assert refused(roles, **changed).fields[0].field == field


def test_a_zone_that_the_engine_cannot_compile_is_refused_and_nothing_is_written(
    database: Database, roles: Cast
) -> None:
    open_line = {"type": "Polygon", "coordinates": [[[74.6, 42.8], [74.7, 42.8]]]}
    error = refused(roles, conditions=(ConditionDraft(kind="exclusion_zone", shape=open_line),))
    assert error.fields[0].field.startswith("conditions[0]")
    assert controls(database) == []
    assert "order_issued" not in {kind for kind, *_ in witnesses(database)}


def test_two_orders_never_share_a_number(roles: Cast) -> None:
    first = order(roles.police)
    with pytest.raises(Refused) as error:
        do_issue_order(roles.police, draft(roles.police, number=first.number))
    assert error.value.code is Code.NUMBER_TAKEN


def test_police_issue_no_order_for_another_district(roles: Cast) -> None:
    plan = draft(roles.police, district=ELSEWHERE)
    with pytest.raises(NotFound):
        do_issue_order(roles.police, plan)
    assert Order.objects.count() == 0


def test_a_variation_is_a_new_version_and_the_old_one_stays_word_for_word(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    first = version_of(issued).spec
    do_vary_order(roles.police, issued.pk, reason="суд увеличил расстояние", conditions=wider())
    varied = order_for(roles.police, issued.pk)
    assert [version.version for version in versions_of(varied)] == [2, 1]
    assert version_of(varied, 1).spec == first
    assert [condition.get("distance_m") for condition in version_of(varied).spec["conditions"]] == [800, None]
    assert [control["version"] for control in controls(database)] == [1, 2]
    assert witnesses(database)[-1][0] == "order_varied"


def test_a_variation_of_the_threat_alone_carries_the_conditions_over(roles: Cast) -> None:
    issued = order(roles.police, threat=Threat.LOW)
    do_vary_order(roles.police, issued.pk, reason="переоценка риска", threat=Threat.HIGH)
    varied = order_for(roles.police, issued.pk)
    assert version_of(varied).spec["threat_level"] == "high"
    assert [condition.code for condition in conditions_of(varied)] == ["proximity-1", "home", "no_contact-3"]


def test_an_ended_order_is_told_to_the_engine_and_cannot_be_varied_again(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    ended = do_end_order(roles.police, issued.pk, reason="решение суда", act=RULING)
    assert ended.ended_at is not None
    assert controls(database)[-1] == {
        "type": "order_ended", "order_id": str(issued.pk), "ended_at": clock.iso(ended.ended_at)
    }  # fmt: skip
    assert standing(ended, at=clock.now()) is Standing.ENDED
    with pytest.raises(Refused) as error:
        do_end_order(roles.police, issued.pk, reason="ещё раз", act=RULING)
    assert error.value.code is Code.ORDER_ENDED
    with pytest.raises(Refused) as error:
        do_vary_order(roles.police, issued.pk, reason="ещё раз", threat=Threat.LOW)
    assert error.value.code is Code.ORDER_ENDED


def test_the_map_gets_the_zones_of_the_current_version_of_live_orders(roles: Cast) -> None:
    issued = order(roles.police)
    (feature,) = zones_for(roles.operator)["features"]
    assert feature["properties"]["condition"] == "home"
    assert feature["properties"]["circle"]["radius_m"] == 300
    ring_of_corners = feature["geometry"]["coordinates"][0]
    assert ring_of_corners[0] == ring_of_corners[-1]
    assert len(ring_of_corners) == 33
    assert zones_for(roles.police_elsewhere)["features"] == []
    proposal = do_propose_variation(roles.police, issued.pk, reason="зона снята", conditions=ring())
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    assert zones_for(roles.operator)["features"] == []


def test_nobody_edits_a_version_not_even_by_mistake(database: Database, roles: Cast) -> None:
    order(roles.police)
    with pytest.raises(Exception, match="permission denied"):
        OrderVersion.objects.update(reason="другая")
