"""The bench of the console runs on a platform of its own and says what it measured; how fast it was is not tested."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

PAGES = {"desk", "queue", "signal, waiting", "signal, answered", "order", "orders", "devices", "device",
         "map, everybody", "map, tracks", "api, places"}  # fmt: skip


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """One run, the pilot's 18 respondents and two more, as its JSON lines."""
    size = ("--respondents", "18", "--respondents", "20", "--requests", "2", "--listeners", "4", "--events", "12")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    finished = subprocess.run(
        [sys.executable, "-m", "aralyk.cli", "bench", "console", "--json", *size],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


@pytest.mark.slow
def test_every_case_has_devices_places_and_incidents_and_fifty_wait(lines: list[dict[str, Any]]) -> None:
    first, second = (line for line in lines if line["phase"] == "rows")
    assert (first["respondents"], first["devices"], first["places"]) == (18, 36, 36)
    assert (second["respondents"], second["devices"], second["places"]) == (20, 40, 40)
    for rows in (first, second):
        # Ten episodes each; a silence that comes again within a shift goes on in its incident.
        assert 7 * rows["respondents"] <= rows["incidents"] <= 10 * rows["respondents"]
        assert rows["incidents_open"] == 50


@pytest.mark.slow
def test_every_page_is_asked_for_and_answers_at_every_size(lines: list[dict[str, Any]]) -> None:
    pages = [line for line in lines if line["phase"] == "page"]
    for respondents in (18, 20):
        asked = {page["page"]: page for page in pages if page["respondents"] == respondents}
        assert asked.keys() >= PAGES
        assert all(page["requests"] == 2 and page["not_answered"] == 0 for page in asked.values())
        assert all(0 < page["ms"]["p50"] <= page["ms"]["p99"] <= page["ms"]["max"] for page in asked.values())
        few = {"coverage, cells"}  # so few devices are shown in no cell
        assert all(page["bytes"] > 100 for name, page in asked.items() if name not in few)


@pytest.mark.slow
def test_police_of_a_district_hear_their_own_changes_and_no_other(lines: list[dict[str, Any]]) -> None:
    for stream in (line for line in lines if line["phase"] == "stream"):
        assert stream["events"] == 12
        # Two operators hear all; one policeman hears one district, the other the other: together all once more.
        assert stream["deliveries_due"] == 3 * 12
        assert (stream["wrong"], stream["missed"], stream["resyncs"]) == (0, 0, 0)
        assert stream["delay_ms"]["max"] > 0
    result = lines[-1]
    assert (result["phase"], result["wrong"], result["missed"], result["not_answered"]) == ("result", 0, 0, 0)
    assert result["respondents"] == [18, 20]
