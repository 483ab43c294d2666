"""What one stored line says, read once, typed, and only as far as the engine and the projections need it.

`tracking.log` keeps lines as bytes for evidence; here they become values. The raw frame, the salt and unknown members
are skipped, not parsed: at twenty thousand lines a second that is half of the work. A place outside the Earth is no
place, but what came with it (a panic!) still counts; a line that cannot be read at all is the caller's to quarantine.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from aralyk.ledger.derived import NOTHING_SAID, Said, said_in

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
FIXED_AT_MIN_US: Final = -62_000_000_000_000_000  # year 5: what fits both Python's and PostgreSQL's calendars
FIXED_AT_MAX_US: Final = 253_000_000_000_000_000  # year 9987


class Extra(msgspec.Struct, frozen=True, gc=False):
    """The few protocol extras that change a judgement.

    What a codec of tomorrow writes in an unknown form is not said at all: a whole message, perhaps a cry for help, is
    never refused for an extra. A bundle reads them by the same function.
    """

    mock: bool | None = None  # the phone says that an app invents its place
    attestation: Any = None  # what the platform found of the app and its signature, never what the app says
    check_in: Any = None  # outcome of a check-in that the platform asked for
    proximity_ble: Any = None  # ids of the devices heard by BLE

    @property
    def said(self) -> Said:
        """The last three, each as the engine knows it or None."""
        if self.attestation is None and self.check_in is None and self.proximity_ble is None:
            return NOTHING_SAID  # almost every message: a step has thousands
        return said_in(
            {"attestation": self.attestation, "check_in": self.check_in, "proximity_ble": self.proximity_ble}
        )


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a frame, as `aralyk decode` prints it; None is unknown."""

    fixed_at: _Time | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    source: Literal["gnss", "network", "fused", "unknown"] = "unknown"
    battery_pct: float | None = None
    charging: bool | None = None
    strap: Literal["locked", "open"] | None = None
    alarms: tuple[str, ...] = ()
    extra: Extra = Extra()

    @property
    def fixed_at_us(self) -> int | None:
        """When the place was taken, microseconds; None also when no calendar could hold it."""
        if self.fixed_at is None:
            return None
        at_us = to_us(self.fixed_at)
        return at_us if FIXED_AT_MIN_US < at_us < FIXED_AT_MAX_US else None

    @property
    def has_place(self) -> bool:
        """Whether there is a place on this Earth; not whether the device calls it valid."""
        if self.lat is None or self.lon is None:
            return False
        return -90.0 <= self.lat <= 90.0 and -180.0 <= self.lon <= 180.0


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="frame"):
    """A frame line. `device` is the registered device whose sender was believed; None: nobody's."""

    device: str | None = None
    received_at: _Time
    heard_at: _Time | None = None  # released from quarantine: when the gateway had it
    messages: list[Message]


class Control(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="control"):
    """A control line."""

    received_at: _Time
    control: dict[str, Any]


_decoder: Final = msgspec.json.Decoder(Frame | Control)


def read_line(line: bytes) -> Frame | Control:
    """Read one stored line.

    Raises:
        msgspec.DecodeError: Not JSON.
        msgspec.ValidationError: Not a line of this log; the message names the field, not its value.
    """
    read: Frame | Control = _decoder.decode(line)
    if isinstance(read, Frame) and read.device is not None and "\0" in read.device:
        raise msgspec.ValidationError("Expected text without NUL - at `$.device`")  # PostgreSQL could not store it
    return read


def to_us(at: datetime) -> int:
    """Microseconds since the Unix epoch, exact; `at` is aware (`read_line` refuses others)."""
    return (at - _EPOCH) // _MICROSECOND
