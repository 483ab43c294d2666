"""A bundle made by the platform convinces somebody who has nothing of the platform."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from aralyk import clock
from aralyk.bundles.actions import BundleSummary, export_incident
from aralyk.bundles.errors import NoSuchIncident, NotSealedInTime, RenditionRefused
from aralyk.bundles.queries import incident_by_number
from aralyk.database import Role
from aralyk.engine import State, compile_order, parse_observation
from aralyk.evidence.keys import PUBLIC_FILE, SigningKey
from aralyk.ledger import archive, bundle
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checks import Status
from aralyk.ledger.derived import written
from aralyk.ledger.verification import verify, written_report
from aralyk.tracking import log
from tests.bundles.conftest import Case
from tests.conftest import REPOSITORY, Database

Export = Callable[..., BundleSummary]


@pytest.fixture
def export(database: Database, key: SigningKey, tmp_path: Path) -> Export:
    def export(case: Case, name: str = "bundle.zip", **options: object) -> BundleSummary:
        with database.connect(Role.CONSOLE, autocommit=True) as connection:
            return export_incident(
                connection,
                case.incident,
                tmp_path / name,
                f"user:{case.operator.pk}",
                key=key.public,
                reason="court",
                **options,  # type: ignore[arg-type]
            )

    return export


def test_the_bundle_of_a_real_incident_holds_in_every_check(case: Case, export: Export, key: SigningKey) -> None:
    summary = export(case)
    file = summary.path.read_bytes()
    report = verify(file, key=key.public)
    assert report.holds, written_report(report)
    assert [f.number for f in report.findings if f.outcome.status is Status.NOT_ASKED] == [23]
    assert summary.failed == ()
    assert summary.bytes_ == len(file)
    assert summary.decisions >= 1
    assert summary.lines >= 3
    assert stat.S_IMODE(summary.path.stat().st_mode) == 0o600


def note_outage(database: Database, *, began_before: timedelta, lasted: timedelta) -> None:
    since = clock.now() - began_before
    control = {"type": "platform_away", "from": written(since), "to": written(since + lasted)}
    line = log.control_line(control, received_at_us=clock.to_us(since))
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        log.append(cursor, stream="control/away-0", lines=[line], received_at=since, by="system:monitor")


def test_it_says_when_the_platform_itself_was_away_round_the_incident(
    case: Case, export: Export, key: SigningKey, database: Database
) -> None:
    note_outage(database, began_before=timedelta(days=9), lasted=timedelta(hours=1))
    note_outage(database, began_before=timedelta(minutes=35), lasted=timedelta(minutes=30))
    file = export(case).path.read_bytes()
    assert verify(file, key=key.public).holds
    controls = [
        line.value["control"] for line in bundle.lines_in(archive.read_members(file)) if "control" in line.value
    ]
    away = [control for control in controls if isinstance(control, dict) and control["type"] == "platform_away"]
    assert len(away) == 1
    assert clock.parse_iso(away[0]["to"]) - clock.parse_iso(away[0]["from"]) == timedelta(minutes=30)


def test_it_holds_the_case_whole_and_nobody_else(case: Case, export: Export) -> None:
    members = archive.read_members(export(case).path.read_bytes())
    kinds = [entry.kind for entry in bundle.entries_in(members)]
    for kind in (
        "order_issued", "device_assigned", "log_batch", "step", "decision", "incident_raised",
        "incident_acknowledged", "incident_noted", "incident_closed", "bundle_exported",
    ):  # fmt: skip
        assert kind in kinds
    frames = [line for line in bundle.lines_in(members) if line.value["kind"] == "frame"]
    assert {line.value["device"] for line in frames} == set(case.devices)
    whole = b"".join(members.values())
    for other in case.others:
        assert other.encode() not in whole
    events = [json.loads(row)["event"] for row in members[bundle.TIMELINE].splitlines()]
    stages = [events.index(event) for event in ("occurred", "received", "decided", "incident_raised")]
    assert stages == sorted(stages)
    assert [event for event in events if event.startswith("incident_")][-1] == "incident_closed"
    order = json.loads(members[bundle.ORDER])
    assert order["order_id"] == case.order


def test_the_stand_alone_verifier_needs_nothing_of_the_platform(case: Case, export: Export, tmp_path: Path) -> None:
    path = export(case).path
    program = (
        "import sys; sys.argv[0] = 'ledger'\n"
        "from aralyk.ledger.__main__ import main\n"
        "code = main()\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not roots & {'django', 'psycopg', 'msgspec', 'numpy', 'structlog', 'typer'}, roots\n"
        "assert {n for n in sys.modules if n.startswith('aralyk.')} == {n for n in sys.modules"
        " if n.startswith('aralyk.ledger')}\n"
        "sys.exit(code)\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("verify", str(path), "--key", str(tmp_path / PUBLIC_FILE))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GENUINE: every check holds" in done.stdout
    assert "SELF-CONSISTENT ONLY" in run("verify", str(path)).stdout
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.zip").write_bytes(damaged)
    done = run("verify", str(tmp_path / "damaged.zip"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["holds"] is False
    assert run("verify", str(tmp_path / "absent.zip")).returncode == 2


def test_any_flipped_byte_of_a_real_bundle_is_found(case: Case, export: Export, key: SigningKey) -> None:
    file = export(case).path.read_bytes()
    for place in range(0, len(file), max(1, len(file) // 150)):
        flipped = bytearray(file)
        flipped[place] ^= 0x20
        assert not verify(bytes(flipped), key=key.public).holds, f"byte {place} of {len(file)}"


def test_the_engine_decides_the_same_from_the_bundle_alone(case: Case, export: Export) -> None:
    """What an expert does who doubts the decision: order and observations in, the witnessed decision out."""
    members = archive.read_members(export(case).path.read_bytes())
    told = min(line.received_at for line in bundle.lines_in(members) if line.value["kind"] == "control")
    state = State.empty()
    state.set_order(compile_order(json.loads(members[bundle.ORDER])), clock.to_us(told))
    observations = [parse_observation(json.loads(row)) for row in members[bundle.OBSERVATIONS].splitlines()]
    witnessed = [json.loads(row) for row in members[bundle.DECISIONS].splitlines()]
    until = max(clock.to_us(clock.parse_iso(decision["decided_at"])) for decision in witnessed)
    decided = [canonical_bytes(decision.as_dict()) for decision in state.step(observations, until)]
    assert witnessed
    for decision in witnessed:
        assert canonical_bytes(decision) in decided


def test_every_export_is_witnessed_and_an_earlier_one_is_no_part_of_the_case(case: Case, export: Export) -> None:
    first, second = export(case), export(case, "again.zip")
    with case.database.connect() as connection:
        rows = connection.execute(
            "SELECT body FROM evidence_entry WHERE kind = 'bundle_exported' ORDER BY id"
        ).fetchall()
    assert [json.loads(row[0])["data"]["reason"] for row in rows] == ["court", "court"]
    assert first.entries == second.entries


def test_a_checkpoint_that_the_prosecutor_kept_is_proven_to_be_the_past(
    case: Case, export: Export, key: SigningKey
) -> None:
    with case.database.connect() as connection:
        row = connection.execute("SELECT note FROM evidence_checkpoint ORDER BY tree_size LIMIT 1").fetchone()
    assert row is not None
    kept = bytes(row[0])
    file = export(case, earlier=[kept]).path.read_bytes()
    report = verify(file, key=key.public, earlier=kept)
    assert report.holds, written_report(report)
    assert Status.NOT_ASKED not in {finding.outcome.status for finding in report.findings}


def test_a_served_rendition_is_refused_in_words(case: Case, export: Export, tmp_path: Path) -> None:
    with pytest.raises(RenditionRefused, match="cannot be made by this version"):
        export(case, rendition="served")
    assert not (tmp_path / "bundle.zip").exists()


def test_an_incident_is_named_by_its_number_too(case: Case) -> None:
    with case.database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        assert incident_by_number(cursor, case.number) == case.incident
        with pytest.raises(NoSuchIncident):
            incident_by_number(cursor, 10**9)


def test_an_incident_that_does_not_exist_gives_no_file(database: Database, key: SigningKey, tmp_path: Path) -> None:
    with (
        database.connect(Role.CONSOLE, autocommit=True) as connection,
        pytest.raises(NoSuchIncident),
    ):
        export_incident(connection, uuid4(), tmp_path / "x.zip", "system:cli", key=key.public, reason="")
    assert not (tmp_path / "x.zip").exists()


class TestWithoutSequencer:
    """Nothing signs: an export says so and leaves no file."""

    @pytest.fixture
    def sequenced(self) -> None:
        """The platform is down."""

    def test_an_export_without_a_running_sequencer_says_so(self, case: Case, export: Export, tmp_path: Path) -> None:
        with pytest.raises(NotSealedInTime, match="is the platform running"):
            export(case, sealed_within_s=0.1)
        assert not (tmp_path / "bundle.zip").exists()
