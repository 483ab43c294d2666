"""What protects more takes effect at once; what protects less waits for a second person."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.orders.actions import do_vary_order
from aralyk.orders.comparing import Rule, cuts
from aralyk.orders.drafts import Answered, ConditionDraft
from aralyk.orders.life import cuts_for, proposals_for
from aralyk.orders.models import Order, Proposal
from aralyk.orders.proposals import (
    WAITING_MAX,
    do_confirm_proposal,
    do_propose_variation,
    do_refuse_proposal,
)
from aralyk.orders.queries import conditions_of, order_for, version_of
from tests.conftest import Database
from tests.orders.cast import ZONE, Cast, controls, order, witnesses

CIRCLE = {"circle": {"lat": 42.87, "lon": 74.61, "radius_m": 300.0}}
WIDER = {"circle": {"lat": 42.87, "lon": 74.61, "radius_m": 500.0}}
BESIDE = {"circle": {"lat": 42.88, "lon": 74.61, "radius_m": 500.0}}
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[74.60, 42.86], [74.62, 42.86], [74.62, 42.88], [74.60, 42.88], [74.60, 42.86]]],
}
WEEK = [{"days": ["mon", "tue"], "from": "07:00", "to": "19:00"}]
HOUR = [{"days": ["mon"], "from": "08:00", "to": "09:00"}]


def rule(kind: str = "exclusion_zone", **parameters: Any) -> Rule:
    return Rule(code="c", kind=kind, parameters=parameters, facts={})


def ring(distance_m: float, warning_m: float, protected: str = "p") -> Rule:
    return rule("proximity", distance_m=distance_m, warning_m=warning_m, protected=protected)


@pytest.mark.parametrize(
    ("before", "after", "cut"),
    [
        (ring(500, 1200), ring(500, 1200), False),
        (ring(500, 1200), ring(600, 1200), False),
        (ring(500, 1200), ring(499, 1200), True),
        (ring(500, 1200), ring(600, 1100), True),
        (ring(500, 1200), ring(500, 1200, "another"), True),
        (rule(shape=CIRCLE, schedule=None), rule(shape=WIDER, schedule=None), False),
        (rule(shape=WIDER, schedule=None), rule(shape=CIRCLE, schedule=None), True),
        (rule(shape=CIRCLE, schedule=None), rule(shape=BESIDE, schedule=None), True),
        (rule(shape=CIRCLE, schedule=None), rule(shape=SQUARE, schedule=None), False),
        (rule(shape=SQUARE, schedule=None), rule(shape=CIRCLE, schedule=None), True),
        (rule(shape=CIRCLE, schedule=WEEK), rule(shape=CIRCLE, schedule=None), False),
        (rule(shape=CIRCLE, schedule=None), rule(shape=CIRCLE, schedule=WEEK), True),
        (rule(shape=CIRCLE, schedule=HOUR), rule(shape=CIRCLE, schedule=WEEK), False),
        (rule(shape=CIRCLE, schedule=WEEK), rule(shape=CIRCLE, schedule=HOUR), True),
        (rule("curfew", shape=WIDER, schedule=WEEK), rule("curfew", shape=CIRCLE, schedule=WEEK), False),
        (rule("curfew", shape=CIRCLE, schedule=WEEK), rule("curfew", shape=WIDER, schedule=WEEK), True),
        (rule("no_contact"), rule("no_contact"), False),
        (rule("no_contact"), rule("no_stalking"), True),
    ],
)  # fmt: skip
def test_only_what_covers_all_that_stood_is_no_cut(before: Rule, after: Rule, cut: bool) -> None:
    assert bool(cuts([before], [after])) is cut


def test_a_hand_over_takes_the_ring_away_and_is_a_cut_until_it_is_gone_again() -> None:
    window = rule("handover", shape=CIRCLE, windows=[], schedule=HOUR)
    assert cuts([], [window]) == ["c"]
    assert cuts([window], []) == []
    assert cuts([window], [window]) == []
    assert cuts([window], [rule("handover", shape=CIRCLE, windows=[], schedule=WEEK)]) == ["c"]


def without_zone() -> tuple[ConditionDraft, ...]:
    return (
        ConditionDraft(kind="proximity", distance_m=500, warning_m=1200),
        ConditionDraft(kind="no_contact", code="no_contact-3"),
    )


def proposed(roles: Cast, issued: Order) -> Proposal:
    return do_propose_variation(
        roles.police, issued.pk, reason="переехала из этой зоны", conditions=without_zone()
    )  # fmt: skip


def test_a_cut_by_one_person_is_refused_and_names_what_would_be_lost(roles: Cast) -> None:
    issued = order(roles.police)
    with pytest.raises(Refused) as refused:
        do_vary_order(roles.police, issued.pk, reason="зона снята", conditions=without_zone())
    assert refused.value.code is Code.PROPOSAL_NEEDED
    assert [field.field for field in refused.value.fields] == ["conditions.home"]
    with pytest.raises(Refused) as refused:
        do_vary_order(roles.police, issued.pk, reason="раньше", expires_at=issued.expires_at - timedelta(days=1))
    assert refused.value.code is Code.PROPOSAL_NEEDED
    assert order_for(roles.police, issued.pk).current_version == 1


def test_a_proposal_changes_nothing_until_another_person_confirms_it(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    proposal = proposed(roles, issued)
    assert len(controls(database)) == 1
    with pytest.raises(Refused) as refused:
        do_confirm_proposal(roles.police, proposal.pk, reason="сам предложил")
    assert refused.value.code is Code.OWN_PROPOSAL
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    varied = order_for(roles.police, issued.pk)
    assert [condition.kind for condition in conditions_of(varied)] == ["proximity", "no_contact"]
    assert [control["version"] for control in controls(database)] == [1, 2]
    kinds = [kind for kind, *_ in witnesses(database)]
    assert kinds[-3:] == ["order_proposed", "order_proposal_confirmed", "order_varied"]


def test_the_database_itself_refuses_one_person_in_both_places(roles: Cast) -> None:
    proposal = proposed(roles, order(roles.police))
    proposal.second_by = roles.police
    with pytest.raises(IntegrityError, match="another_confirms"):
        proposal.save()


def test_every_cut_is_on_the_prosecutors_list_at_once_with_both_names(roles: Cast) -> None:
    proposal = proposed(roles, order(roles.police))
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    (cut,) = cuts_for(roles.prosecutor)
    assert (cut.what, cut.by, cut.second_by, cut.threat) == ("zone_cut", roles.police, roles.supervisor, "high")
    with pytest.raises(Refused):
        cuts_for(roles.police)


def test_a_refused_proposal_leaves_everything_as_it_was(roles: Cast) -> None:
    issued = order(roles.police)
    proposal = proposed(roles, issued)
    do_refuse_proposal(roles.supervisor, proposal.pk, reason="она живёт там же")
    assert order_for(roles.police, issued.pk).current_version == 1
    with pytest.raises(Refused) as refused:
        do_confirm_proposal(roles.supervisor, proposal.pk, reason="передумал")
    assert refused.value.code is Code.PROPOSAL_DECIDED
    assert list(cuts_for(roles.prosecutor)) == []


def test_a_proposal_on_an_order_that_changed_meanwhile_does_nothing(roles: Cast) -> None:
    issued = order(roles.police)
    proposal = proposed(roles, issued)
    wider = [
        ConditionDraft(kind="proximity", distance_m=900, warning_m=2000),
        ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE),
        ConditionDraft(kind="no_contact"),
    ]
    do_vary_order(roles.police, issued.pk, reason="суд увеличил", conditions=wider)
    with pytest.raises(Refused) as refused:
        do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    assert refused.value.code is Code.PROPOSAL_OVERTAKEN
    assert version_of(order_for(roles.police, issued.pk)).spec["conditions"][0]["distance_m"] == 900


def test_a_shorter_term_needs_the_second_person_too(roles: Cast) -> None:
    issued = order(roles.police)
    sooner = clock.now() + timedelta(days=25)
    proposal = do_propose_variation(roles.police, issued.pk, reason="определение суда", expires_at=sooner)
    assert order_for(roles.police, issued.pk).expires_at == issued.expires_at
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="проверено по делу")
    assert order_for(roles.police, issued.pk).expires_at == sooner
    assert [cut.what for cut in cuts_for(roles.prosecutor)] == ["term_cut"]


def test_proposals_are_seen_and_answered_in_their_district_only(roles: Cast) -> None:
    proposal = proposed(roles, order(roles.police))
    assert [one.pk for one in proposals_for(roles.supervisor)] == [proposal.pk]
    assert list(proposals_for(roles.police_elsewhere)) == []
    with pytest.raises(NotFound):
        do_confirm_proposal(roles.police_elsewhere, proposal.pk, reason="из другого района")
    with pytest.raises(Refused) as refused:
        do_confirm_proposal(roles.operator, proposal.pk, reason="не его роль")
    assert refused.value.code is Code.NOT_PERMITTED


def test_a_heap_of_proposals_is_refused(roles: Cast) -> None:
    issued = order(roles.police)
    for _ in range(WAITING_MAX):
        proposed(roles, issued)
    with pytest.raises(Refused) as refused:
        proposed(roles, issued)
    assert refused.value.code is Code.TOO_MANY_PROPOSALS


def test_a_new_zone_takes_effect_at_once_and_its_findings_are_answered(roles: Cast) -> None:
    issued = order(roles.police)
    more = [
        ConditionDraft(kind="proximity", distance_m=500, warning_m=1200),
        ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE),
        ConditionDraft(kind="no_contact"),
        ConditionDraft(kind="exclusion_zone", code="school", shape=BESIDE),
    ]
    do_vary_order(roles.police, issued.pk, reason="школа ребёнка", conditions=more)
    assert [one.code for one in conditions_of(order_for(roles.police, issued.pk))][-1] == "school"
    larger = [*more, ConditionDraft(kind="proximity", code="second", distance_m=300, warning_m=400)]
    with pytest.raises(Refused) as refused:
        do_vary_order(roles.police, issued.pk, reason="второе кольцо", conditions=larger)
    assert refused.value.code is Code.FINDINGS_UNANSWERED
    keys = [field.field.removeprefix("findings.") for field in refused.value.fields]
    assert "interval_too_long:second" in keys
    answers = {key: Answered(reason="патруль стоит рядом с домом", alternative="охрана в подъезде") for key in keys}
    do_vary_order(roles.police, issued.pk, reason="второе кольцо", conditions=larger, answers=answers)
    assert version_of(order_for(roles.police, issued.pk)).findings.count() == len(keys)
