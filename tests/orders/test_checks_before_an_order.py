"""Before an order is made it is checked; what speaks against it must be answered, and her places stay sealed."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from aralyk import clock
from aralyk.access.conflicts import do_record_conflict
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import CaseSubject, Closeness
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import Pack
from aralyk.orders import sealed
from aralyk.orders.actions import do_issue_order, findings_of
from aralyk.orders.checking import check_not_held_back
from aralyk.orders.drafts import Answered, Circumstances, ConditionDraft, OrderDraft, Place
from aralyk.orders.geometry import covers, holds, metres_between
from aralyk.orders.models import Finding
from aralyk.orders.queries import conditions_of
from aralyk.orders.sanity import DRIVING_MPS, warning_s
from aralyk.orders.sealed import LOOKS_A_DAY_MAX, QUESTIONS_MAX, QUESTIONS_WITHIN, parse_place, written_place
from aralyk.people.actions import do_register_protected_person
from aralyk.people.models import Stated
from aralyk.people.queries import looks_at
from aralyk.people.vault import SealedName
from aralyk.tracking.health import cell_of
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HER_NAME, STATED, Cast, draft, order, respondent, witnesses

HERE = Place(lat=42.8746, lon=74.6122)
NEAR = Place(lat=42.8780, lon=74.6122)  # 378 m north
FAR = Place(lat=42.9200, lon=74.6122)
ZONE = {"circle": {"lat": 42.8746, "lon": 74.6122, "radius_m": 300.0}}
RECORD_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}")
RING = ConditionDraft(kind="proximity", distance_m=500, warning_m=1600)


def plan(
    roles: Cast,
    *conditions: ConditionDraft,
    sealed_places: Mapping[SealedName, Place] | None = None,
    carries: Stated = Stated.YES,
    **circumstances: Any,
) -> OrderDraft:
    """A draft of which all is known and in order, but for what a test changes."""
    her = do_register_protected_person(
        roles.police,
        sealed={SealedName.NAME: HER_NAME}
        | {name: written_place(place) for name, place in (sealed_places or {SealedName.HOME_PLACE: FAR}).items()},
    )
    known: dict[str, Any] = {"his_home": HERE, "police_travel_min": 1, "carries": {her.pk: carries}} | circumstances
    now = clock.now()
    return OrderDraft(
        number="ПР-1", legal_basis="court_measure", respondent=respondent(roles.police).pk,
        protected_persons=(her.pk,), district="bishkek_oktyabrsky", threat="high",  # type: ignore[arg-type]
        starts_at=now, expires_at=now + timedelta(days=30), conditions=conditions or (RING,), statements=STATED,
        circumstances=Circumstances(**known),
    )  # fmt: skip


def heard_at(database: Database, place: Place, *, carriers: int = 3, missed: int = 0) -> None:
    """So many people's devices were heard in that cell."""
    y, x = cell_of(place.lat, place.lon)
    with database.connect() as owner:
        for number in range(carriers):
            owner.execute(
                "INSERT INTO coverage_cell (month, device, cell_y, cell_x, reports, missed, gnss, signals, signal)"
                " VALUES (%s, %s, %s, %s, 100, %s, 90, 0, 0)",
                (clock.now().date().replace(day=1), f"d-{number}", y, x, missed),
            )


def kinds(roles: Cast, draft_: OrderDraft) -> set[str]:
    return {found.key.split(":")[0] for found in findings_of(roles.police, draft_)}


def test_an_order_of_which_all_is_known_and_good_has_no_findings(database: Database, roles: Cast) -> None:
    heard_at(database, HERE)
    heard_at(database, FAR)
    assert kinds(roles, plan(roles)) == set()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"his_home": None}, "places_not_compared"),
        ({"his_home": Place(lat=42.9190, lon=74.6122)}, "places_too_close"),
        ({"his_work": Place(lat=42.9190, lon=74.6122)}, "places_too_close"),
        ({"police_travel_min": 15}, "cannot_protect_here"),
        ({"police_travel_min": None}, "travel_time_unknown"),
        ({"interval_s": 120}, "interval_too_long"),
        ({"carries": Stated.NO}, "no_device_on_her"),
        ({"carries": Stated.UNKNOWN}, "no_device_on_her"),
        ({"sealed_places": {SealedName.WORK_PLACE: NEAR}}, "places_too_close"),
    ],
)
def test_each_thing_that_speaks_against_a_ring_is_found(
    database: Database, roles: Cast, changed: dict[str, Any], kind: str
) -> None:
    heard_at(database, HERE)
    heard_at(database, FAR)
    assert kind in kinds(roles, plan(roles, **changed))


def test_a_zone_over_his_home_or_work_is_found_by_name_of_the_zone(database: Database, roles: Cast) -> None:
    zone = ConditionDraft(kind="exclusion_zone", code="school", shape=ZONE)
    found = {one.key for one in findings_of(roles.police, plan(roles, zone, his_work=NEAR))}
    assert "his_place_in_zone:school/home" in found
    assert "his_place_in_zone:school/work" not in found


def test_a_zone_that_holds_her_shelter_would_name_it_and_is_found(roles: Cast) -> None:
    zone = ConditionDraft(kind="exclusion_zone", code="z", shape=ZONE)
    assert "shelter_in_zone" in kinds(roles, plan(roles, zone, sealed_places={SealedName.SHELTER_PLACE: HERE}))
    assert "shelter_in_zone" not in kinds(roles, plan(roles, zone, sealed_places={SealedName.SHELTER_PLACE: FAR}))


@pytest.mark.parametrize(
    ("carriers", "missed", "kind"), [(3, 50, "coverage_poor"), (2, 0, "coverage_unknown"), (0, 0, "coverage_unknown")]
)
def test_coverage_is_told_only_where_three_people_were_heard(
    database: Database, roles: Cast, carriers: int, missed: int, kind: str
) -> None:
    heard_at(database, HERE, carriers=carriers, missed=missed)
    heard_at(database, FAR)
    assert kinds(roles, plan(roles)) == {kind}


def test_an_order_that_no_device_watches_promises_nothing_and_has_no_findings(roles: Cast) -> None:
    assert kinds(roles, plan(roles, ConditionDraft(kind="no_contact"), his_home=None)) == set()


def test_an_order_with_an_open_finding_is_not_issued(roles: Cast) -> None:
    unanswered = plan(roles, police_travel_min=45)
    with pytest.raises(Refused) as refused:
        do_issue_order(roles.police, unanswered)
    assert refused.value.code is Code.FINDINGS_UNANSWERED
    assert "findings.cannot_protect_here:proximity-1" in {field.field for field in refused.value.fields}


def test_where_the_device_cannot_protect_a_reason_is_not_enough(roles: Cast) -> None:
    unanswered = plan(roles, police_travel_min=45)
    keys = [one.key for one in findings_of(roles.police, unanswered)]
    answers = {key: Answered(reason="другого средства сегодня нет") for key in keys}
    with pytest.raises(Refused) as refused:
        do_issue_order(roles.police, replace(unanswered, answers=answers))
    assert {field.field for field in refused.value.fields} == {"findings.cannot_protect_here:proximity-1"}
    answers["cannot_protect_here:proximity-1"] = Answered(
        reason="другого средства сегодня нет", alternative="переезд в убежище сегодня, участковый сопровождает"
    )
    issued = do_issue_order(roles.police, replace(unanswered, answers=answers))
    kept = Finding.objects.get(order_version__order=issued, kind="cannot_protect_here")
    assert kept.alternative.startswith("переезд")
    assert kept.answered_by == roles.police
    assert kept.facts["police_travel_s"] == 2700


def test_a_finding_tells_no_place_and_no_distance_of_hers(database: Database, roles: Cast) -> None:
    unanswered = plan(roles, his_home=Place(lat=42.9190, lon=74.6122))
    found = findings_of(roles.police, unanswered)
    # A random key of a record may hold any three digits; a place or a distance never looks like one.
    said = RECORD_KEY.sub("", str(found) + str([data for *_, data in witnesses(database)]))
    for secret in ("42.92", "74.61", "111", "42.919"):
        assert secret not in said


def test_each_look_at_her_places_stands_on_her_list_with_the_name(roles: Cast) -> None:
    unanswered = plan(roles)
    person: UUID = unanswered.protected_persons[0]
    answers = {one.key: Answered(reason="проверено при выдаче") for one in findings_of(roles.police, unanswered)}
    do_issue_order(roles.police, replace(unanswered, answers=answers))
    looks = looks_at(roles.police, person)
    assert [(look.field, look.by, look.purpose) for look in looks] == [
        ("home_place", "Т. police", sealed.PURPOSE)
    ] * 2  # fmt: skip


def test_whoever_asks_again_and_again_to_find_her_is_stopped_and_it_is_witnessed(
    database: Database, roles: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    unanswered = plan(roles)
    for step in range(QUESTIONS_MAX):
        moved = Circumstances(his_home=Place(lat=42.80 + step / 100, lon=74.6))
        findings_of(roles.police, replace(unanswered, circumstances=moved))
    with pytest.raises(Refused) as refused:
        findings_of(roles.police, unanswered)
    assert refused.value.code is Code.TOO_OFTEN
    newest = looks_at(roles.police, unanswered.protected_persons[0])[0]
    assert (newest.granted, newest.by) == (False, "Т. police")  # there is no order of hers yet
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, by, data["why"]) == ("vault_refused", f"user:{roles.police.pk}", "too_often")
    assert subject == f"protected_person:{unanswered.protected_persons[0]}"
    findings_of(roles.police, replace(unanswered, circumstances=moved))  # what was answered may be asked again
    later = QUESTIONS_WITHIN + timedelta(minutes=1)
    next_month = replace(unanswered, starts_at=unanswered.starts_at + later, expires_at=unanswered.expires_at + later)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + later)
    findings_of(roles.police, next_month)


def test_the_same_draft_is_checked_many_times_a_day_and_not_without_end(roles: Cast) -> None:
    unanswered = plan(roles)
    for _ in range(LOOKS_A_DAY_MAX):
        findings_of(roles.police, unanswered)
    with pytest.raises(Refused) as refused:
        findings_of(roles.police, unanswered)
    assert refused.value.code is Code.TOO_OFTEN


def test_many_rings_in_one_draft_tell_no_more_than_the_widest(roles: Cast) -> None:
    metres = metres_between(HERE, FAR)
    rings = [
        ConditionDraft(kind="proximity", code=f"r{step}", distance_m=distance_m, warning_m=distance_m + 1000)
        for step, distance_m in enumerate((metres - 2000, metres - 1000, metres - 500, metres - 100))
    ]
    assert kinds(roles, plan(roles, *rings)).isdisjoint({"places_too_close"})
    wider = ConditionDraft(kind="proximity", code="w", distance_m=metres - 500, warning_m=metres + 1000)
    near = {SealedName.HOME_PLACE: Place(lat=42.9100, lon=74.6122)}
    found = findings_of(roles.police, plan(roles, *rings[:2], wider, sealed_places=near))
    assert [one.key for one in found if one.kind == "places_too_close"] == ["places_too_close:w"]


def test_a_grid_of_areas_in_one_draft_does_not_tell_which_holds_her_shelter(roles: Cast) -> None:
    grid = [
        ConditionDraft(
            kind="exclusion_zone", code=f"z{step}",
            shape={"circle": {"lat": 42.8746 + step / 100, "lon": 74.6122, "radius_m": 400.0}},
        )
        for step in range(8)
    ]  # fmt: skip
    sealed_places = {SealedName.SHELTER_PLACE: Place(lat=42.8746 + 5 / 100, lon=74.6122)}
    drafted = plan(roles, *grid, sealed_places=sealed_places)
    found = [one for one in findings_of(roles.police, drafted) if one.kind == "shelter_in_zone"]
    assert [one.subject.partition("/")[0] for one in found] == ["areas"]
    assert found == [one for one in findings_of(roles.police, drafted) if one.kind == "shelter_in_zone"]
    redrawn = replace(drafted, conditions=drafted.conditions[1:])
    other = [one.key for one in findings_of(roles.police, redrawn) if one.kind == "shelter_in_zone"]
    assert len(other) == 1
    assert other != [found[0].key]  # another drawing is another finding, to be answered anew


def test_how_well_her_home_is_heard_has_no_number_that_the_map_of_coverage_has_too(
    database: Database, roles: Cast
) -> None:
    heard_at(database, HERE, missed=50)
    heard_at(database, FAR, missed=50)
    found = {one.subject.partition("/")[0]: one for one in findings_of(roles.police, plan(roles))}
    assert found["his_home"].facts == {"heard_pct": 67}
    assert (found["her_home"].kind, found["her_home"].facts) == ("coverage_poor", {})


def test_nobody_asks_or_orders_about_a_protected_person_who_is_not_theirs(database: Database, roles: Cast) -> None:
    theirs = plan(roles)
    own = draft(roles.police_elsewhere, district=ELSEWHERE)
    before = len(witnesses(database))
    about_theirs = replace(own, protected_persons=theirs.protected_persons, conditions=(RING,))
    for act in (findings_of, do_issue_order):
        with pytest.raises(NotFound):
            act(roles.police_elsewhere, about_theirs)
    assert len(witnesses(database)) == before  # her places were not asked


def test_who_is_close_to_him_asks_nothing_about_her_by_a_new_draft(roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    do_record_conflict(
        roles.police, username=roles.police.username, subject_kind=CaseSubject.RESPONDENT,
        subject_id=case.respondent_id, closeness=Closeness.RELATIVE, note="двоюродный брат",
    )  # fmt: skip
    with pytest.raises(NotFound):
        findings_of(roles.police, replace(draft(roles.police), protected_persons=(her,), conditions=(RING,)))


def test_without_the_vaults_key_nothing_is_guessed(roles: Cast, tmp_path: Any) -> None:
    unanswered = plan(roles)
    (tmp_path / "keys" / "vault.key").unlink()
    with pytest.raises(Refused) as refused:
        findings_of(roles.police, unanswered)
    assert refused.value.code is Code.VAULT_UNREADABLE


@pytest.mark.parametrize("text", ["42.8", "a,b", "91,74", "42,181", ""])
def test_a_place_that_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_place(text)
    assert all(field.found is None for field in refused.value.fields)


def test_warning_time_counts_the_report_that_was_just_missed() -> None:
    ring = {"distance_m": 500.0, "warning_m": 1600.0}
    assert warning_s(ring, interval_s=60, speed_mps=DRIVING_MPS) == round(170 + 500 / DRIVING_MPS - 60 - 2)
    assert warning_s(ring, interval_s=600, speed_mps=DRIVING_MPS) == 0


def test_geometry_agrees_with_itself_for_circles_and_polygons() -> None:
    corners = [[74.60, 42.86], [74.62, 42.86], [74.62, 42.88], [74.60, 42.88], [74.60, 42.86]]
    square = {"type": "Polygon", "coordinates": [corners]}
    assert holds(square, Place(lat=42.87, lon=74.61))
    assert not holds(square, Place(lat=42.89, lon=74.61))
    assert holds(ZONE, HERE)
    assert not holds(ZONE, NEAR)
    assert 375 < metres_between(HERE, NEAR) < 381
    assert covers(square, {"circle": {"lat": 42.87, "lon": 74.61, "radius_m": 700}})
    assert not covers(square, {"circle": {"lat": 42.87, "lon": 74.61, "radius_m": 1200}})


def accusing(law: Pack) -> Pack:
    """The same law, where the paper of the court's measure would accuse."""
    import msgspec

    forms = dict(law.forms)
    forms["court_measure"] = tuple(msgspec.structs.replace(one, accuses=True) for one in forms["court_measure"])
    return replace(law, forms=forms)


def test_a_paper_that_accuses_by_an_article_nobody_verified_is_not_issued_and_the_article_is_named() -> None:
    law, today = pack("KG"), clock.now().date()
    basis = law.legal_basis("court_measure", on=today)
    check_not_held_back(law, basis, articles={"law63_27"}, on=today)
    with pytest.raises(Refused) as refused:
        check_not_held_back(accusing(law), basis, articles={"law63_27"}, on=today)
    assert refused.value.code is Code.ARTICLE_UNVERIFIED
    assert refused.value.fields[0].found == "law214_court_measure"


def test_a_hand_over_needs_a_third_adult_whom_the_engine_never_hears_of(roles: Cast) -> None:
    window = {"from": "2030-01-05T08:00:00Z", "to": "2030-01-05T09:00:00Z"}
    handover = ConditionDraft(kind="handover", code="meet", shape=ZONE, windows=[window])
    with pytest.raises(Refused) as refused:
        do_issue_order(roles.police, draft(roles.police, conditions=(RING, handover)))
    assert refused.value.fields[0].field == "conditions[1].third_adult"
    adult = replace(handover, third_adult="бабушка ребёнка")
    issued = do_issue_order(roles.police, draft(roles.police, conditions=(RING, adult)))
    stored = conditions_of(issued)[1]
    assert stored.facts == {"third_adult": "бабушка ребёнка"}
    assert "бабушка" not in str(issued.versions.get().spec)
    assert issued.versions.get().spec["conditions"][1]["windows"] == [window]


def test_how_often_a_duty_to_report_is_owed_stands_with_the_condition() -> None:
    from aralyk.orders.drafts import lawful_conditions

    law = pack("KZ")
    today = clock.now().date()
    kind = next(
        one
        for one in law.condition_kinds_on(today, legal_basis="special_requirements")
        if "times_a_month" in one.numbers
    )
    basis = law.legal_basis("special_requirements", on=today)
    (lawful,) = lawful_conditions(
        [ConditionDraft(kind=kind.slug, times_a_month=2)], law=law, basis=basis, protected=[], on=today
    )
    assert (lawful.facts, lawful.parameters) == ({"times_a_month": 2}, {})
    with pytest.raises(Refused) as refused:
        lawful_conditions(
            [ConditionDraft(kind=kind.slug, times_a_month=9)], law=law, basis=basis, protected=[], on=today
        )
    assert refused.value.fields[0].expected == "1 to 4"
