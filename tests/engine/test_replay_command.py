"""`aralyk replay`: the expert's door. The real command in a process of its own where its exit code matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aralyk.engine import ENGINE_VERSION, Observation
from aralyk.engine.compiled import IS_PLAIN
from aralyk.engine.times import iso
from tests.engine.builders import HERS, HIS, at, circle, order, proximity, still, walk

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `aralyk replay`."""
    command = [sys.executable, "-m", "aralyk.cli", "replay", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def published(seen: Observation) -> str:
    """An observation in the INTERFACES form."""
    fields: dict[str, Any] = {name: getattr(seen, name) for name in seen.__slots__}
    fields["received_at"] = iso(fields.pop("received_at_us"))
    fixed = fields.pop("fixed_at_us")
    fields["fixed_at"] = None if fixed is None else iso(fixed)
    fields["proximity_ble"] = []
    return json.dumps(fields)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An order with a ring of 500 m, and a respondent who stands at 700 m and later falls silent."""
    given = tmp_path / "order.json"
    given.write_text(json.dumps(order(proximity(distance_m=500, warning_m=600), circle(east_m=50_000))), "utf-8")
    seen = still(HERS, 0, 40) + still(HIS, 3, 40, 700)
    lines = tmp_path / "observations.jsonl"
    lines.write_text("\n".join(published(one) for one in seen) + "\n", "utf-8")
    return given, lines


def decisions(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Its JSON Lines."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nothing_happens_outside_the_ring(files: tuple[Path, Path]) -> None:
    assert decisions(run(*files, "--json")) == []


def test_what_if_the_ring_were_wider(files: tuple[Path, Path]) -> None:
    done = run(*files, "--json", "--set", "condition.distance_m=800")
    made = decisions(done)
    assert {d["kind"] for d in made} == {"proximity"}
    assert made[0]["phase"] == "open"
    assert "warning ring" in done.stderr
    assert decisions(run(*files, "--json", "--set", "ring.distance_m=800")) == made


def test_time_passes_after_the_last_observation_up_to_until(files: tuple[Path, Path]) -> None:
    made = decisions(run(*files, "--json", "--until", iso(at(1200))))
    assert {"silence"} <= {d["kind"] for d in made} <= {"silence", "better_fix"}
    assert max(d["decided_at"] for d in made) <= iso(at(1200))


def outage(from_s: float, to_s: float) -> str:
    """A line of the platform's log that says when it could not hear."""
    control = {"type": "platform_away", "from": iso(at(from_s)), "to": iso(at(to_s)), "noted_at": iso(at(to_s))}
    return json.dumps({"kind": "control", "control": control, "received_at": iso(at(from_s))})


@pytest.mark.parametrize("packed", [True, False], ids=["a bundle", "a directory"])
def test_while_the_platform_itself_was_away_nobody_was_silent(tmp_path: Path, packed: bool) -> None:
    """As it was decided: a bundle holds the outages of its time, and a replay must not invent silences in them."""
    seen = still(HERS, 0, 20) + still(HIS, 3, 20, 9000) + still(HERS, 900, 20) + still(HIS, 903, 20, 9000)
    members = {
        "order.json": json.dumps(order(proximity(distance_m=500))),
        "observations.jsonl": "".join(published(one) + "\n" for one in seen),
    }
    line = {"frames/control/away-0/7/0.json": outage(290, 900)}
    heard, away = tmp_path / "heard", tmp_path / "away"
    for where, content in ((heard, members), (away, members | line)):
        if packed:
            with zipfile.ZipFile(where, "w") as bundle:
                for name, text in content.items():
                    bundle.writestr(name, text)
            continue
        for name, text in content.items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_text(text, "utf-8")
    assert "silence" in {d["kind"] for d in decisions(run(heard, "--json"))}
    assert decisions(run(away, "--json")) == []


def test_an_outage_line_that_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr("order.json", json.dumps(order(proximity())))
        packed.writestr("observations.jsonl", published(still(HIS, 0, 1)[0]) + "\n")
        packed.writestr("frames/control/away-0/7/0.json", '{"control": {"type": "platform_away", "from": "then"}}')
    done = run(bundle, "--json")
    assert done.returncode == 2
    assert "frames/control/away-0/7/0.json: expected from and to" in done.stderr


def test_a_bundle_and_a_directory_are_read_like_two_files(files: tuple[Path, Path], tmp_path: Path) -> None:
    wider = ("--json", "--set", "ring.distance_m=800")
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as packed:
        for path in files:
            packed.write(path, path.name)
    expected = decisions(run(*files, *wider))
    assert expected
    assert decisions(run(bundle, *wider)) == expected
    assert decisions(run(files[0].parent, *wider)) == expected


def test_people_get_a_table(files: tuple[Path, Path]) -> None:
    done = run(*files, "--set", "ring.distance_m=800")
    assert done.returncode == 0
    assert "Decisions: 1" in done.stdout
    assert "proximity" in done.stdout


@pytest.mark.parametrize(
    ("line_number", "change", "expected"),
    [
        (3, {"lat": 91.0}, ("observations.jsonl:3", "lat")),
        (2, {"received_at": "yesterday"}, ("observations.jsonl:2", "received_at")),
        (1, {"accuracy_m": float("nan")}, ("observations.jsonl:1", "accuracy_m")),
        (5, {"strap": ["open"]}, ("observations.jsonl:5", "strap")),
        (4, {"alarms": "sos"}, ("observations.jsonl:4", "alarms")),
        (4, {"device": None}, ("observations.jsonl:4", "device")),
    ],
)
def test_a_mistake_names_line_and_field(
    files: tuple[Path, Path], line_number: int, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    lines = files[1].read_text("utf-8").splitlines()
    lines[line_number - 1] = json.dumps(json.loads(lines[line_number - 1]) | change)
    files[1].write_text("\n".join(lines), "utf-8")
    done = run(*files, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(part in done.stderr for part in expected), done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--engine", "0.0.1"), ENGINE_VERSION),
        (("--engine", "../evil"), "--engine"),
        (("--compare",), "--compare"),
        (("--until", "tomorrow"), "--until"),
        (("--set", "ring.radius=5"), "radius"),
        (("--set", "ring.distance_m=wide"), "conditions[0].distance_m"),
        (("--set", "nonsense"), "CONDITION.FIELD=VALUE"),
    ],
)
def test_a_wrong_option_is_refused_by_name(files: tuple[Path, Path], arguments: tuple[str, ...], expected: str) -> None:
    done = run(*files, "--json", *arguments)
    assert done.returncode == 2
    assert expected in done.stderr


def compared(files: tuple[Path, Path], *changes: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The differences of a what-if and their summary."""
    made = decisions(run(*files, "--json", "--compare", *[part for c in changes for part in ("--set", c)]))
    assert set(made[-1]) == {"summary"}
    return made[:-1], made[-1]["summary"]


def test_a_wider_ring_gains_an_alert_and_a_narrower_one_loses_it(files: tuple[Path, Path]) -> None:
    (gained,), summary = compared(files, "ring.distance_m=800")
    assert (gained["change"], gained["before"], gained["after"]["kind"]) == ("gained", None, "proximity")
    assert summary["gained"] == 1
    assert summary["alerts_before"] == 0
    given = json.loads(files[0].read_text("utf-8"))
    files[0].write_text(json.dumps(given | {"conditions": [proximity(distance_m=800)]}), "utf-8")
    (lost,), summary = compared(files, "ring.distance_m=500")
    assert (lost["change"], lost["after"], lost["before"]["kind"]) == ("lost", None, "proximity")
    assert summary["lost"] == 1


def test_an_alert_that_comes_earlier_or_weighs_less_is_changed(files: tuple[Path, Path]) -> None:
    given = json.loads(files[0].read_text("utf-8"))
    files[0].write_text(json.dumps(given | {"conditions": [proximity(distance_m=800)]}), "utf-8")
    (weaker,), summary = compared(files, "ring.distance_m=500", "ring.warning_m=800")
    assert (weaker["before"]["priority"], weaker["after"]["priority"]) == (1, 2)
    assert (summary["less_urgent"], summary["changed"]) == (1, 1)
    seen = still(HERS, 0, 40) + walk(HIS, 3, [(1000.0, 0.0)] * 20 + [(700.0, 0.0)] * 20)
    files[1].write_text("\n".join(published(one) for one in seen) + "\n", "utf-8")
    (earlier,), summary = compared(files, "ring.distance_m=1200")
    assert (earlier["change"], earlier["earlier_s"]) == ("changed", 300.0)
    assert (summary["earlier"], summary["more_urgent"], summary["less_urgent"]) == (1, 0, 0)


def test_a_what_if_that_changes_nothing_shows_no_difference(files: tuple[Path, Path]) -> None:
    found, summary = compared(files, "area.shape=" + json.dumps(circle(east_m=60_000)["shape"]))
    assert found == []
    assert {summary[name] for name in ("gained", "lost", "changed")} == {0}


def test_people_get_the_differences_as_a_table(files: tuple[Path, Path]) -> None:
    done = run(*files, "--compare", "--set", "ring.distance_m=800")
    assert done.returncode == 0
    assert "gained 1" in done.stdout
    assert "proximity" in done.stdout


def test_any_order_of_the_lines_is_replayed_by_receipt(files: tuple[Path, Path]) -> None:
    wider = ("--json", "--set", "ring.distance_m=800")
    expected = run(*files, *wider).stdout
    lines = files[1].read_text("utf-8").splitlines()
    files[1].write_text("\n".join(reversed(lines)), "utf-8")
    assert run(*files, *wider).stdout == expected != ""


def test_a_ring_that_no_device_measures_is_named(files: tuple[Path, Path]) -> None:
    given = json.loads(files[0].read_text("utf-8"))
    files[0].write_text(json.dumps(given | {"protected": [{"id": "p", "devices": []}]}), "utf-8")
    done = run(*files, "--json")
    assert done.returncode == 0
    assert "condition ring: cannot be measured by a device" in done.stderr


def test_a_broken_order_is_refused_with_its_field(files: tuple[Path, Path]) -> None:
    files[0].write_text(json.dumps(order(proximity()) | {"timezone": "Mars/Base"}), "utf-8")
    done = run(*files, "--json")
    assert done.returncode == 2
    assert "order.json: timezone" in done.stderr


def test_observations_of_other_devices_are_counted_aloud(files: tuple[Path, Path]) -> None:
    with files[1].open("a", encoding="utf-8") as lines:
        lines.write(published(still("stranger", 700, 1)[0]) + "\n")
    done = run(*files, "--json")
    assert done.returncode == 0
    assert "1 observations of devices that the order does not name" in done.stderr


@pytest.mark.skipif(IS_PLAIN, reason="measures the compiled engine: plain it takes minutes")
def test_the_engine_bench_prints_one_json_object_per_number_of_cases() -> None:
    command = [sys.executable, "-m", "aralyk.cli", "bench", "engine", "--json", "--cases", "50", "--cases", "60"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    measured = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["cases"] for one in measured] == [50, 60]
    assert all(one["fixes_per_s"] > 0 and one["bytes_per_case"] > 0 for one in measured)
    assert all(one["decisions"] > 0 for one in measured)
