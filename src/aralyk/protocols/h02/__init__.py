"""H02: vehicle and personal trackers that mix text and binary frames on one stream. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.h02.codec import decode
from aralyk.protocols.h02.commands import encode_command
from aralyk.protocols.h02.splitter import FRAME_BYTES_MAX, H02Splitter, frames_of_datagram

CODEC = Codec(
    name="h02",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=H02Splitter,
    frames_of_datagram=frames_of_datagram,
    encode_command=encode_command,
)
