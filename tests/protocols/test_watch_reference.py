"""Every known frame of a watch against the reference decoder."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

WANTED: dict[tuple[str, str], str] = {}


def test_known_frames_are_read_as_the_reference_reads_them() -> None:
    assert_reads_as_the_reference("watch", WANTED)
