"""Figures become sentences that claim no more than the engine said."""

from __future__ import annotations

import pytest
from django.utils import translation

from aralyk import clock
from aralyk.console import sentences, time_line
from aralyk.engine.decisions import Kind
from aralyk.engine.reasons import NAMES
from aralyk.incidents.kinds import REQUESTS
from aralyk.incidents.models import Outcome, Status
from aralyk.incidents.queries import Moment


@pytest.mark.parametrize(
    ("language", "metres", "text"),
    [
        ("ru", 640.4, "640\u00a0м"),
        ("ru", 2400.0, "2,4\u00a0км"),
        ("ky", 1000.0, "1,0\u00a0км"),
        ("en", 12_600.0, "13 km"),
    ],
)
def test_distances_are_written_as_the_language_writes_them(language: str, metres: float, text: str) -> None:
    with translation.override(language):
        assert sentences.metres(metres) == text


@pytest.mark.parametrize(("probability", "text"), [(1.0, "> 99 %"), (0.997, "> 99 %"), (0.0, "< 1 %"), (0.804, "80 %")])
def test_a_probability_is_never_rounded_to_certainty(probability: float, text: str) -> None:
    with translation.override("en"):
        assert sentences.percent(probability) == text


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.33, 0.5, 0.66, 0.9, 0.99, 1.0])
def test_every_probability_has_its_word(probability: float) -> None:
    with translation.override("en"):
        assert sentences.likelihood(probability)


def test_the_sentence_says_of_what_the_probability_is_one() -> None:
    with translation.override("en"):
        said = sentences.how_sure("proximity", 0.87, 500.0)
    assert said == "Probability that the distance was below 500 m, given this error model: 87 % (likely)."


def test_without_a_probability_nothing_is_claimed() -> None:
    assert sentences.how_sure("silence", None, None) == ""


def test_the_engines_kinds_and_reasons_all_have_a_text() -> None:
    assert {kind.value for kind in Kind} <= set(sentences.KINDS)
    assert set(NAMES) - {"none"} <= set(sentences.REASONS)


def moment(event: str, **data: object) -> Moment:
    return Moment(at=clock.now(), kind=event, by="", text="", data=data)


def test_an_end_that_only_his_own_phone_reports_is_told_as_no_proof() -> None:
    ended = moment("episode_ended", kind="proximity", reason="self_reported_clear", priority=2)
    with translation.override("en"):
        assert "proves nothing" in time_line.line_of(ended).detail
        assert time_line.line_of(ended).title == "The engine no longer sees the situation"


@pytest.mark.parametrize("request_kind", sorted(REQUESTS))
@pytest.mark.parametrize("language", ["en", "ru", "ky"])
def test_what_was_asked_of_a_device_is_a_line_and_names_the_device(request_kind: str, language: str) -> None:
    asked = moment("requested", kind=request_kind, reason="requested", device="d-17")
    with translation.override(language):
        line = time_line.line_of(asked)
    assert "d-17" in line.detail
    assert request_kind not in line.detail
    assert line.title != "requested"


@pytest.mark.parametrize("reason", ["possible_since", "no_better_fix"])
def test_a_silence_that_may_hide_an_approach_says_so_in_its_title(reason: str) -> None:
    with translation.override("en"):
        assert sentences.kind_title("silence", reason) == "No contact, and an approach is possible"


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_every_kind_and_reason_speaks_the_language_of_the_screen(language: str) -> None:
    for texts in (sentences.KINDS, sentences.REASONS, sentences.EVENTS):
        for said in texts.values():
            with translation.override("en"):
                english = str(said)
            with translation.override(language):
                assert str(said) != english


def test_states_and_outcomes_all_have_a_text() -> None:
    assert {status.value for status in Status} == set(sentences.STATUSES)
    assert {outcome.value for outcome in Outcome} == set(sentences.OUTCOMES)


def test_a_code_without_a_text_is_shown_itself_and_never_hidden() -> None:
    assert sentences.kind_title("something_new", "none") == "something_new"
