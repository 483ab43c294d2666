"""The folder packs/XA beside this file is a whole country: its orders pass the doors that Kyrgyz orders pass."""

from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from aralyk.access.errors import Code, Refused
from aralyk.devices.contacts import moments_after
from aralyk.jurisdictions.loader import read_pack
from aralyk.jurisdictions.model import KINDS
from aralyk.jurisdictions.pack import Pack
from aralyk.orders.drafts import ConditionDraft, OrderDraft, check_draft, lawful_conditions
from aralyk.orders.models import Threat
from aralyk.people.models import Stated

FOLDER = Path(__file__).parent / "packs" / "XA"
SOURCE = Path(__file__).resolve().parents[2] / "src" / "aralyk"
BERLIN = ZoneInfo("Europe/Berlin")
SHE = uuid4()


@pytest.fixture
def law() -> Pack:
    return read_pack(FOLDER)


def draft(*, starts_at: datetime, expires_at: datetime, conditions: tuple[ConditionDraft, ...]) -> OrderDraft:
    return OrderDraft(
        number="XA-1", jurisdiction="XA", legal_basis="barring_order", respondent=uuid4(), protected_persons=(SHE,),
        district="old_town", threat=Threat.HIGH, starts_at=starts_at, expires_at=expires_at, conditions=conditions,
        statements={"weapons": Stated.NO}, reported_at=starts_at, established_at=starts_at,
    )  # fmt: skip


def test_no_code_names_the_country() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")]
    assert len(texts) > 100
    assert not any('"XA"' in text or "barring_order" in text for text in texts)


def test_its_order_is_checked_against_its_own_terms_and_conditions(law: Pack) -> None:
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    near = ConditionDraft(kind="proximity", distance_m=500, warning_m=1500)
    apart = ConditionDraft(kind="no_contact")
    two_months = draft(
        starts_at=now, expires_at=datetime(2027, 1, 22, 10, tzinfo=UTC), conditions=(near, apart)
    )  # fmt: skip
    basis = check_draft(two_months, law=law, now=now)
    conditions = lawful_conditions(
        two_months.conditions, law=law, basis=basis, protected=(SHE,), on=law.day_of(now)
    )  # fmt: skip
    assert [(condition.kind.slug, condition.article) for condition in conditions] == [
        ("proximity", "order"), ("no_contact", "order"),
    ]  # fmt: skip
    assert law.article(conditions[0].article, on=law.day_of(now)).number == "10"


@pytest.mark.parametrize(
    ("expires_at", "code"),
    [(datetime(2026, 12, 22, 9, 59, tzinfo=UTC), Code.TERM_TOO_SHORT),
     (datetime(2027, 1, 22, 10, 1, tzinfo=UTC), Code.TERM_TOO_LONG)],
)  # fmt: skip
def test_its_shortest_and_longest_terms_hold(law: Pack, expires_at: datetime, code: Code) -> None:
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    order = draft(starts_at=now, expires_at=expires_at, conditions=(ConditionDraft(kind="no_contact"),))
    with pytest.raises(Refused) as refused:
        check_draft(order, law=law, now=now)
    assert refused.value.code is code


def test_an_order_of_the_day_before_the_change_has_the_old_term_and_no_device(law: Pack) -> None:
    now = datetime(2026, 6, 30, 10, tzinfo=UTC)
    near = ConditionDraft(kind="proximity", distance_m=500, warning_m=1500)
    order = draft(starts_at=now, expires_at=datetime(2026, 7, 10, 10, tzinfo=UTC), conditions=(near,))
    basis = check_draft(order, law=law, now=now)
    with pytest.raises(Refused) as refused:
        lawful_conditions(order.conditions, law=law, basis=basis, protected=(SHE,), on=law.day_of(now))
    assert refused.value.code is Code.NOT_IN_FORCE
    assert law.article("order", on=date(2026, 6, 30)).number == "1"


def test_its_clocks_count_its_working_days_in_its_zone(law: Pack) -> None:
    on = date(2026, 9, 30)
    issued = datetime(2026, 9, 30, 16, tzinfo=BERLIN)  # Wednesday; Thursday and Friday are holidays
    serve, review = law.clock("serve", on=on), law.clock("review", on=on)
    assert law.due_at(serve.due, issued).at == datetime(2026, 10, 8, tzinfo=BERLIN)
    assert law.due_at(review.due, issued).at == datetime(2026, 10, 31, tzinfo=BERLIN)
    answer = law.clock("answer", on=on)
    assert law.due_at(answer.due, issued).at == datetime(2026, 10, 5, 12, tzinfo=BERLIN)
    bought = law.due_at(answer.due, datetime(2026, 10, 9, 16, tzinfo=BERLIN))
    assert bought.at == datetime(2026, 10, 10, 12, tzinfo=BERLIN)  # the Saturday that paid for the long weekend
    assert law.due_at(serve.due, datetime(2026, 12, 31, 12, tzinfo=BERLIN)).provisional  # 2027 is not listed


def test_its_protocol_waits_for_a_reader_of_the_new_law(law: Pack) -> None:
    protocol = law.form("protocol", on=date(2026, 6, 30))
    assert law.held_back_by(protocol, articles=[], on=date(2026, 6, 30)) == ()
    assert law.held_back_by(protocol, articles=[], on=date(2026, 7, 1)) == ("breach",)


def test_it_has_levels_of_risk_and_duties_of_its_own(law: Pack) -> None:
    today = date(2026, 11, 22)
    assert [level.slug for level in law.risk_levels_on(today)] == ["grave", "ordinary"]
    grave, ordinary = (
        {duty.slug for duty in law.duties_on(today, level=level, legal_basis="barring_order")}
        for level in ("grave", "ordinary")
    )
    assert grave == {"reassess_grave", "tell_children"}
    assert ordinary == {"tell_children"}


def test_every_kind_of_entry_is_tried_here_or_says_that_there_is_none(law: Pack) -> None:
    empty = {name for name, (_, plural) in KINDS.items() if not getattr(law, plural)}
    assert empty == {"register", "her_message", "playbook"}


def test_a_respondent_is_written_to_by_the_rule_of_the_country_and_on_no_holiday(law: Pack) -> None:
    before = datetime(2026, 9, 30, 23, tzinfo=BERLIN)
    found = list(islice(moments_after(b"s" * 32, law, before), 6))
    days = [moment.at.astimezone(BERLIN).date() for moment in found]
    assert days == 3 * [date(2026, 10, 3)] + 3 * [date(2026, 10, 4)]  # the first two of October are days off
    assert all(12 <= moment.at.astimezone(BERLIN).hour < 18 and moment.call for moment in found)
