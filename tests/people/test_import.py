"""A list of people is taken whole or not at all, names each mistake by line and field, and adds nobody twice."""

from pathlib import Path

import pytest

from aralyk.access.errors import Refused
from aralyk.cli import main
from aralyk.people.imports import do_import_people
from aralyk.people.models import ImportedPerson, ProtectedPerson, Respondent, SealedField
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HERE, Cast, witnesses

HEADING = "reference,kind,name,born_on,language,residence_district,weapons,has_phone,phone,home_address\n"
GOOD = (
    HEADING
    + f"1,respondent,Синтетический Бакыт,1985-03-09,ky,{HERE},yes,,,\n"
    + '2,protected_person,Синтетическая Айгуль,,ky,,,no,+996555000001,"дом 1, кв. 2"\n'
)


def test_a_dry_run_writes_nothing_and_the_run_after_it_everything_once(database: Database, roles: Cast) -> None:
    dry = do_import_people(roles.police, GOOD.encode(), source="police-2026", apply=False)
    assert (dry.respondents, dry.protected_persons, dry.problems, dry.applied) == (1, 1, (), False)
    assert (Respondent.objects.count(), ProtectedPerson.objects.count()) == (0, 0)
    assert SealedField.objects.using("vault").count() == 0
    before = len(witnesses(database))
    done = do_import_people(roles.police, GOOD.encode(), source="police-2026", apply=True)
    assert (done.respondents, done.protected_persons, done.applied) == (1, 1, True)
    him = Respondent.objects.get()
    assert (him.name, str(him.born_on), him.language, him.weapons) == (
        "Синтетический Бакыт", "1985-03-09", "ky", "yes",
    )  # fmt: skip
    assert ProtectedPerson.objects.get().has_phone == "no"
    assert SealedField.objects.using("vault").count() == 3
    entries = witnesses(database)[before:]
    assert entries[-1][0] == "people_imported"
    assert entries[-1][3] == {"protected_persons": 1, "respondents": 1}
    assert not any(text in str(entries) for text in ("Айгуль", "Бакыт", "996555"))
    again = do_import_people(roles.police, GOOD.encode(), source="police-2026", apply=True)
    assert (again.respondents, again.protected_persons, again.known) == (0, 0, 2)
    assert (Respondent.objects.count(), ProtectedPerson.objects.count(), ImportedPerson.objects.count()) == (1, 1, 2)
    assert len(witnesses(database)) == before + len(entries)


def test_one_bad_line_keeps_the_whole_file_out_and_every_mistake_is_named_without_its_value(roles: Cast) -> None:
    bad = (
        GOOD
        + "3,respondent,Тайное Имя,09.03.1985,ru,moscow,maybe,,,\n"
        + f"4,respondent,Тайное Имя,,xx,{HERE},,,,\n"
        + f"5,respondent,Тайное Имя,,ru,{ELSEWHERE},,,,\n"
        + f"5,stranger,Тайное Имя,,ru,{HERE},,,,\n"
        + "6,protected_person,,1990-01-01,ru,,,,+996555000777,\n"
        + f"1,respondent,Тайное Имя,,ru,{HERE},,,,\n"
        + f"7,respondent,Тайное Имя,,ru,{HERE},,,+996555000777,\n"
        + "8,respondent,Тайное Имя,2999-01-01,ru,bishkek_oktyabrsky,,,,\n"
        + "9,respondent,Тайное Имя,,ru,moscow,,,,\n"
        + "10,protected_person, ,,ru,,,,,\n"
    )
    report = do_import_people(roles.police, bad.encode(), source="police-2026", apply=True)
    assert not report.applied
    found = {(problem.line, problem.field) for problem in report.problems}
    assert found == {
        (4, "born_on"), (4, "weapons"), (5, "language"), (6, "residence_district"), (7, "reference"), (7, "kind"),
        (8, "born_on"), (8, "name"), (9, "reference"), (10, "phone"), (11, "born_on"),
        (12, "residence_district"), (13, "name"),
    }  # fmt: skip
    told = " ".join(str(problem) for problem in report.problems)
    assert not any(text in told for text in ("Тайное", "996555", "moscow", "maybe", "09.03"))
    assert (Respondent.objects.count(), ProtectedPerson.objects.count()) == (0, 0)
    assert SealedField.objects.using("vault").count() == 0


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"name,kind\n", "heading"),
        (b"reference,kind,name,password\n", "heading"),
        (b"reference,kind,name,name\n", "heading"),
        (b"", "heading"),
        ("reference,kind,name\n1,respondent,Бакыт\n".encode("cp1251"), "file"),
        (b"reference,kind,name\n1,respondent\n", "line 2"),
        (b'reference,kind,name\n1,respondent,"open\n', "line 2"),
    ],
)
def test_what_is_no_such_file_is_refused_by_naming_what_is_wrong(roles: Cast, content: bytes, field: str) -> None:
    with pytest.raises(Refused) as refused:
        do_import_people(roles.police, content, source="list", apply=True)
    assert refused.value.fields[0].field == field


def test_only_who_keeps_people_imports_them(roles: Cast) -> None:
    for user in (roles.operator, roles.supervisor, roles.probation, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused):
            do_import_people(user, GOOD.encode(), source="list", apply=False)


def test_the_command_line_is_a_dry_run_until_it_is_told_to_apply(
    roles: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(GOOD, encoding="utf-8-sig")
    asked = ["people", "import", str(file), "--by", "police", "--source", "police-2026"]
    assert main(asked) == 0
    assert "dry run" in capsys.readouterr().out
    assert Respondent.objects.count() == 0
    assert main([*asked, "--apply"]) == 0
    assert "registered: 1 respondents, 1 protected persons" in capsys.readouterr().out
    file.write_text(GOOD + "3,respondent,,,,,,,,\n")
    assert main([*asked, "--apply"]) == 1
    assert "line 4, name" in capsys.readouterr().out
    assert main(["people", "import", str(file), "--by", "nobody", "--source", "x"]) == 2
