"""Laipac, among others the bracelet S-911, over TCP. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.laipac.codec import decode
from aralyk.protocols.laipac.commands import encode_command
from aralyk.protocols.laipac.sentence import FRAME_BYTES_MAX
from aralyk.protocols.laipac.splitter import SentenceSplitter

CODEC = Codec(
    name="laipac",
    transport=Transport.TCP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    splitter=SentenceSplitter,
    encode_command=encode_command,
    commands_answered=False,
)
