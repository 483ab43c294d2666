"""Settings: read once, typed, and refused when they are not what we know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.conf.loading import SettingsRefused, load
from aralyk.conf.platform import Profile, platform_settings, settle_profile
from aralyk.conf.reference import reference_page
from aralyk.conf.settings import documented_settings, load_settings
from tests.conftest import REPOSITORY


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Attributes:
    count: How many.
    """

    count: int
    share: float = 0.5
    name: str = ""
    loud: bool = False
    place: Path | None = None
    pause: timedelta = timedelta(seconds=3)
    colour: Colour = Colour.RED
    names: tuple[str, ...] = ()


def refused(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsRefused) as caught:
        load_settings(environ)
    return {problem.variable: problem.expected for problem in caught.value.problems}


def test_every_type_is_read_from_its_text() -> None:
    environ = {
        "S_COUNT": "3",
        "S_SHARE": "0.25",
        "S_NAME": "Аралык",
        "S_LOUD": "yes",
        "S_PLACE": "/var/x",
        "S_PAUSE": "1.5",
        "S_COLOUR": "green",
        "S_NAMES": "a, b",
    }
    assert load(Sample, "S", environ) == Sample(
        count=3,
        share=0.25,
        name="Аралык",
        loud=True,
        place=Path("/var/x"),
        pause=timedelta(seconds=1.5),
        colour=Colour.GREEN,
        names=("a", "b"),
    )


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(SettingsRefused) as caught:
        load(Sample, "S", {"S_SHARE": "half", "S_LOUD": "maybe", "S_COLOUR": "blue"})
    assert {problem.variable for problem in caught.value.problems} == {"S_COUNT", "S_SHARE", "S_LOUD", "S_COLOUR"}


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsRefused):
        load(Sample, "S", {"S_COUNT": "1", "S_SHARE": text})


@given(text=st.text(min_size=1))
def test_any_text_is_a_number_or_a_refusal_that_names_the_variable(text: str) -> None:
    try:
        assert isinstance(load(Sample, "S", {"S_COUNT": text}).count, int)
    except SettingsRefused as refusal:
        assert refusal.problems[0].variable == "S_COUNT"  # noqa: PT017 - both outcomes are right, each checked


def test_an_unknown_variable_stops_the_start_and_the_near_one_is_named() -> None:
    assert "ARALYK_WATCHDOG_INTERVAL_S" in refused({"ARALYK_WATCHDOG_INTERVALL_S": "5"})["ARALYK_WATCHDOG_INTERVALL_S"]


def test_a_misspelt_value_stops_the_start() -> None:
    assert refused({"ARALYK_PROFILE": "produktion"})["ARALYK_PROFILE"] == "production or demo or test"


def test_without_any_variable_the_installation_is_a_production_on_this_machine_only() -> None:
    settings = load_settings({})
    assert settings.platform.profile is Profile.PRODUCTION
    for name, values in settings.processes.items():
        for field in values.__dataclass_fields__:
            if field == "host" or field.endswith("_host"):
                assert getattr(values, field) == "127.0.0.1", f"{name}.{field}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ARALYK_CLOCK_PACE", "0 0 60"),
        ("ARALYK_CLOCK_STEP_FILE", "/x"),
        ("ARALYK_PUBLIC_URL", "http://desk.example.kg"),
        ("ARALYK_PUBLIC_URL", "desk.example.kg"),
    ],
)
def test_production_refuses_what_would_weaken_it(variable: str, value: str) -> None:
    with pytest.raises(SettingsRefused, match=variable):
        platform_settings({variable: value})


def test_each_setting_says_what_it_is_for() -> None:
    silent = [
        setting.variable
        for section in documented_settings().values()
        for setting in section
        if not setting.documentation
    ]
    assert silent == []


def test_the_reference_page_is_what_the_code_reads() -> None:
    page = REPOSITORY / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == reference_page(), "run: python -m aralyk.conf.reference > " + str(page)


def test_no_code_reads_a_variable_that_the_settings_do_not_know() -> None:
    known = {setting.variable for section in documented_settings().values() for setting in section}
    stated = re.compile(r"environ\S*[\[(]\s*\"(ARALYK_[A-Z_]+)\"")
    read = {
        variable
        for path in (REPOSITORY / "src").rglob("*.py")
        for variable in stated.findall(path.read_text(encoding="utf-8"))
    }
    # Where the real tracks lie, for the drill and the tests: no process reads it.
    assert read <= known | {"ARALYK_SHARED"}


def test_the_secret_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    settings = platform_settings({"ARALYK_HOME": str(tmp_path)})
    key = settings.secret_key()
    assert len(key) >= 50
    assert settings.secret_key() == key
    assert (tmp_path / "keys" / "django-secret").stat().st_mode & 0o777 == 0o600


def test_a_home_keeps_the_profile_it_was_made_with(tmp_path: Path) -> None:
    demo = platform_settings({"ARALYK_HOME": str(tmp_path), "ARALYK_PROFILE": "demo"})
    settle_profile(demo)
    settle_profile(demo)
    with pytest.raises(SettingsRefused, match=r"ARALYK_PROFILE: expected demo, the profile"):
        settle_profile(platform_settings({"ARALYK_HOME": str(tmp_path)}))
