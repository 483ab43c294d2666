"""Every known H02 frame, value by value against the reference decoder: no difference is wanted."""

from __future__ import annotations

from tests.protocols.reference import assert_reads_as_the_reference


def test_every_frame_is_read_as_the_reference_reads_it() -> None:
    assert_reads_as_the_reference("h02", {})
