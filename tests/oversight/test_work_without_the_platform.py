"""When the platform cannot watch, people know whom to protect first, where he last was, and who was told by whom."""

from __future__ import annotations

import io
import json
import re
import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pdfminer.high_level import extract_text

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.channels.models import Notice
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident
from aralyk.jobs.risk_list import keep_list
from aralyk.jurisdictions.values import DeskKind
from aralyk.orders.models import Order, Threat
from aralyk.oversight.models import How, Outage
from aralyk.oversight.outages import (
    calls_of,
    courses_for,
    do_answer_outage,
    do_begin_outage,
    do_end_outage,
    do_record_told,
    running_for,
)
from aralyk.oversight.risk_file import header_of, json_of
from aralyk.oversight.risk_list import list_for, whole_list
from aralyk.oversight.risk_paper import pdf_of
from aralyk.roster.actions import do_open_desk, do_set_desk_phone
from tests.conftest import Database
from tests.incidents.stage import DUTY_UNIT, full_roster, officer
from tests.orders.cast import (
    ELSEWHERE,
    HER_NAME,
    HER_PHONE,
    HERE,
    Cast,
    bracelet,
    equip,
    heard,
    order,
    phone,
    raised,
    witnesses,
)
from tests.orders.shifting import ShiftClock

HER_LAT, HER_LON = 42.8801, 74.6202


def watched(database: Database, roles: Cast, **changed: object) -> Order:
    """A case whose two devices were heard just now."""
    case = order(roles.police, **changed)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device="860000000000017")
    equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
    heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
    heard(database, "phone-0001", lat=HER_LAT, lon=HER_LON)
    return case


def alarms(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM platform_alarm").fetchone()
        assert row is not None
        return int(row[0])


def test_the_list_begins_with_the_gravest_threat_and_there_with_the_worst_signal_that_waits(
    database: Database, roles: Cast
) -> None:
    low = order(roles.police, threat=Threat.LOW)
    calm = order(roles.police, threat=Threat.HIGH)
    pressed = order(roles.police, threat=Threat.HIGH)
    middling = order(roles.police, threat=Threat.MEDIUM)
    raised(database, low, priority=1)
    raised(database, pressed, priority=2)
    found = whole_list(at=clock.now())
    assert [one.order for one in found.cases] == [pressed.pk, calm.pk, middling.pk, low.pk]
    assert [one.priority for one in found.cases] == [2, None, None, 1]


def test_an_order_that_has_ended_or_not_begun_is_not_on_the_list(roles: Cast, shift: ShiftClock) -> None:
    now = clock.now()
    later = order(roles.police, starts_at=now + timedelta(hours=5))
    running = order(roles.police, expires_at=now + timedelta(days=25))
    assert [one.order for one in whole_list(at=clock.now()).cases] == [running.pk]
    assert [one.order for one in whole_list(at=now + timedelta(days=26)).cases] == [later.pk]


def test_neither_file_holds_her_name_her_phone_or_her_place_nor_his_name(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    case = watched(database, roles)
    assert keep_list(tmp_path)
    code = case.protected_persons.get().code
    texts = {"json": (tmp_path / "run" / "risk-list.json").read_text()}
    for language in ("ru", "ky"):
        pdf = (tmp_path / "run" / f"risk-list.{language}.pdf").read_bytes()
        texts[language] = extract_text(io.BytesIO(pdf))
    for text in texts.values():
        assert case.number in text
        assert code in text
        assert "42.87" in text
        for secret in (HER_NAME, HER_PHONE, "42.88", "74.62", "Синтетический Бакыт"):
            assert secret not in text
    assert "his last place" not in texts["ru"].lower()
    assert "Her code" not in texts["ky"]


def test_the_files_are_readable_by_the_installations_account_alone_and_stand_without_the_database(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    watched(database, roles)
    keep_list(tmp_path)
    files = sorted((tmp_path / "run").iterdir())
    assert [file.name for file in files] == ["risk-list.json", "risk-list.ky.pdf", "risk-list.ru.pdf"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    header = header_of(tmp_path)
    assert header is not None
    assert (header.cases, header.is_stale) == (1, False)


def test_a_list_that_was_not_made_anew_for_five_minutes_says_so(
    database: Database, roles: Cast, tmp_path: Path, shift: ShiftClock
) -> None:
    keep_list(tmp_path)
    shift.by(timedelta(minutes=5, seconds=1))
    header = header_of(tmp_path)
    assert header is not None
    assert header.is_stale
    (tmp_path / "run" / "risk-list.json").write_text("{")
    assert header_of(tmp_path) is None


def test_a_disk_that_takes_nothing_more_ends_no_process_and_leaves_the_older_list(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    keep_list(tmp_path)
    before = (tmp_path / "run" / "risk-list.json").read_bytes()
    (tmp_path / "run" / "risk-list.json.new").mkdir()  # what can't be opened for writing
    assert not keep_list(tmp_path)
    assert (tmp_path / "run" / "risk-list.json").read_bytes() == before


def test_a_case_names_the_phone_of_its_districts_desk_and_otherwise_says_that_it_is_not_known(
    database: Database, roles: Cast
) -> None:
    order(roles.police)
    elsewhere = order(roles.police_elsewhere, district=ELSEWHERE)
    do_open_desk(roles.supervisor, code=DUTY_UNIT, kind=DeskKind.DUTY_UNIT, district=HERE)
    do_set_desk_phone(roles.supervisor, DUTY_UNIT, phone="+996 312 00-00-02")
    found = {one.district: one.desk_phone for one in whole_list(at=clock.now()).cases}
    assert found == {HERE: "+996 312 00-00-02", ELSEWHERE: None}
    with pytest.raises(Refused) as refused:
        do_set_desk_phone(roles.supervisor, DUTY_UNIT, phone="ask Aigul")
    assert [one.field for one in refused.value.fields] == ["phone"]
    assert elsewhere.number in json_of(whole_list(at=clock.now())).decode()


def test_police_read_their_own_districts_and_others_nothing(database: Database, roles: Cast) -> None:
    mine = order(roles.police)
    theirs = order(roles.police_elsewhere, district=ELSEWHERE)
    now = clock.now()

    def seen(user: object) -> set[object]:
        return {one.order for one in list_for(user, at=now).cases}  # type: ignore[arg-type]

    assert seen(roles.police) == {mine.pk}
    assert seen(roles.police_elsewhere) == {theirs.pk}
    assert seen(roles.operator) == seen(roles.supervisor) == {mine.pk, theirs.pk}
    assert seen(roles.probation) == seen(roles.administrator) == set()


def test_equal_lists_make_equal_papers_and_an_unknown_place_is_said_to_be_unknown(
    database: Database, roles: Cast
) -> None:
    order(roles.police)
    found = whole_list(at=clock.now())
    assert json.loads(json_of(found))["cases"][0]["respondent_last_place"] is None
    assert pdf_of(found, language="ru") == pdf_of(found, language="ru")
    assert "неизвестно" in extract_text(io.BytesIO(pdf_of(found, language="ru")))


def test_a_practice_tells_everybody_on_duty_in_its_own_words_and_raises_no_alarm_and_no_signal(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    full_roster(roles, duty=officer())
    keep_list(tmp_path)
    before = alarms(database), Incident.objects.count()
    outage = do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    assert outage.told == 3  # 102, her caller and the last desk; who began it is not asked whether he is there
    assert set(Notice.objects.values_list("text", flat=True)) == {"practice_outage"}
    assert (alarms(database), Incident.objects.count()) == before
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("outage_began", f"outage:{outage.pk}", f"user:{roles.supervisor.pk}")
    assert (data["practice"], data["told"], data["cases"]) == (True, 3, 0)


def test_a_practice_measures_how_long_it_took_until_somebody_answered(
    database: Database, roles: Cast, tmp_path: Path, shift: ShiftClock
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    outage = do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    shift.by(timedelta(seconds=75))
    do_answer_outage(duty, outage.pk)
    shift.by(timedelta(minutes=5))
    do_end_outage(roles.supervisor, outage.pk)
    (course,) = courses_for(roles.prosecutor, most=5)
    assert (course.answered, course.outage.told) == (1, 3)
    assert course.first_s == pytest.approx(75, abs=5)
    assert course.answers[0].name == "Т. duty_officer"
    data = witnesses(database)[-1][3]
    assert (data["answered"], data["told"], data["practice"]) == (1, 3, True)
    assert data["first_answer_s"] == pytest.approx(75, abs=5)
    with pytest.raises(Refused) as refused:
        do_end_outage(roles.supervisor, outage.pk)
    assert refused.value.code is Code.ALREADY_ENDED


def test_nobody_answers_for_another_and_who_was_not_told_cannot_answer(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    full_roster(roles, duty=officer())
    outage = do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    with pytest.raises(NotFound):
        do_answer_outage(roles.police, outage.pk)
    (course,) = courses_for(roles.supervisor, most=5)
    assert course.answered == 0


def test_a_real_outage_ends_a_practice_and_is_told_as_real(database: Database, roles: Cast, tmp_path: Path) -> None:
    full_roster(roles, duty=officer())
    practice = do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    with pytest.raises(Refused):
        do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    real = do_begin_outage(roles.supervisor, practice=False, home=tmp_path)
    practice.refresh_from_db()
    assert practice.ended_at is not None
    assert running_for(roles.police) == real
    told = Notice.objects.filter(subject=f"outage:{real.pk}")
    assert set(told.values_list("text", flat=True)) == {"platform_alarm"}
    with pytest.raises(Refused):
        do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    assert Outage.objects.filter(ended_at__isnull=True).count() == 1


def test_who_told_her_when_and_how_is_recorded_and_an_attempt_that_did_not_reach_her_never_hides_one_that_did(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    case = order(roles.police)
    her = case.protected_persons.get()
    real = do_begin_outage(roles.supervisor, practice=False, home=tmp_path)
    given = {"order": case.pk, "protected_person": her.pk}
    reached = do_record_told(roles.operator, real.pk, **given, how=How.CALL, reached=True)
    do_record_told(roles.police, real.pk, **given, how=How.VISIT, reached=False)
    assert calls_of(real, [case.pk]) == {(case.pk, her.pk): reached}
    said = [data for kind, *_, data in witnesses(database) if kind == "outage_told"]
    assert [one["how"] for one in said] == ["call", "visit"]
    assert [one["reached"] for one in said] == [True, False]
    assert not re.search(HER_PHONE.replace("+", r"\+"), json.dumps(said))


def test_in_a_practice_nobody_outside_is_called_and_nobody_records_a_call(
    database: Database, roles: Cast, tmp_path: Path
) -> None:
    case = order(roles.police)
    her = case.protected_persons.get()
    given = {"order": case.pk, "protected_person": her.pk, "how": How.CALL, "reached": True}
    practice = do_begin_outage(roles.supervisor, practice=True, home=tmp_path)
    with pytest.raises(Refused) as refused:
        do_record_told(roles.operator, practice.pk, **given)  # type: ignore[arg-type]
    assert [one.field for one in refused.value.fields] == ["outage"]
    real = do_begin_outage(roles.supervisor, practice=False, home=tmp_path)
    with pytest.raises(NotFound):
        do_record_told(roles.police_elsewhere, real.pk, **given)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        do_record_told(roles.operator, real.pk, **given | {"protected_person": uuid4()})  # type: ignore[arg-type]
    do_end_outage(roles.supervisor, real.pk)
    with pytest.raises(Refused) as refused:
        do_record_told(roles.operator, real.pk, **given)  # type: ignore[arg-type]
    assert refused.value.code is Code.ALREADY_ENDED


def test_only_a_supervisor_declares_an_outage_or_a_practice(database: Database, roles: Cast, tmp_path: Path) -> None:
    for user in (roles.operator, roles.police, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused) as refused:
            do_begin_outage(user, practice=True, home=tmp_path)
        assert refused.value.code is Code.NOT_PERMITTED
    assert not Outage.objects.exists()
