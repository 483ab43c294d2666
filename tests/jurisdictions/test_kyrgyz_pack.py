"""The Kyrgyz pack says what the sources say, on the day that is asked about."""

from datetime import UTC, date, datetime

import pytest

from aralyk.jurisdictions.loader import available, pack
from aralyk.jurisdictions.model import Entry, Issuer, KnownBy, KnownFrom
from aralyk.jurisdictions.pack import NotInForce, Pack, add_months

TODAY = date(2026, 11, 21)


@pytest.fixture
def law() -> Pack:
    return pack("KG")


def entries(law: Pack) -> list[Entry]:
    tables = (law.districts, law.agencies, law.articles, law.legal_bases, law.clocks, law.condition_kinds, law.words)
    return [entry for table in tables for versions in table.values() for entry in versions]


def test_every_entry_names_its_source(law: Pack) -> None:
    assert len(entries(law)) > 50
    assert all(entry.source.strip() for entry in entries(law))


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
    assert (by_law.hours, by_law.known_from) == (24, KnownFrom.OFFICIAL)
    assert (observed.hours, observed.known_from, observed.article) == (24, KnownFrom.OURS, None)


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
    for versions in law.words.values():
        for word in versions:
            texts = {word.text.in_language(language) for language in law.country.languages}
            assert not texts & forbidden


def test_a_day_in_bishkek_begins_before_the_day_in_utc(law: Pack) -> None:
    assert law.day_of(datetime(2026, 11, 20, 19, tzinfo=UTC)) == TODAY


def test_a_month_from_the_last_day_ends_on_the_last_day() -> None:
    start = datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert add_months(start, 1, zone="Asia/Bishkek") == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert add_months(start, 12, zone="Asia/Bishkek") == datetime(2028, 1, 31, 12, tzinfo=UTC)


def test_the_pack_is_there() -> None:
    assert "KG" in available()
