"""Any bytes give messages or a ProtocolError, in every protocol; what an encoder writes, its codec reads."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.messages import Alarm, Cell, Message, Source, Strap
from aralyk.protocols.osmand import encoder as osmand
from aralyk.protocols.r16h import encoder as r16h
from tests.protocols.samples import check_message, frames_of, read_connection, samples_of

DAY_US = 86_400_000_000
START_US = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000

_words = st.sampled_from(
    [
        "id",
        "deviceid",
        "timestamp",
        "lat",
        "lon",
        "location",
        "valid",
        "speed",
        "bearing",
        "batt",
        "charge",
        "alarm",
        "mock",
        "cell",
        "wifi",
        "x",
        "notificationToken",
    ]
)
_values = st.one_of(
    st.text(max_size=20),
    st.floats().map(str),
    st.sampled_from(["7", "1704067320", "42.87", "sos", "true", "-1", "%FF", "%u1", "1e400", "437,5,1,2,-7", "\x00"]),
)
_queries = st.lists(st.tuples(_words, _values), max_size=8).map(
    lambda pairs: b"?" + "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass") + b"\n"
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "location",
                    "coords",
                    "latitude",
                    "longitude",
                    "timestamp",
                    "device_id",
                    "battery",
                    "level",
                    "extras",
                    "alarm",
                    "mock",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
_bodies = _json.map(lambda value: b"?\n" + msgspec.json.encode(value))
_frames = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda raw: b"?" + raw),
    _queries,
    _bodies,
    st.lists(st.sampled_from(["@GPSD", "@LBSD", "@LINK", "860000000000017", "R", "S", "20261121", "100000", "1.0", "N",
                              "437-5-1f-2a:-70", "L", "SOS", "", "\xff"]), max_size=16)
    .map(lambda parts: ",".join(parts).encode("latin-1")),
)  # fmt: skip


PROTOCOLS = sorted(registry())


def _mutated(data: st.DataObject, sample: bytes) -> bytes:
    """A sample with a few bytes changed, cut out or put in: nearer to what a bad network and an attacker send."""
    raw = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(raw)))
        match data.draw(st.sampled_from(["change", "cut", "insert", "end"])):
            case "change":
                raw[at : at + 1] = bytes((data.draw(st.integers(0, 255)),))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 8))]
            case "insert":
                raw[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case _:
                del raw[at:]
    return bytes(raw)


def _stream(data: st.DataObject, name: str) -> list[bytes]:
    samples = samples_of(name)
    parts = st.binary(max_size=120) if not samples else st.binary(max_size=60) | st.sampled_from(samples)
    return [_mutated(data, part) for part in data.draw(st.lists(parts, max_size=6))]


def _rechunked(data: st.DataObject, stream: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def check_results(name: str, frames: list[bytes | BrokenFrame]) -> None:
    """Each frame is read or refused, the same way each time, and what is set aside stays within the limit."""
    results = read_connection(name, frames)
    assert outcomes(results) == outcomes(read_connection(name, frames))
    for frame, result in zip(frames, results, strict=True):
        if isinstance(frame, BrokenFrame):
            assert len(frame.raw) <= registry()[name].frame_bytes_max
        if isinstance(result, Decoded):
            for message in result.messages:
                check_message(message)


@pytest.mark.parametrize("name", PROTOCOLS)
@given(data=st.data())
def test_any_bytes_give_messages_or_a_protocol_error(name: str, data: st.DataObject) -> None:
    for frame in [data.draw(_frames), *_stream(data, name)]:
        check_results(name, [frame])  # as if the log had kept it


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if registry()[name].splitter])
@given(data=st.data())
def test_any_stream_gives_frames_that_are_read_or_refused_however_it_was_chunked(
    name: str, data: st.DataObject
) -> None:
    stream = b"".join(_stream(data, name))
    frames = frames_of(name, [stream])
    check_results(name, frames)
    assert told(frames_of(name, _rechunked(data, stream))) == told(frames)


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if registry()[name].frames_of_datagram])
@given(data=st.data())
def test_any_datagram_gives_frames_that_are_read_or_refused(name: str, data: st.DataObject) -> None:
    cut = registry()[name].frames_of_datagram
    assert cut is not None
    for datagram in _stream(data, name):
        check_results(name, cut(datagram))


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if samples_of(name)])
def test_every_sample_of_a_device_is_read(name: str) -> None:
    results = read_connection(name, frames_of(name, list(samples_of(name))))
    assert not [result for result in results if isinstance(result, ProtocolError)]
    assert any(isinstance(result, Decoded) and result.messages for result in results)


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if registry()[name].encode_command])
@pytest.mark.parametrize("kind", list(CommandKind))
def test_a_command_is_written_or_refused_by_name(name: str, kind: CommandKind) -> None:
    encode = registry()[name].encode_command
    assert encode is not None
    command = Command(
        serial=7,
        kind=kind,
        interval_s=60 if kind is CommandKind.INTERVAL else None,
        text="call us" if kind is CommandKind.MESSAGE else None,
    )
    try:
        written = encode(command, Session(device_id="860000000000017"))
    except CommandNotSpoken:
        return
    assert 0 < len(written) <= registry()[name].frame_bytes_max


def outcomes(results: list[Decoded | ProtocolError]) -> list[object]:
    """What was read, and why the rest was not, comparable."""
    return [result if isinstance(result, Decoded) else (result.code, result.detail) for result in results]


def told(frames: list[bytes | BrokenFrame]) -> list[object]:
    """Frames and refusals, comparable."""
    return [frame if isinstance(frame, bytes) else (frame.raw, frame.error.code) for frame in frames]


_unknown = st.none()
_moments = st.integers(0, 30 * DAY_US).map(lambda us: START_US + us // 1_000_000 * 1_000_000)
_phones = st.builds(
    Message,
    device_id=st.sampled_from(["7", "48241179", "phone-9"]),
    fixed_at_us=_moments,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.just(True),
    accuracy_m=_unknown | st.floats(0.5, 5000),
    altitude_m=_unknown | st.floats(0, 5000),
    speed_mps=_unknown | st.floats(0, 80),
    heading_deg=_unknown | st.floats(0, 359),
    source=st.just(Source.FUSED),
    battery_pct=_unknown | st.floats(0, 100),
    charging=_unknown | st.booleans(),
    alarms=st.sampled_from([(), (Alarm.SOS,), (Alarm.LOW_BATTERY, Alarm.SOS)]),
)


def read_osmand(frame: bytes) -> Message:
    return registry()["osmand"].decode(frame, Session()).messages[0]


@given(_phones)
def test_what_the_app_versions_write_is_what_the_codec_reads(said: Message) -> None:
    by_query = read_osmand(b"?" + osmand.encode_query(said).encode() + b"\n")
    by_json = read_osmand(b"?\n" + osmand.encode_json(said))
    by_form = read_osmand(b"?\n" + osmand.encode_form(said))
    for heard in (by_query, by_json, by_form):
        assert (heard.device_id, heard.fixed_at_us, heard.alarms) == (said.device_id, said.fixed_at_us, said.alarms)
        assert heard.lat == pytest.approx(said.lat, abs=1e-7)
        assert heard.lon == pytest.approx(said.lon, abs=1e-7)
        assert "unreadable" not in heard.extra
    assert by_json.speed_mps == said.speed_mps
    assert by_query.speed_mps == pytest.approx(said.speed_mps or 0.0, abs=1e-6)
    assert by_form.speed_mps == (None if said.speed_mps is None else pytest.approx(said.speed_mps, abs=0.01))
    for heard, tolerance in ((by_query, 1e-9), (by_json, 0.01), (by_form, 0.5)):
        assert heard.battery_pct == (
            None if said.battery_pct is None else pytest.approx(said.battery_pct, abs=tolerance)
        )
    assert by_form.charging == said.charging


_bracelets = st.builds(
    Message,
    device_id=st.just("860000000000017"),
    fixed_at_us=_moments,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.just(True),
    speed_mps=_unknown | st.floats(0, 80),
    heading_deg=_unknown | st.floats(0, 359),
    battery_pct=_unknown | st.floats(0, 100),
    strap=st.sampled_from([Strap.LOCKED, Strap.OPEN]),
    alarms=st.sampled_from([(), (Alarm.SOS,), (Alarm.STRAP_OPEN,), (Alarm.LOW_BATTERY,)]),
    extra=st.sampled_from([{}, {"stored": True}]),
)


@given(_bracelets)
def test_what_the_bracelet_writes_is_what_the_codec_reads(said: Message) -> None:
    splitter = registry()["r16h"].splitter
    assert splitter is not None
    (frame,) = splitter().feed(r16h.encode_position(said))
    assert isinstance(frame, bytes)
    (heard,) = registry()["r16h"].decode(frame, Session()).messages
    assert (heard.device_id, heard.fixed_at_us, heard.strap) == (said.device_id, said.fixed_at_us, said.strap)
    assert (heard.alarms, heard.extra) == (said.alarms, said.extra)
    assert heard.lat == pytest.approx(said.lat, abs=1e-5)
    assert heard.lon == pytest.approx(said.lon, abs=1e-5)
    assert (heard.speed_mps is None) == (said.speed_mps is None)


def test_a_bracelet_without_a_fix_names_its_cell_and_its_strap() -> None:
    said = Message(
        device_id="860000000000017",
        sent_at_us=START_US,
        strap=Strap.OPEN,
        cells=(Cell(mcc=437, mnc=5, lac=30200, cid=102512405, rssi_dbm=-111),),
    )
    heard = registry()["r16h"].decode(r16h.encode_position(said), Session()).messages[0]
    assert (heard.cells, heard.strap, heard.sent_at_us, heard.source) == (
        said.cells, Strap.OPEN, START_US, Source.NETWORK,
    )  # fmt: skip
