"""Every known frame of Teltonika against the reference decoder, but for the listed differences."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

CUT = "the published frame ends within its checksum; a checksum that is not whole is not right"
WANTED = {
    ("teltonika-034", "frame"): CUT,
    ("teltonika-037", "frame"): CUT,
}


def test_every_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    assert_reads_as_the_reference("teltonika", WANTED)
