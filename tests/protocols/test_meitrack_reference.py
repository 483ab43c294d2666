"""Every known frame of Meitrack against the reference decoder."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

WANTED: dict[tuple[str, str], str] = {}


def test_every_known_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    assert_reads_as_the_reference("meitrack", WANTED)
