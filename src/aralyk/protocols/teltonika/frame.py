"""The envelopes: what TCP puts around the data is checked by a checksum, what UDP puts around it is not."""

from __future__ import annotations

import struct
from typing import Final

from aralyk.protocols.checksums import crc16_arc

PREAMBLE: Final = bytes(4)
HEAD_BYTES: Final = 8  # preamble, length of the data
CHECKSUM_BYTES: Final = 4  # two of zero, two of checksum
# 255 records of 60 bytes; the vendor's packets have at most 1,280, the camera's 2,100.
FRAME_BYTES_MAX: Final = 16 * 1024
PING: Final = 0xFF
IMEI_BYTES_MIN: Final = 14
IMEI_BYTES_MAX: Final = 16

U32: Final = struct.Struct(">I")


def framed(data: bytes) -> bytes:
    """Put the TCP envelope around data."""
    return PREAMBLE + U32.pack(len(data)) + data + U32.pack(crc16_arc(data))
