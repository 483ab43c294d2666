"""Every known frame of Megastek against the reference decoder, but for the listed differences."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

NOT_READ = "the reference does not read a status whose $GPRMC has no checksum"
WANTED = {
    ("megastek-027", "altitude_m"): NOT_READ,
    ("megastek-027", "battery_pct"): NOT_READ,
    ("megastek-038", "frame"): "its longitude has more than 60 minutes: no place, and its checksum is wrong as well",
}


def test_every_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    assert_reads_as_the_reference("megastek", WANTED)
