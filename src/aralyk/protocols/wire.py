"""What the protocols' frames have in common: units, degrees and minutes, names of access points."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Range

KMH_MPS: Final = 1 / 3.6
KNOT_MPS: Final = 1852 / 3600
DECIMALS: Final = 6  # of derived values: hides the noise of units, far below any sensor's step
_MINUTE_DIGITS: Final = 6  # of a coordinate without a point: whole minutes and ten-thousandths


def angle(degrees: int, minutes: float, *, name: str, bounds: Range) -> float:
    """Degrees and minutes as degrees, without a sign.

    Raises:
        ProtocolError: 60 minutes or more, or beyond the bounds; it names `name`.
    """
    value = degrees + minutes / 60
    if minutes >= 60 or value > bounds.high:
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, f"{name}: expected {bounds}")
    return value


def degrees_and_minutes(digits: str, *, name: str) -> tuple[int, float]:
    """Read a coordinate of decimal digits, the last six of which are minutes and their ten-thousandths (as in BCD).

    Raises:
        ProtocolError: Something else than decimal digits; it names `name`.
    """
    if not digits.isdecimal():
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected decimal digits")
    return int(digits[:-_MINUTE_DIGITS]), int(digits[-_MINUTE_DIGITS:]) / 10_000


def mac_of_digits(digits: str) -> str:
    """An access point's twelve hexadecimal digits in lower case with colons."""
    lower = digits.lower()
    return ":".join(lower[at : at + 2] for at in range(0, 12, 2))
