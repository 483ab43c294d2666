"""The served paper tells him what he must do and nothing of her; the sealed one tells the court everything."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.grants import do_grant_case
from aralyk.access.models import Right, Role, User
from aralyk.access.witness import fingerprint
from aralyk.jurisdictions.loader import pack
from aralyk.orders.actions import do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.models import Order, Receipt, Weapons
from aralyk.orders.queries import conditions_of, order_for
from aralyk.orders.service import Topic
from aralyk.papers.actions import (
    do_make_paper,
    do_make_sealed_paper,
    do_name_zone,
    do_take_paper,
    do_withhold_area,
)
from aralyk.papers.areas import publish_areas
from aralyk.papers.deliveries import do_record_delivery, do_serve_paper
from aralyk.papers.documents import document_of
from aralyk.papers.geometry import Circle, distance_m
from aralyk.papers.looks import ON_PAPER
from aralyk.papers.models import Delivery, Paper, PublicArea, Recipient, Rendition, Way
from aralyk.papers.queries import paper_for, papers_for, served_papers_for
from aralyk.people.actions import do_register_protected_person
from aralyk.people.queries import looks_at
from aralyk.people.vault import SealedName
from tests.conftest import Database
from tests.orders.cast import ZONE, Cast, account, draft, order, witnesses
from tests.papers.looking import everything, holds, letters

LANGUAGES = ("ru", "ky", "en")
HOME = {"lat": 42.874613, "lon": 74.612287, "radius_m": 307.0}
PLANTED = {
    SealedName.NAME: "Синтетическая Жылдызай Мурунова",
    SealedName.PHONE: "+996555918273",
    SealedName.HOME_ADDRESS: "улица Сокрытая 917, квартира 45",
    SealedName.WORK_ADDRESS: "ателье Неназванное, проспект 61А",
    SealedName.SCHOOL_ADDRESS: "школа-гимназия 8173",
}
REASON = "переезд к сестре на Тынчтык"


def planted(roles: Cast, *, home: dict[str, float] = HOME, **changed: Any) -> Order:
    """An order with a token in everything that he must not learn."""
    her = do_register_protected_person(roles.police, sealed=PLANTED, code="QXZ47W", synthetic=True)
    # Hours far from now: the time of day stands on every paper.
    begins, ends = (moment_of_day(clock.now() + timedelta(hours=hours, minutes=17)) for hours in (5, 11))
    slots = [{"days": ["mon", "fri"], "from": begins, "to": ends}]
    conditions = (
        ConditionDraft(kind="proximity", code="ring-sekret", distance_m=500, warning_m=1237),
        ConditionDraft(kind="exclusion_zone", code="dom-jyldyzai", shape={"circle": home}, schedule=slots),
        ConditionDraft(kind="no_contact", code="contact-tainyi"),
    )
    # Its number holds no digits that could be a token by chance.
    found = order(roles.police, number="ПР/АБВ-9", protected_persons=(her.pk,), conditions=conditions, **changed)
    return do_vary_order(roles.police, found.pk, reason=REASON)


def moment_of_day(at: datetime) -> str:
    return at.astimezone(ZoneInfo(pack("KG").country.timezone)).strftime("%H:%M")


def hours_of(found: Order) -> tuple[str, str]:
    """The hours of her zone."""
    (slot,) = conditions_of(found).get(kind="exclusion_zone").parameters["schedule"]
    return slot["from"], slot["to"]


def tokens_of(found: Order, home: dict[str, float] = HOME) -> list[str]:
    her = found.protected_persons.get()
    return [
        *PLANTED.values(), "Мурунова", "Сокрытая", "918273", REASON, "Тынчтык",
        her.code, str(her.pk), her.pk.hex, str(found.pk),
        "1237", "1,2 км", "1.2 km", *hours_of(found), "307",
        f"{home['lat']:.5f}", f"{home['lon']:.5f}", f"{home['lat']:.5f}".replace(".", ","),
        f"{home['lon']:.5f}".replace(".", ","), "dom-jyldyzai", "ring-sekret", "contact-tainyi", "sekret",
        "Aralyk", "aralyk", "Аралык",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rendition", [Rendition.SERVED, Rendition.HERS])
def test_no_sealed_token_is_anywhere_in_a_paper_that_may_be_found(
    database: Database, roles: Cast, language: str, rendition: Rendition
) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=rendition, language=language)
    assert paper.pdf is not None
    stored = json.dumps(paper.document, ensure_ascii=False)
    for token in tokens_of(found):
        assert not holds(bytes(paper.pdf), token), f"a sealed token of {len(token)} characters"
        assert token not in stored


def test_the_search_for_tokens_finds_them_where_they_are(database: Database, roles: Cast) -> None:
    found = planted(roles)
    made = do_make_sealed_paper(
        roles.police, found.pk, language="ru", purpose="подготовка к заседанию суда", fields=ON_PAPER
    )
    for token in (*PLANTED.values(), "QXZ47W", "42,874613", "74,612287", hours_of(found)[0], "dom-jyldyzai"):
        assert holds(made.pdf, token), token


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_wherever_her_home_is_the_served_paper_does_not_hold_it(
    data: st.DataObject, database: Database, roles: Cast
) -> None:
    home = {
        "lat": round(data.draw(st.floats(39.5, 43.0)), 6),
        "lon": round(data.draw(st.floats(69.5, 80.0)), 6),
        "radius_m": float(data.draw(st.integers(50, 4_000))),
    }
    conditions = (
        ConditionDraft(kind="proximity", distance_m=data.draw(st.integers(50, 5_000)), warning_m=9_876),
        ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": home}),
    )
    found = order(roles.police, conditions=conditions)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
    (area,) = PublicArea.objects.filter(codes__order=found)
    apart_m = distance_m(area.lat, area.lon, home["lat"], home["lon"])
    assert apart_m >= 1_000.0
    assert apart_m + home["radius_m"] <= area.radius_m, "whoever stays outside must be outside the closed place"
    assert paper.pdf is not None
    for value in (home["lat"], home["lon"]):
        assert not holds(bytes(paper.pdf), f"{value:.4f}")
    # Its number is random, and may hold any digits; no public area is so large, so these are the warning ring's.
    said = letters(bytes(paper.pdf)).replace(found.number, "")
    for ring in ("9876", "9.9km"):
        assert ring not in said


def test_of_a_drawn_outline_nothing_remains_but_that_it_is_inside(database: Database, roles: Cast) -> None:
    corners = [[74.60123, 42.87345], [74.60987, 42.87345], [74.60987, 42.87912], [74.60444, 42.87555]]
    corners.append(corners[0])
    shape = {"type": "Polygon", "coordinates": [corners]}
    found = order(roles.police, conditions=(ConditionDraft(kind="exclusion_zone", code="school", shape=shape),))
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
    (area,) = PublicArea.objects.all()
    assert paper.pdf is not None
    for lon, lat in corners:
        assert distance_m(area.lat, area.lon, lat, lon) <= area.radius_m
        assert not holds(bytes(paper.pdf), f"{lat:.5f}")
        assert not holds(bytes(paper.pdf), f"{lon:.5f}")
    circle = ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": HOME})
    same_size = order(roles.police, conditions=(circle,))
    do_make_paper(roles.police, same_size.pk, rendition=Rendition.SERVED, language="en")
    radii = set(PublicArea.objects.values_list("radius_m", flat=True))
    assert len(radii) <= 2
    assert radii <= {3_000.0, 3_500.0}, "the radius tells the class of a place, never the place"


def test_a_shelter_and_a_code_word_belong_on_no_paper(database: Database, roles: Cast) -> None:
    assert set(ON_PAPER) == {"name", "phone", "home_address", "work_address", "school_address"}
    assert set(ON_PAPER) <= set(SealedName)


def test_the_served_paper_says_what_he_must_do(database: Database, roles: Cast) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    assert paper.pdf is not None
    read = letters(bytes(paper.pdf))
    for expected in (
        found.number, "Синтетический Бакыт", "Не приближаться", "500 м", "З-1", "Не звоните", "Заряжайте устройство",
        "ремень", "102", "мониторинговый центр", "пожаловаться прокурору", "Получил и понял",
    ):  # fmt: skip
        assert "".join(expected.split()) in read, expected


def test_a_served_paper_of_another_language_borrows_no_word(database: Database, roles: Cast) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ky")
    assert paper.draft
    document = document_of(paper.document)
    assert document.warning
    assert "Жакындабоо" in json.dumps(paper.document, ensure_ascii=False)
    with pytest.raises(Refused) as refused:
        do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="uz")
    assert refused.value.fields[0].field == "language"


def test_a_paper_is_pdf_a_with_its_own_fonts_and_no_personal_metadata(database: Database, roles: Cast) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ky")
    assert paper.pdf is not None
    check_pdf_a(bytes(paper.pdf), language="ky")


def check_pdf_a(pdf: bytes, *, language: str) -> None:
    """What can be checked of PDF/A-2a (ISO 19005-2) without a validator."""
    raw = everything(pdf)
    assert b"<pdfaid:part>2</pdfaid:part>" in raw
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in raw
    for forbidden in (
        b"/JavaScript",
        b"/Launch",
        b"/EmbeddedFile",
        b"/Encrypt",
        b"/AcroForm",
        b"/URI",
        b"<dc:creator>",
    ):
        assert forbidden not in raw, forbidden
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.check_pdf_syntax() == []
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.StructTreeRoot is not None
        assert str(opened.Root.Lang) == language
        assert str(opened.Root.OutputIntents[0].S) == "/GTS_PDFA1"
        fonts = [
            found for found in opened.objects if isinstance(found, pikepdf.Dictionary) and "/FontDescriptor" in found
        ]
        assert fonts
        assert all(set(font.FontDescriptor.keys()) & {"/FontFile", "/FontFile2", "/FontFile3"} for font in fonts)


def test_the_same_paper_has_the_same_bytes_and_is_kept_once(database: Database, roles: Cast) -> None:
    found = planted(roles)
    first = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    again = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    assert again.pk == first.pk
    assert Paper.objects.count() == 1


def test_asked_a_thousand_times_an_area_is_where_it_was(database: Database, roles: Cast) -> None:
    found = planted(roles)
    before = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en").document
    for step in range(12):
        moved = {**HOME, "lat": HOME["lat"] + step * 1e-5, "radius_m": HOME["radius_m"] + 2 * step}
        do_vary_order(
            roles.police, found.pk, reason="уточнение зоны",
            conditions=(
                ConditionDraft(kind="proximity", code="ring-sekret", distance_m=500, warning_m=1237),
                ConditionDraft(kind="exclusion_zone", code="dom-jyldyzai", shape={"circle": moved}),
                ConditionDraft(kind="no_contact", code="contact-tainyi"),
            ),
        )  # fmt: skip
        paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
        assert areas_in(paper.document) == areas_in(before)
    found.refresh_from_db()
    conditions = list(conditions_of(found))
    with transaction.atomic():
        answers = [publish_areas(roles.police, found, conditions, at=clock.now()) for _ in range(1_000)]
    assert all(answer == answers[0] for answer in answers)
    circle = answers[0]["dom-jyldyzai"].circle
    assert circle is not None
    assert f"{circle.lat:.3f}" in areas_in(before)[0]
    assert f"{circle.lon:.3f}" in areas_in(before)[0]
    assert PublicArea.objects.count() == 1


def areas_in(document: Any) -> list[str]:
    return [row[1] for block in document["blocks"] for row in block["rows"] if row[0].startswith("Z-")]


def test_a_second_order_about_the_same_person_shows_the_same_area(database: Database, roles: Cast) -> None:
    first = order(roles.police)
    her = first.protected_persons.get()
    second = order(roles.police, protected_persons=(her.pk,))
    shown = [
        areas_in(do_make_paper(roles.police, each.pk, rendition=Rendition.SERVED, language="en").document)
        for each in (first, second)
    ]
    assert shown[0] == shown[1]
    assert PublicArea.objects.count() == 1


def test_two_places_of_one_neighbourhood_are_one_area_and_one_line(database: Database, roles: Cast) -> None:
    same_house = {**HOME, "radius_m": 150.0}  # her work is on the ground floor
    conditions = (
        ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": HOME}),
        ConditionDraft(kind="exclusion_zone", code="work", shape={"circle": same_house}),
    )
    found = order(roles.police, conditions=conditions)
    document: Any = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en").document
    assert PublicArea.objects.count() == 1
    assert len(areas_in(document)) == 1
    (items,) = [block for block in document["blocks"] if block["kind"] == "items" and "closed place" in str(block)]
    assert len([row for row in items["rows"] if "Z-1" in row[1]]) == 1


def test_places_that_are_apart_have_offsets_of_their_own(database: Database, roles: Cast) -> None:
    """If he knows one place, for he lived there, the difference must not lead him to the other."""
    far = {"lat": HOME["lat"] + 0.2, "lon": HOME["lon"], "radius_m": 150.0}
    gaps = set()
    for _ in range(4):
        found = order(
            roles.police,
            conditions=(
                ConditionDraft(kind="exclusion_zone", code="known", shape={"circle": HOME}),
                ConditionDraft(kind="exclusion_zone", code="secret", shape={"circle": far}),
            ),
        )
        do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
        one, two = PublicArea.objects.filter(codes__order=found).order_by("codes__number")
        gaps.add((round(two.lat - one.lat, 3), round(two.lon - one.lon, 3)))
    assert len(gaps) > 1
    assert (0.2, 0.0) not in gaps


def test_a_zone_is_shown_openly_only_by_an_explicit_flag_and_is_hidden_again_when_it_moves(
    database: Database, roles: Cast
) -> None:
    found = order(
        roles.police, conditions=(ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": HOME}),)
    )
    do_name_zone(roles.police, found.pk, condition="home", reason="пункт 3 постановления суда")
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
    assert "42.87461" in json.dumps(paper.document)
    moved = {**HOME, "lat": 42.878123, "radius_m": 800.0}
    do_vary_order(
        roles.police, found.pk, reason="новая зона",
        conditions=(ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": moved}),),
    )  # fmt: skip
    hidden = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
    assert "42.87812" not in json.dumps(hidden.document)
    (shown,) = areas_in(hidden.document)
    area = PublicArea.objects.get(named=False)
    assert f"{area.lat:.3f}" in shown
    assert distance_m(area.lat, area.lon, moved["lat"], moved["lon"]) >= 1_000
    with pytest.raises(NotFound):
        do_name_zone(roles.police, found.pk, condition="nowhere", reason="пункт 3 постановления суда")


def test_where_few_people_live_an_area_is_not_drawn_in_this_order_or_any_later_one(
    database: Database, roles: Cast
) -> None:
    closed = ConditionDraft(kind="exclusion_zone", code="home", shape={"circle": HOME})
    first = order(roles.police, conditions=(closed,))
    her = first.protected_persons.get()
    do_withhold_area(roles.police, first.pk, condition="home", reason="в области одно село")
    later = order(
        roles.police,
        protected_persons=(her.pk,),
        conditions=(ConditionDraft(kind="exclusion_zone", code="house", shape={"circle": HOME}),),
    )
    (area,) = PublicArea.objects.all()
    for found in (first, later):
        paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="en")
        assert areas_in(paper.document) == ["its border is not shown"]
        assert f"{area.lat:.3f}" not in json.dumps(paper.document)
        assert "you will be asked to leave" in json.dumps(paper.document)
    assert [data["number"] for kind, _, _, data in witnesses(database) if kind == "area_withheld"] == [1]
    with pytest.raises(NotFound):
        do_withhold_area(roles.police, first.pk, condition="nowhere", reason="в области одно село")
    with pytest.raises(Refused):
        do_withhold_area(roles.operator, first.pk, condition="home", reason="в области одно село")


def test_a_sealed_paper_is_not_kept_and_each_look_into_the_vault_is_witnessed(database: Database, roles: Cast) -> None:
    found = planted(roles)
    made = do_make_sealed_paper(
        roles.police, found.pk, language="ru", purpose="передача в суд по запросу", fields=[SealedName.HOME_ADDRESS]
    )
    assert made.paper.pdf is None
    assert made.paper.document is None
    entries = witnesses(database)
    looks = [data for kind, _, _, data in entries if kind == "vault_look"]
    told = [(look["field"], look["purpose_sha256"]) for look in looks]
    assert told == [("home_address", fingerprint("передача в суд по запросу"))]
    (listed,) = [
        look for look in looks_at(roles.police, found.protected_persons.get().pk) if look.field == "home_address"
    ]
    assert (listed.granted, listed.purpose) == (True, "передача в суд по запросу")
    (seen,) = [data for kind, _, _, data in entries if kind == "paper_made"]
    assert seen["rendition"] == "sealed"
    assert "Сокрытая" not in json.dumps(seen, ensure_ascii=False)
    with pytest.raises(Refused) as refused:
        do_take_paper(roles.police, made.paper.pk)
    assert refused.value.code is Code.PAPER_NOT_KEPT


def test_a_prosecutor_reads_the_sealed_order_but_opens_no_vault_without_the_right_to(
    database: Database, roles: Cast
) -> None:
    found = planted(roles)
    made = do_make_sealed_paper(roles.prosecutor, found.pk, language="ru", purpose="надзор за законностью")
    assert holds(made.pdf, "42,874613")
    assert not holds(made.pdf, "Сокрытая")
    with pytest.raises(Refused) as refused:
        do_make_sealed_paper(
            roles.prosecutor, found.pk, language="ru", purpose="надзор за законностью", fields=[SealedName.HOME_ADDRESS]
        )
    assert refused.value.code is Code.NOT_PERMITTED


def test_who_may_not_make_papers_gets_none_and_strangers_do_not_learn_that_there_are_any(
    database: Database, roles: Cast
) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    for user in (roles.operator, roles.probation, roles.prosecutor):
        with pytest.raises(Refused):
            do_make_paper(user, found.pk, rendition=Rendition.SERVED, language="ru")
    sealed = do_make_sealed_paper(roles.police, found.pk, language="ru", purpose="передача в суд")
    for user in (roles.operator, roles.probation):
        assert [each.pk for each in papers_for(user, found.pk)] == [paper.pk]
        with pytest.raises(NotFound):
            paper_for(user, sealed.paper.pk)
        with pytest.raises(Refused):
            do_make_sealed_paper(user, found.pk, language="ru", purpose="передача в суд")
    for ask in (
        lambda: papers_for(roles.police_elsewhere, found.pk),
        lambda: do_take_paper(roles.police_elsewhere, paper.pk),
        lambda: do_make_paper(roles.police_elsewhere, found.pk, rendition=Rendition.SERVED, language="ru"),
        lambda: papers_for(roles.administrator, found.pk),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_delivery_says_which_bytes_reached_whom_and_her_copy_never_goes_to_him(
    database: Database, roles: Cast
) -> None:
    found = planted(roles)
    served = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    hers = do_make_paper(roles.police, found.pk, rendition=Rendition.HERS, language="ky")
    sealed = do_make_sealed_paper(roles.police, found.pk, language="ru", purpose="передача в суд").paper
    delivery = do_record_delivery(
        roles.police, served.pk, recipient=Recipient.DEFENCE_LAWYER, way=Way.POST, delivered_at=clock.now()
    )
    assert delivery.delivered_by == roles.police
    (seen,) = [data for kind, _, _, data in witnesses(database) if kind == "paper_delivered"]
    assert (seen["recipient"], seen["sha256"], seen["language"]) == ("defence_lawyer", served.sha256, "ru")
    for paper, recipient in (
        (hers, Recipient.DEFENCE_LAWYER),
        (hers, Recipient.RESPONDENT),
        (sealed, Recipient.RESPONDENT),
        (sealed, Recipient.DEFENCE_LAWYER),
    ):
        with pytest.raises(Refused) as refused:
            do_record_delivery(roles.police, paper.pk, recipient=recipient, way=Way.POST, delivered_at=clock.now())
        assert refused.value.fields[0].field == "recipient"
    for at in (clock.now() + timedelta(hours=1), served.made_at - timedelta(hours=1)):
        with pytest.raises(Refused):
            do_record_delivery(roles.police, served.pk, recipient=Recipient.COURT, way=Way.IN_PERSON, delivered_at=at)


def told_him(by: User, paper: Paper, **changed: Any) -> Receipt:
    """The respondent is served with this paper, or whoever `changed` names."""
    values: dict[str, Any] = {
        "served_at": clock.now(), "language": "ky", "told": list(Topic), "weapons": Weapons.SEIZED,
        "weapon_register_answered": True,
    } | changed  # fmt: skip
    return do_serve_paper(by, paper.order_id, paper=paper.pk, **values)


def test_what_a_party_was_told_when_and_by_whom_is_one_record_and_the_delivery_is_made_from_it(
    database: Database, roles: Cast
) -> None:
    found = planted(roles)
    served = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    receipt = told_him(roles.police, served)
    delivery = served.deliveries.get()
    assert delivery.receipt == receipt
    assert (delivery.recipient, delivery.way) == (Recipient.RESPONDENT, Way.IN_PERSON)
    assert (delivery.delivered_at, delivery.delivered_by) == (receipt.served_at, receipt.served_by)
    told = [(kind, data) for kind, _, _, data in witnesses(database)][-2:]
    assert [kind for kind, _ in told] == ["order_served", "paper_delivered"]
    assert told[0][1]["receipt"] == told[1][1]["receipt"] == receipt.pk
    for party in (Recipient.RESPONDENT, Recipient.PROTECTED_PERSON):
        with pytest.raises(Refused) as refused:
            do_record_delivery(roles.police, served.pk, recipient=party, way=Way.IN_PERSON, delivered_at=clock.now())
        assert refused.value.fields[0].field == "recipient"
    with pytest.raises(IntegrityError, match="a_party_is_served"), transaction.atomic():
        Delivery.objects.create(
            paper=served, recipient=Recipient.RESPONDENT, way=Way.IN_PERSON, delivered_at=receipt.served_at,
            delivered_by=roles.police, recorded_at=receipt.recorded_at,
        )  # fmt: skip


def test_a_receipt_names_the_version_of_the_paper_that_was_in_his_hand(database: Database, roles: Cast) -> None:
    found = order(roles.police)
    first = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    do_vary_order(roles.police, found.pk, reason="исправлена опечатка")
    second = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    assert [told_him(roles.police, paper).version for paper in (first, second)] == [1, 2]


def test_nobody_is_served_with_a_paper_that_is_not_for_him_or_was_not_made_yet(database: Database, roles: Cast) -> None:
    found, other = planted(roles), order(roles.police)
    served = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    hers = do_make_paper(roles.police, found.pk, rendition=Rendition.HERS, language="ru")
    sealed = do_make_sealed_paper(roles.police, found.pk, language="ru", purpose="передача в суд").paper
    for paper in (hers, sealed):
        with pytest.raises(Refused) as refused:
            told_him(roles.police, paper)
        assert refused.value.fields[0].field == "paper"
    with pytest.raises(Refused) as refused:
        told_him(roles.police, served, served_at=served.made_at - timedelta(minutes=2))
    assert refused.value.fields[0].field == "served_at"
    with pytest.raises(NotFound):
        do_serve_paper(
            roles.police, other.pk, paper=served.pk, served_at=clock.now(), language="ru", told=list(Topic),
            weapons=Weapons.SEIZED, weapon_register_answered=True,
        )  # fmt: skip
    her = found.protected_persons.get().pk
    told_him(roles.police, hers, person=her, weapons=None)
    assert [each.recipient for each in Delivery.objects.all()] == [Recipient.PROTECTED_PERSON]


def test_taking_a_paper_is_witnessed(database: Database, roles: Cast) -> None:
    found = planted(roles)
    paper = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    assert do_take_paper(roles.operator, paper.pk).pdf == paper.pdf
    (seen,) = [(by, data) for kind, _, by, data in witnesses(database) if kind == "paper_taken"]
    assert seen[0] == f"user:{roles.operator.pk}"
    assert seen[1]["sha256"] == paper.sha256


def test_papers_of_earlier_versions_stay_as_they_were(database: Database, roles: Cast) -> None:
    found = order(roles.police)
    first = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    do_vary_order(roles.police, found.pk, reason="исправлена опечатка")
    second = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    assert [each.version for each in papers_for(roles.police, found.pk)] == [2, 1]
    assert paper_for(roles.police, first.pk).sha256 == first.sha256 != second.sha256


def test_the_whitelist_has_exactly_these_facts(database: Database, roles: Cast) -> None:
    """A fact that is added to `ServedOrder` must be judged by a person, who changes this test."""
    from aralyk.papers.served import ServedArea, ServedCondition, ServedOrder

    assert set(ServedOrder.__dataclass_fields__) == {
        "number", "legal_basis", "respondent", "version", "issued_at", "starts_at", "expires_at",
        "conditions", "areas",
    }  # fmt: skip
    assert set(ServedCondition.__dataclass_fields__) == {"kind", "article", "known_by_device", "distance_m", "area"}
    assert set(ServedArea.__dataclass_fields__) == {"number", "circle", "named"}
    assert set(asdict(Circle(lat=0.0, lon=0.0, radius_m=1.0))) == {"lat", "lon", "radius_m"}
    assert draft(roles.police).conditions[1].shape == ZONE


def test_a_defence_lawyer_reads_what_was_served_and_nothing_else_of_the_case(database: Database, roles: Cast) -> None:
    found = planted(roles)
    lawyer = account("lawyer", Role.DEFENCE_LAWYER)
    do_grant_case(
        roles.police, order=found.pk, username="lawyer", right=Right.SERVED, purpose="защита по делу",
        ends_at=clock.now() + timedelta(days=10),
    )  # fmt: skip
    served = do_make_paper(roles.police, found.pk, rendition=Rendition.SERVED, language="ru")
    hers = do_make_paper(roles.police, found.pk, rendition=Rendition.HERS, language="ru")
    sealed = do_make_sealed_paper(roles.police, found.pk, language="ru", purpose="передача в суд").paper
    assert not served_papers_for(lawyer), "what nobody was given was not served"
    told_him(roles.police, served)
    told_him(roles.police, hers, person=found.protected_persons.get().pk, weapons=None)
    assert [each.pk for each in served_papers_for(lawyer)] == [served.pk]
    assert [each.pk for each in papers_for(lawyer, found.pk)] == [served.pk]
    assert do_take_paper(lawyer, served.pk).sha256 == served.sha256
    for paper in (hers, sealed):
        with pytest.raises(NotFound):
            paper_for(lawyer, paper.pk)
    with pytest.raises(NotFound):
        order_for(lawyer, found.pk)
    stranger = account("stranger", Role.DEFENCE_LAWYER)
    assert not served_papers_for(stranger)
    with pytest.raises(NotFound):
        papers_for(stranger, found.pk)
