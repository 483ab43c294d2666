"""Every known frame of JT/T 808, value by value against the reference decoder."""

from __future__ import annotations

from aralyk.protocols.codec import BrokenFrame, Decoded
from aralyk.protocols.jt808.splitter import DelimiterSplitter
from tests.protocols.reference import assert_reads_as_the_reference
from tests.protocols.vectors import read, vector, vectors

# (vector, field): why we read it otherwise.
WANTED: dict[tuple[str, str], str] = {
    ("jt808-051", "battery_pct"): "153 is no percentage: unknown",
    ("jt808-067", "valid"): "the lock's own flag says that it had no fix",
}


def test_every_frame_is_read_as_the_reference_reads_it_but_for_listed_differences() -> None:
    assert_reads_as_the_reference("jt808", WANTED)


def test_the_stream_is_cut_where_the_reference_cuts_it() -> None:
    cases = [case for case in vectors("framing") if case["protocol"] == "jt808"]
    assert cases
    for case in cases:
        cut = DelimiterSplitter().feed(bytes.fromhex(case["frame"]))
        frames = [frame for frame in cut if not isinstance(frame, BrokenFrame)]
        assert frames[0].hex() == case["expect"]["first_frame"]


def test_what_the_reference_says_of_cells_and_access_points_is_read() -> None:
    for vector_id in ("jt808-022", "jt808-026", "jt808-105", "jt808-111"):
        entry = vector("jt808", vector_id)
        decoded = read("jt808", entry)
        assert isinstance(decoded, Decoded)
        (message,) = decoded.messages
        network = entry["expect"]["network"]
        towers = {
            (cell["mobileCountryCode"], cell["mobileNetworkCode"], cell["locationAreaCode"], cell["cellId"])
            for cell in network.get("cellTowers", [])
        }
        assert {(cell.mcc, cell.mnc, cell.lac, cell.cid) for cell in message.cells} == towers
        heard = [(point["macAddress"], point["signalStrength"]) for point in network.get("wifiAccessPoints", [])]
        assert {(point.mac, point.rssi_dbm) for point in message.wifi} == set(heard)
