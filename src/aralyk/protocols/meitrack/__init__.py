"""Meitrack trackers over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.meitrack.codec import decode
from aralyk.protocols.meitrack.commands import encode_command
from aralyk.protocols.meitrack.envelope import FRAME_BYTES_MAX
from aralyk.protocols.meitrack.splitter import FrameSplitter

CODEC = Codec(
    name="meitrack",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=FrameSplitter,
    encode_command=encode_command,
)
