"""Megastek's bracelets with a belt (MT-60X) and their relatives, over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.megastek.codec import decode
from aralyk.protocols.megastek.splitter import FRAME_BYTES_MAX, LineSplitter

CODEC = Codec(
    name="megastek",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=LineSplitter,
)
