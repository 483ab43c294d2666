"""Children's and carers' watches, frames between brackets, over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.watch.codec import decode
from aralyk.protocols.watch.commands import encode_command
from aralyk.protocols.watch.splitter import WatchSplitter
from aralyk.protocols.watch.wire import FRAME_BYTES_MAX

CODEC = Codec(
    name="watch",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=WatchSplitter,
    encode_command=encode_command,
)
