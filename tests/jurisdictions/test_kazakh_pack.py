"""The Kazakh pack: other orders, other terms, no devices; what the law of 2026 says is still to be read."""

from datetime import UTC, date, datetime

import pytest

from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.model import Issuer, KnownBy
from aralyk.jurisdictions.pack import Pack
from aralyk.jurisdictions.values import SanctionKind

TODAY = date(2026, 11, 22)
BEFORE = date(2026, 3, 1)  # the last day of the law of 2009


@pytest.fixture
def law() -> Pack:
    return pack("KZ")


def test_the_prescription_runs_30_days_against_somebody_over_16_and_can_not_be_prolonged(law: Pack) -> None:
    basis = law.legal_basis("protective_prescription", on=TODAY)
    start = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert (basis.issuer, basis.extension, basis.respondent_age_over) == (Issuer.POLICE, None, 16)
    assert law.latest_end(basis, starts_at=start) == datetime(2026, 12, 22, 10, tzinfo=UTC)
    assert law.earliest_end(basis, starts_at=start) == start


def test_special_requirements_run_three_to_twelve_months(law: Pack) -> None:
    basis = law.legal_basis("special_requirements", on=TODAY)
    start = datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert basis.issuer is Issuer.COURT
    assert law.earliest_end(basis, starts_at=start) == datetime(2027, 2, 28, 10, tzinfo=UTC)
    assert law.latest_end(basis, starts_at=start) == datetime(2027, 11, 30, 10, tzinfo=UTC)


def test_no_device_watches_anybody_on_any_basis_on_any_day(law: Pack) -> None:
    assert not any(basis.electronic_monitoring for versions in law.legal_bases.values() for basis in versions)
    assert not any(kind.engine for versions in law.condition_kinds.values() for kind in versions)


def test_an_order_of_the_old_law_keeps_its_article_and_the_new_article_waits_for_a_reader(law: Pack) -> None:
    old, new = (law.article("protective_prescription", on=on) for on in (BEFORE, TODAY))
    assert "214-IV" in old.act
    assert "245-VIII" in new.act
    assert new.unverified
    assert not law.legal_basis("protective_prescription", on=BEFORE).unverified
    assert law.legal_basis("protective_prescription", on=date(2026, 3, 2)).unverified


def test_a_protocol_on_a_breach_rests_on_article_461_whose_days_of_arrest_are_unknown(law: Pack) -> None:
    protocol = law.form("offence_protocol_461", on=TODAY)
    assert law.held_back_by(protocol, articles=["offence_461"], on=TODAY) == ()
    (arrest,) = law.sanctions_on(TODAY, article="offence_461")
    assert (arrest.kind, arrest.minimum, arrest.maximum, arrest.unverified) == (
        SanctionKind.ARREST_DAYS, None, None, True,
    )  # fmt: skip
    assert law.held_back_by(protocol, articles=["crime_stalking"], on=TODAY) == ("crime_stalking",)


def test_who_must_report_to_the_police_does_so_one_to_four_times_a_month(law: Pack) -> None:
    kind = law.condition_kind("report_to_police", on=TODAY)
    bounds = kind.numbers["times_a_month"]
    assert (kind.known_by, bounds.minimum, bounds.maximum) == (KnownBy.CHECK_IN, 1, 4)
    assert law.condition_kind("no_alcohol", on=TODAY).known_by is KnownBy.NONE


def test_the_pack_covers_the_20_regions_and_cities(law: Pack) -> None:
    codes = [district.statistics_code for district in law.districts_on(TODAY)]
    assert len(set(codes)) == 20
    assert {"KZ-71", "KZ-75", "KZ-79"} <= set(codes)


def test_a_regional_release_has_the_polices_columns(law: Pack) -> None:
    columns = [code.slug.removeprefix("regional_release_column_") for code in
               law.statistics_on(TODAY, series="regional_release")]  # fmt: skip
    assert columns == [
        "offences_73", "prescriptions", "special_requirements", "breaches_461", "arrests", "community_work"
    ]  # fmt: skip


def test_nobody_reads_a_kyrgyz_text_where_the_pack_has_none(law: Pack) -> None:
    text = law.word("protection_order", on=TODAY)
    assert text.in_language("ru") == "защитное предписание"
    assert text.is_draft("kk")
    with pytest.raises(KeyError):
        text.in_language("ky")


def test_what_a_prescription_forbids_is_inferred_and_says_so(law: Pack) -> None:
    kinds = law.condition_kinds_on(TODAY, legal_basis="protective_prescription")
    assert {kind.slug for kind in kinds} == {"no_contact", "no_stalking", "psychological_correction"}
    assert all(kind.unverified for kind in kinds)
