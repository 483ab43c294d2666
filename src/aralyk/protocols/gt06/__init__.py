"""GT06, the family of Concox, Jimi and their relatives, over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.gt06.codec import decode, may_cry, may_name
from aralyk.protocols.gt06.commands import encode_command
from aralyk.protocols.gt06.frame import FRAME_BYTES_MAX
from aralyk.protocols.gt06.splitter import LengthSplitter

CODEC = Codec(
    name="gt06",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=LengthSplitter,
    encode_command=encode_command,
    may_cry=may_cry,
    may_name=may_name,
)
