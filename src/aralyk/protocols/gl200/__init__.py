"""Queclink trackers ("@Track": GL, GV, GT, GB … families), text and binary, over TCP and UDP. See README.md here."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.gl200.codec import decode
from aralyk.protocols.gl200.commands import encode_command
from aralyk.protocols.gl200.splitter import FRAME_BYTES_MAX, QueclinkSplitter, frames_of_datagram

CODEC = Codec(
    name="gl200",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=QueclinkSplitter,
    frames_of_datagram=frames_of_datagram,
    encode_command=encode_command,
)
