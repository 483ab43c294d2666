"""JT/T 808, the Chinese standard of vehicle terminals that many small trackers speak. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.jt808.codec import decode
from aralyk.protocols.jt808.commands import encode_command
from aralyk.protocols.jt808.splitter import DelimiterSplitter
from aralyk.protocols.jt808.wire import FRAME_BYTES_MAX, escaped

CODEC = Codec(
    name="jt808",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=DelimiterSplitter,
    encode_command=encode_command,
    wire_of_answer=escaped,
)
