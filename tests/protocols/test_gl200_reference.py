"""Every known frame of a Queclink tracker against the reference decoder."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference

TRUE_IMEI = "the reference reads the id's eight bytes as one number; they are the IMEI in decimal pairs"
WANTED = {
    ("gl200-bin-003", "device"): TRUE_IMEI,
    ("gl200-bin-005", "device"): TRUE_IMEI,
    ("gl200-bin-006", "device"): "the reference reads two bytes too far on; they are the device's name",
    ("gl200-bin-007", "device"): TRUE_IMEI,
    ("gl200-text-001", "battery_pct"): "the reference does not read it beside a status word of two digits",
    ("gl200-text-114", "battery_pct"): "the reference does not read it in reports of this type",
    ("gl200-text-157", "device"): "the reference takes the SIM card's number for the id",
}


def test_known_frames_are_read_as_the_reference_reads_them() -> None:
    assert_reads_as_the_reference("gl200", WANTED)
