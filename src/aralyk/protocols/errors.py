"""What a codec says about bytes that it can't read.

A codec gives messages or raises `ProtocolError`, never anything else. The text names the field and the form that was
expected, never what was found: found values are places, phone numbers and secrets, and this text reaches logs, answers
to devices and screens. The bytes themselves go to quarantine.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why bytes were refused. Stable: quarantine rows and metrics carry it."""

    NOT_TEXT = "not_text"  # bytes outside the protocol's alphabet
    NOT_JSON = "not_json"
    UNKNOWN_FRAME = "unknown_frame"  # no frame of this protocol has this form
    FRAME_TOO_LONG = "frame_too_long"
    FRAME_CUT = "frame_cut"  # the connection ended within a frame
    BAD_CHECKSUM = "bad_checksum"  # the bytes are not those that the device sent
    TOO_MANY_FIELDS = "too_many_fields"
    MISSING_FIELD = "missing_field"
    DUPLICATE_FIELD = "duplicate_field"
    BAD_FIELD = "bad_field"
    NOT_FINITE = "not_finite"  # NaN or infinity where a number must stand
    OUT_OF_RANGE = "out_of_range"
    NOT_OPENED = "not_opened"  # encrypted, and no registered key opens it
    CODEC_FAILED = "codec_failed"  # our own fault: the codec raised something else than this


class ProtocolError(ValueError):
    """The device's fault, or the network's: keep the bytes, count, go on."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail
