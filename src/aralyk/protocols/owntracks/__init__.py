"""OwnTracks over HTTP: location, transition, status and the other messages of the app. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.owntracks.codec import FRAME_BYTES_MAX, decode, frame_of_request, refusal_status
from aralyk.protocols.owntracks.commands import answer_of_commands, encode_command

CODEC = Codec(
    name="owntracks",
    transport=Transport.HTTP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    frame_of_request=frame_of_request,
    refusal_status=refusal_status,
    encode_command=encode_command,
    answer_of_commands=answer_of_commands,
)
