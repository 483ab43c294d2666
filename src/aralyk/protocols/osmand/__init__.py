"""The "OsmAnd" protocol over HTTP, as the Traccar Client app speaks it. See README.md in this folder."""

from aralyk.protocols.codec import Codec, Transport
from aralyk.protocols.osmand.codec import FRAME_BYTES_MAX, decode, frame_of_request, refusal_status

CODEC = Codec(
    name="osmand",
    transport=Transport.HTTP,
    frame_bytes_max=FRAME_BYTES_MAX,
    decode=decode,
    frame_of_request=frame_of_request,
    refusal_status=refusal_status,
)
