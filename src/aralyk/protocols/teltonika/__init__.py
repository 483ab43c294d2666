"""Teltonika's personal trackers and their relatives, over TCP and UDP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.teltonika.codec import decode, frames_of_datagram, may_cry, may_name
from aralyk.protocols.teltonika.commands import encode_command
from aralyk.protocols.teltonika.frame import FRAME_BYTES_MAX
from aralyk.protocols.teltonika.splitter import LengthSplitter

CODEC = Codec(
    name="teltonika",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=LengthSplitter,
    frames_of_datagram=frames_of_datagram,
    encode_command=encode_command,
    may_cry=may_cry,
    may_name=may_name,
)
