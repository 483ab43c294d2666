"""The sign that a process gets on with its work: a small file in `run/`, read by watchdog, supervisor and doctor."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from aralyk import clock


def beat(home: Path, process: str, detail: Mapping[str, object]) -> None:
    """Say that a process does its work. The time is the machine's: it must mean something to another process.

    Args:
        home: The installation's directory.
        process: Its name.
        detail: Figures for people.
    """
    write_sign(home / "run" / f"{process}.heartbeat", {"detail": dict(detail)})


def write_sign(path: Path, content: Mapping[str, object]) -> None:
    """Write such a file whole, with the time and the process; on a full disk the old one stays, and its age tells.

    What still works must not end for a sign of life.
    """
    told = {"at": clock.iso(datetime.now(UTC)), **content, "pid": os.getpid()}
    partial = path.with_name(f"{path.name}.partial")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(path)
