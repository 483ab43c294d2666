"""The Kyrgyz pack says what the sources say, on the day that is asked about."""

from datetime import UTC, date, datetime, timedelta

import pytest

from aralyk.jurisdictions.loader import available, pack
from aralyk.jurisdictions.model import AgencyKind, Issuer, KnownBy, KnownFrom
from aralyk.jurisdictions.pack import NotInForce, Pack, add_months
from aralyk.jurisdictions.values import ArticleKind, Circumstance, DutyKind, Event, SanctionKind

TODAY = date(2026, 11, 21)


@pytest.fixture
def law() -> Pack:
    return pack("KG")


def test_the_police_order_runs_three_days_and_thirty_more_at_her_request(law: Pack) -> None:
    basis = law.legal_basis("police_temporary_order", on=TODAY)
    start = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert basis.issuer is Issuer.POLICE
    assert law.latest_end(basis, starts_at=start) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert law.latest_end(basis, starts_at=start, extended=True) == datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert basis.extension is not None
    assert basis.extension.on_request_of == "protected_person"


def test_the_court_measure_runs_three_months_at_most_and_twenty_days_at_least_since_the_pilot(law: Pack) -> None:
    before, pilot = (law.legal_basis("court_measure", on=on) for on in (date(2025, 12, 1), TODAY))
    assert before.term.days_min is None
    assert pilot.term.days_min == 20
    start = datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert law.latest_end(pilot, starts_at=start) == datetime(2027, 2, 28, 10, tzinfo=UTC)


def test_electronic_monitoring_enforces_the_police_order_only_since_the_law_of_2025(law: Pack) -> None:
    assert not law.legal_basis("police_temporary_order", on=date(2025, 10, 26)).electronic_monitoring
    assert law.legal_basis("police_temporary_order", on=date(2025, 10, 27)).electronic_monitoring


def test_a_basis_is_unknown_before_it_came_into_force(law: Pack) -> None:
    with pytest.raises(NotInForce) as refused:
        law.legal_basis("court_measure", on=date(2025, 10, 26))
    assert refused.value.known == ("police_temporary_order",)


def test_no_protocol_rests_on_an_article_that_nobody_has_read(law: Pack) -> None:
    assert law.article("offences_70", on=TODAY).carries_a_protocol
    assert not law.article("offences_breach_of_temporary_order", on=TODAY).carries_a_protocol
    assert not law.article("offences_breach_of_monitoring", on=TODAY).carries_a_protocol


def test_two_clocks_of_24_hours_run_for_the_issue_of_an_order(law: Pack) -> None:
    by_law = law.clock("issue_from_established_fact", on=TODAY)
    observed = law.clock("issue_from_report", on=TODAY)
    assert (by_law.runs_from, by_law.known_from) == (Event.VIOLENCE_ESTABLISHED, KnownFrom.OFFICIAL)
    assert (observed.runs_from, observed.known_from, observed.article) == (
        Event.REPORT_RECEIVED, KnownFrom.OURS, None,
    )  # fmt: skip
    assert by_law.met_by is observed.met_by is Event.ORDER_ISSUED
    at = datetime(2026, 11, 20, 20, tzinfo=UTC)
    assert law.due_at(by_law.due, at).at == law.due_at(observed.due, at).at == datetime(2026, 11, 21, 20, tzinfo=UTC)


def test_each_condition_names_its_article_and_how_compliance_is_known(law: Pack) -> None:
    for basis in law.legal_bases_on(TODAY):
        kinds = law.condition_kinds_on(TODAY, legal_basis=basis.slug)
        assert {"proximity", "exclusion_zone", "no_contact"} <= {kind.slug for kind in kinds}
        assert all(law.article(kind.articles[basis.slug], on=TODAY) for kind in kinds)
        assert all(kind.engine == (kind.known_by is KnownBy.DEVICE) for kind in kinds)


def test_the_pilot_has_the_four_districts_of_the_city_and_a_police_unit_for_each(law: Pack) -> None:
    city = [district.slug for district in law.districts_on(TODAY) if district.within == "bishkek_city"]
    assert city == ["bishkek_leninsky", "bishkek_oktyabrsky", "bishkek_pervomaisky", "bishkek_sverdlovsky"]
    police = {agency.districts for agency in law.agencies_on(TODAY) if agency.kind == "police" and agency.districts}
    assert police == {(code,) for code in city}
    assert law.agency("police_leninsky", on=TODAY).unverified


def test_the_screen_name_says_nothing_of_the_product_and_kyrgyz_is_marked_as_a_draft(law: Pack) -> None:
    name = law.word("screen_name", on=TODAY)
    assert name.in_language("ru") == "Мониторинг охранных ордеров"
    assert name.in_language("ky") == "Коргоо ордерлеринин мониторинги"
    assert name.is_draft("ky")
    assert not name.is_draft("ru")


def test_a_legal_text_never_falls_back_to_another_language(law: Pack) -> None:
    with pytest.raises(KeyError):
        law.word("screen_name", on=TODAY).in_language("kk")


def test_no_official_word_is_one_that_may_never_be_used(law: Pack) -> None:
    forbidden = {banned for versions in law.words.values() for word in versions for banned in word.never}
    assert {"семейный конфликт", "үй-бүлөлүк чыр", "электронный надзор"} <= forbidden
    for versions in law.words.values():
        for word in versions:
            texts = {word.text.in_language(language) for language in word.text.languages()}
            assert not texts & forbidden


def test_the_risk_is_assessed_again_after_72_hours_7_30_and_60_days(law: Pack) -> None:
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    found = {}
    for level in law.risk_levels_on(TODAY):
        duties = law.duties_on(
            TODAY, level=level.slug, legal_basis="police_temporary_order", runs_from=Event.RISK_ASSESSED
        )
        (again,) = [duty for duty in duties if duty.kind is DutyKind.REASSESS_RISK]
        assert again.repeats
        assert again.due is not None
        found[level.slug] = law.due_at(again.due, at).at - at
    assert found == {
        "extreme": timedelta(hours=72), "high": timedelta(days=7),
        "medium": timedelta(days=30), "low": timedelta(days=60),
    }  # fmt: skip
    assert list(found) == ["extreme", "high", "medium", "low"]


@pytest.mark.parametrize(
    "event", [Event.BREACH, Event.PANIC, Event.TAMPER, Event.NEW_REPORT, Event.SEPARATION, Event.ORDER_EXPIRES,
              Event.COURT_DATE, Event.DEVICE_REMOVED, Event.REDUCTION_REQUESTED],
)  # fmt: skip
@pytest.mark.parametrize("basis", ["police_temporary_order", "court_measure"])
def test_an_event_that_raises_the_risk_demands_a_new_assessment_at_every_level(
    law: Pack, event: Event, basis: str
) -> None:
    for level in law.risk_levels_on(TODAY):
        duties = law.duties_on(TODAY, level=level.slug, legal_basis=basis, runs_from=event)
        assert [duty for duty in duties if duty.kind is DutyKind.REASSESS_RISK and duty.due]


def test_she_is_asked_about_the_extension_before_the_order_expires_and_only_where_there_is_one(law: Pack) -> None:
    expiry = datetime(2026, 11, 24, 10, tzinfo=UTC)
    duty = law.duty("ask_about_extension", on=TODAY)
    assert duty.due is not None
    assert law.due_at(duty.due, expiry).at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert duty.falls_on(level="low", legal_basis="police_temporary_order")
    assert not duty.falls_on(level="low", legal_basis="court_measure")


def test_child_services_hear_of_every_order_with_a_minor_and_the_prosecutor_of_monitoring_without_a_court(
    law: Pack,
) -> None:
    children = law.duty("notify_child_services", on=TODAY)
    assert (children.tells, children.only_if) == (AgencyKind.CHILD_SERVICES, Circumstance.MINOR_INVOLVED)
    prosecutor = law.duty("notify_prosecutor_of_monitoring", on=TODAY)
    assert (prosecutor.tells, prosecutor.legal_bases) == (AgencyKind.PROSECUTOR, ("police_temporary_order",))


def test_a_term_that_no_source_names_says_that_it_is_ours(law: Pack) -> None:
    for versions in law.duties.values():
        for duty in versions:
            if duty.due is not None:
                assert KnownFrom.OURS in {duty.known_from, duty.due_known_from}, duty.slug


def test_no_protocol_is_issued_on_an_article_that_nobody_has_read(law: Pack) -> None:
    protocol = law.form("offence_protocol_family_violence", on=TODAY)
    assert law.held_back_by(protocol, articles=[], on=TODAY) == ()
    assert law.held_back_by(protocol, articles=["offences_70"], on=TODAY) == ()
    assert law.held_back_by(protocol, articles=["offences_breach_of_monitoring"], on=TODAY) == (
        "offences_breach_of_monitoring",
    )
    for slug in ("offence_protocol_breach_of_monitoring", "offence_protocol_breach_of_order"):
        assert law.held_back_by(law.form(slug, on=TODAY), articles=[], on=TODAY)
    order = law.form("court_measure", on=TODAY)
    assert law.article("law214_court_measure", on=TODAY).unverified
    assert law.held_back_by(order, articles=["law214_court_measure"], on=TODAY) == ()  # she is protected today


def test_each_order_has_its_own_papers_and_those_that_go_with_every_order(law: Pack) -> None:
    police, court = (
        {form.slug for form in law.forms_on(TODAY, legal_basis=basis)}
        for basis in ("police_temporary_order", "court_measure")
    )
    assert {"temporary_order", "temporary_order_extension", "offence_protocol_breach_of_order"} == police - court
    assert {"court_measure"} == court - police
    assert {"report_receipt", "risk_assessment", "receipt_of_service", "forensic_referral"} <= police & court
    served = {form.slug for form in law.forms_on(TODAY, legal_basis="court_measure") if form.reaches_respondent}
    assert not served & {"report_receipt", "risk_assessment", "child_services_notice", "prosecutor_notice"}


def test_a_report_may_name_what_the_law_lists_and_what_police_and_prosecutors_add(law: Pack) -> None:
    listed = {kind.slug: kind.statutory for kind in law.violence_kinds_on(TODAY)}
    assert {slug for slug, statutory in listed.items() if statutory} == {
        "physical", "psychological", "economic", "neglect", "stalking"
    }  # fmt: skip
    assert {slug for slug, statutory in listed.items() if not statutory} == {"sexual", "ill_treatment"}
    assert "stalking" not in {kind.slug for kind in law.violence_kinds_on(date(2025, 10, 26))}
    equated = {relation.slug for relation in law.relations_on(TODAY) if relation.equated}
    assert equated == {"unmarried_partner", "dependant", "parent_of_spouse", "relative_in_household"}


def test_the_polices_registers_are_named_to_exchange_files_with(law: Pack) -> None:
    registers = {register.slug: register.kept_by for register in law.registers_on(TODAY)}
    assert set(registers) == {"erp", "zhui", "protection_orders", "offences"}
    assert {law.agency(agency, on=TODAY).slug for agency in registers.values()} == {"ministry_internal_affairs"}


def test_breaking_monitoring_costs_40_hours_of_work_or_7_to_14_days_of_arrest_since_the_law_of_2025(law: Pack) -> None:
    found = {
        sanction.kind: (sanction.minimum, sanction.maximum)
        for sanction in law.sanctions_on(TODAY, article="offences_breach_of_monitoring")
    }
    assert found == {SanctionKind.COMMUNITY_SERVICE_H: (40, 40), SanctionKind.ARREST_DAYS: (7, 14)}
    assert law.sanctions_on(date(2025, 10, 26), article="offences_breach_of_monitoring") == ()


def test_family_violence_was_article_75_before_it_was_article_70_and_stalking_came_in_2025(law: Pack) -> None:
    assert law.article("misconduct_75", on=date(2021, 11, 30)).number == "75"
    with pytest.raises(NotInForce):
        law.article("misconduct_75", on=date(2021, 12, 1))
    before, after = (law.article("offences_70", on=on) for on in (date(2025, 10, 26), date(2025, 10, 27)))
    assert "преследование" not in before.subject.in_language("ru")
    assert "преследование" in after.subject.in_language("ru")


def test_crimes_are_counted_apart_from_offences(law: Pack) -> None:
    crimes = {
        version.number for versions in law.articles.values() for version in versions
        if version.kind is ArticleKind.CRIME
    }  # fmt: skip
    assert crimes == {"122", "130", "131", "138", None}  # the number of rape was not found
    assert law.article("offences_70", on=TODAY).kind is ArticleKind.OFFENCE


def test_the_ministrys_release_has_its_columns_in_its_order_and_the_committee_its_codes(law: Pack) -> None:
    release = law.statistics_on(TODAY, series="mia_release")
    columns = [code.slug.removeprefix("mia_release_column_") for code in release if code.dimension == "column"]
    assert columns[:5] == ["cases", "orders", "women", "men", "minors"]
    ages = [code.code for code in law.statistics_on(TODAY, series="nsc_5_2_1_3") if code.dimension == "age"]
    assert ages == ["Y0T20", "Y21T30", "Y31T40", "Y41T50", "Y_GE51"]
    territories = {district.statistics_code for district in law.districts_on(TODAY) if district.within is None}
    assert territories == {"KG11", "KG21", *(f"KG0{number}" for number in range(2, 9))}


def test_every_text_that_somebody_must_act_on_is_there_in_uzbek_as_a_draft(law: Pack) -> None:
    texts = [message.text for message in law.device_messages_on(TODAY)]
    texts += [kind.name for basis in law.legal_bases_on(TODAY)
              for kind in law.condition_kinds_on(TODAY, legal_basis=basis.slug)]  # fmt: skip
    assert len(texts) > 15
    assert all(text.is_draft("uz") and text.in_language("uz") for text in texts)


def test_a_day_in_bishkek_begins_before_the_day_in_utc(law: Pack) -> None:
    assert law.day_of(datetime(2026, 11, 20, 19, tzinfo=UTC)) == TODAY


def test_a_month_from_the_last_day_ends_on_the_last_day() -> None:
    start = datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert add_months(start, 1, zone="Asia/Bishkek") == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert add_months(start, 12, zone="Asia/Bishkek") == datetime(2028, 1, 31, 12, tzinfo=UTC)


def test_the_pack_is_there() -> None:
    assert "KG" in available()
