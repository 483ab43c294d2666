"""R16H, a bracelet with a lock in its strap, over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.r16h.codec import decode, may_cry
from aralyk.protocols.r16h.splitter import FRAME_BYTES_MAX, DollarSplitter

CODEC = Codec(
    name="r16h",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=DollarSplitter,
    may_cry=may_cry,
)
