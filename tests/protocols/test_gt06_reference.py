"""Every known frame of GT06 against the reference decoder."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

WANTED: dict[tuple[str, str], str] = {
    (
        "gt06-021",
        "altitude_m",
    ): "the cell's length says 4 bytes for its number; the reference takes 8 and reads on beside",
    ("gt06-069", "fixed_at"): "0 seconds since 1970 is a clock that was never set: unknown",
    ("gt06-095", "battery_pct"): "the reference does not read the status that stands in this fence alarm",
}


def test_every_known_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    assert_reads_as_the_reference("gt06", WANTED)
