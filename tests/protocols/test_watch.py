"""What a watch says, how its stream is cut into frames, and what it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source, Strap, iso_time
from aralyk.protocols.watch import CODEC
from aralyk.protocols.watch.encoder import encode_link, encode_position, encode_sound
from aralyk.protocols.watch.position import ALARM_BITS
from aralyk.protocols.watch.splitter import WatchSplitter
from aralyk.protocols.watch.wire import FRAME_BYTES_MAX, escape, unescape, write_frame
from tests.protocols.samples import check_message
from tests.protocols.test_any_bytes import START_US
from tests.protocols.vectors import vector, vectors

ID = "8600000017"
UD = "{kind},{date},100000,{valid},42.874610,N,74.569820,E,36.00,90.0,760.0,7,80,72,1200,0,{status}{networks}"
NETWORKS = ",1,1,437,5,30200,1025,111,1,home,34:a1:ed:e1:91:4f,-71,15.0"


def content(**changes: str) -> bytes:
    fields = {"kind": "UD", "date": "211126", "valid": "A", "status": "00000000", "networks": NETWORKS} | changes
    return UD.format(**fields).encode("utf-8")


def frame(body: bytes, index: str | None = None) -> bytes:
    return write_frame(body, manufacturer="3G", device_id=ID, index=index)


def read(body: bytes, index: str | None = None) -> Decoded:
    return CODEC.decode(unescape(frame(body, index)), Session())


def message(**changes: str) -> Message:
    return read(content(**changes)).messages[0]


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = WatchSplitter()
    return [piece for chunk in chunks for piece in splitter.feed(chunk)]


def told(*chunks: bytes) -> list[object]:
    return [piece if isinstance(piece, bytes) else (piece.raw, piece.error.code) for piece in split(*chunks)]


def test_a_fix_is_read_with_its_units() -> None:
    said = message()
    assert said.device_id == ID
    assert iso_time(said.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert (said.lat, said.lon, said.valid, said.source) == (42.87461, 74.56982, True, Source.GNSS)
    assert (said.speed_mps, said.heading_deg, said.altitude_m, said.battery_pct) == (10.0, 90, 760, 72)
    assert said.accuracy_m is None
    assert (said.alarms, said.strap) == ((), None)
    assert said.extra == {"satellites": 7, "signal": 80, "steps": 1200, "status": "00000000"}
    assert said.cells == (Cell(mcc=437, mnc=5, lac=30200, cid=1025, rssi_dbm=-111),)
    assert said.wifi == (AccessPoint(mac="34:a1:ed:e1:91:4f", rssi_dbm=-71),)


def test_a_place_that_the_watch_calls_bad_is_not_valid() -> None:
    assert message(valid="V").valid is False


@pytest.mark.parametrize("bit", range(32))
def test_each_bit_of_the_status_word_raises_its_alarm_and_no_other(bit: int) -> None:
    said = message(status=f"{1 << bit:08X}")
    assert said.alarms == ((ALARM_BITS[bit],) if bit in ALARM_BITS else ())
    assert said.strap is (Strap.OPEN if bit in (3, 20) else None)


def test_a_panic_hides_neither_an_opened_strap_nor_a_fall() -> None:
    """Peer's case watch-02."""
    sos_removed_fall = message(status=f"{1 << 16 | 1 << 20 | 1 << 21:08X}")
    assert set(sos_removed_fall.alarms) == {Alarm.SOS, Alarm.STRAP_OPEN, Alarm.FALL}


def test_an_empty_battery_does_not_hide_an_opened_strap() -> None:
    """Peer's case watch-01."""
    battery_removed = message(status=f"{1 | 1 << 20:08X}")
    assert set(battery_removed.alarms) == {Alarm.LOW_BATTERY, Alarm.STRAP_OPEN}
    assert battery_removed.strap is Strap.OPEN


def test_an_alarm_without_a_name_is_still_an_alarm_and_is_answered() -> None:
    decoded = read(content(kind="AL"))
    assert decoded.messages[0].alarms == (Alarm.OTHER,)
    assert decoded.answer == b"[3G*8600000017*0002*AL]"
    assert read(content(kind="AL_LTE"), index="00a7").answer == b"[3G*8600000017*00a7*0002*AL]"


@pytest.mark.parametrize("body", [
    b"AL", b"AL,211126,100000", content(kind="AL", valid="?"), content(kind="UD", valid="?", status="00100000"),
    content(kind="UD", status="00010000").replace(b"42.87", b"142.87"),
])  # fmt: skip
def test_an_alarm_with_an_unreadable_place_is_still_given(body: bytes) -> None:
    said = read(body).messages[0]
    assert said.alarms
    assert (said.lat, said.lon, said.valid) == (None, None, None)
    assert said.extra["unreadable"]


@pytest.mark.parametrize(("body", "field"), [
    (content(valid="?"), "validity"), (content().replace(b"42.87", b"142.87"), "latitude"),
    (content().replace(b",E,", b",Q,"), "longitude"),
])  # fmt: skip
def test_a_position_without_alarm_that_cannot_be_read_is_refused_naming_the_field(body: bytes, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(body)
    assert caught.value.detail.startswith(f"{field}: ")
    assert "142" not in caught.value.detail


def test_a_time_that_does_not_exist_is_unknown_and_costs_no_place() -> None:
    for date in ("000000", "999999", "", "211199"):
        said = message(date=date)
        assert (said.fixed_at_us, said.lat, said.extra["unreadable"]) == (None, 42.87461, ["time"])


def test_a_short_position_is_a_contact_unless_its_length_is_wrong() -> None:
    assert read(b"UD").messages == read(b"UD,211126,100000").messages == ()
    with pytest.raises(ProtocolError):
        CODEC.decode(b"[3G*1*0099*UD,211126,100000]", Session())


@pytest.mark.parametrize(("body", "answer"), [
    (b"LK", b"LK"), (b"LK,0,100", b"LK"), (b"TKQ", b"TKQ"), (b"TKQ2", b"TKQ2"), (b"INIT,x", b"INIT,1"),
    (b"JXTK,a,b,1,3,#!AMR", b"JXTKR,1"), (b"CONFIG,TY:g36", None), (b"heart,71", None), (b"UPLOAD", None),
])  # fmt: skip
def test_links_are_answered_and_other_contents_are_contacts(body: bytes, answer: bytes | None) -> None:
    decoded = read(body)
    assert decoded.device_id == ID
    assert decoded.answer == (None if answer is None else frame(answer))


def test_measurements_are_read_and_an_unknown_one_stays_unknown() -> None:
    link = read(b"LK,50,0,84").messages[0]
    assert (link.battery_pct, link.extra, link.fixed_at_us) == (84, {"steps": 50}, None)
    assert read(b"LK,50,0,").messages[0].battery_pct is None
    assert read(b"heart,71").messages[0].extra == {"heart_rate_bpm": 71}
    assert read(b"bphrt,120,80,66").messages[0].extra == {
        "pressure_high_mmhg": 120, "pressure_low_mmhg": 80, "heart_rate_bpm": 66,
    }  # fmt: skip
    assert read(b"btemp2,1,36.6").messages[0].extra == {"body_temperature_c": 36.6}
    assert read(b"btemp2,0,36.6").messages[0].extra == {}  # not worn: the number means nothing
    assert read(b"heart,abc").messages[0].extra == {"unreadable": ["heart_rate_bpm"]}


def test_a_sound_is_named_and_the_acknowledgement_of_one_is_no_record() -> None:
    assert read(b"TK,#!AMR").messages[0].extra == {"audio": True}
    assert read(b"TK,1").messages == ()
    assert read(b"JXTK,a,b,1,2,#!").messages == ()
    assert read(b"JXTK,a,b,2,2,#!").messages[0].extra == {"audio": True}


@pytest.mark.parametrize("index", [None, "0A1F"])
@pytest.mark.parametrize("body", [b"TK,#!AMR voice", b"JXTK,a,b,1,2,voice", b"JXTK,a,b,2,2,voice", b"img,7,voice"])
def test_nobodys_voice_or_picture_is_kept_and_what_is_kept_reads_the_same(body: bytes, index: str | None) -> None:
    came = read(body, index)
    assert came.kept is not None
    assert b"voice" not in came.kept
    again = CODEC.decode(came.kept, Session())
    assert (again.messages, again.answer, again.sequence) == (came.messages, came.answer, came.sequence)


@given(st.sampled_from([b"TK", b"JXTK", b"img"]), st.binary(max_size=40))
def test_whatever_a_sound_holds_its_frame_without_it_reads_the_same(kind: bytes, rest: bytes) -> None:
    came = read(kind + b"," + rest)
    if came.kept is not None:
        assert CODEC.decode(came.kept, Session()).messages == came.messages


def test_a_wrong_length_is_noted() -> None:
    body = content()
    raw = frame(body).replace(f"*{len(body):04x}*".encode(), b"*0009*")
    assert CODEC.decode(raw, Session()).messages[0].extra["declared_length_differs"] is True


@pytest.mark.parametrize("raw", [b"", b"[3G*1*0002*LK", b"[3G*1*zz02*LK]", b"LK]", b"[3G*1*0002]", b"[" * 40_000])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        CODEC.decode(raw, Session())


def test_names_with_brackets_do_not_stop_the_stream() -> None:
    named = content(networks=",1,1,437,5,30200,1025,111,1,my [wifi] ]x,34:a1:ed:e1:91:4f,-71,15.0")
    assert split(frame(named) + frame(b"LK,0,0,84")) == [frame(named), frame(b"LK,0,0,84")]


@pytest.mark.parametrize("body", [b"CONFIG,TY:[g36],x", b"TK,#!AMR]]\x00]x", b"TXT,a[b]"])
def test_a_bracket_within_the_declared_length_ends_nothing(body: bytes) -> None:
    raw = f"[3G*{ID}*{len(body):04x}*".encode() + body + b"]"
    assert split(raw + frame(b"LK")) == [raw, frame(b"LK")]


@pytest.mark.parametrize("said", ["0000", "0003", "00ff", "0123"])
@pytest.mark.parametrize("kind", ["LK,0,0,53", "UD"])
def test_a_frame_with_a_wrong_length_is_still_given_and_so_is_the_next(said: str, kind: str) -> None:
    body = content() if kind == "UD" else kind.encode()
    wrong = frame(body).replace(f"*{len(body):04x}*".encode(), f"*{said}*".encode())
    assert split(wrong + frame(b"TKQ") + frame(b"LK")) == [wrong, frame(b"TKQ"), frame(b"LK")]


def test_an_alarm_with_a_wrong_length_and_odd_networks_is_given_when_the_next_head_comes() -> None:
    body = content(kind="AL", status="00010000", networks=",0,1,9,0,,10")
    wrong = frame(body).replace(f"*{len(body):04x}*".encode(), b"*0058*")
    assert split(wrong) == []
    assert split(wrong + frame(b"LK")) == [wrong, frame(b"LK")]


def test_a_frame_that_lost_its_end_is_broken_and_the_next_is_read() -> None:
    broken, link = split(frame(b"LK,0,0,84")[:-3] + frame(b"LK"))
    assert isinstance(broken, BrokenFrame)
    assert broken.error.code is ErrorCode.FRAME_CUT
    assert link == frame(b"LK")


def test_garbage_is_one_broken_frame_and_the_stream_resynchronises() -> None:
    broken, link = split(b"GET / HTTP", b"/1.1\r\n[3G*\r\n[[" + frame(b"LK"))
    assert isinstance(broken, BrokenFrame)
    assert (broken.raw, broken.error.code) == (b"GET / HTTP/1.1\r\n[3G*\r\n[[", ErrorCode.UNKNOWN_FRAME)
    assert link == frame(b"LK")


def test_endless_garbage_and_a_frame_over_the_limit_are_refused_once() -> None:
    first, link = split(*[b"x" * 1000] * 100, frame(b"LK"))
    assert isinstance(first, BrokenFrame)
    assert len(first.raw) == FRAME_BYTES_MAX
    too_long, next_link = split(b"[3G*1*ffff*TK," + b"y" * 70_000 + frame(b"LK"))
    assert isinstance(too_long, BrokenFrame)
    assert too_long.error.code is ErrorCode.FRAME_TOO_LONG
    assert link == next_link == frame(b"LK")


def test_the_end_of_the_connection_gives_the_frame_that_it_cut() -> None:
    splitter = WatchSplitter()
    assert splitter.feed(frame(b"LK") + b"\r\n[3G*86") == [frame(b"LK")]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (b"[3G*86", ErrorCode.FRAME_CUT)
    assert splitter.close() is None


_pieces = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"[", b"]", b"}", b"}\x03", b"[3G*1*", b"[3G*1*0002*LK]", b"[3G*1*0004*0002*LK]", b"\r\n"]),
    st.sampled_from([b"[3G*1*0009*LK]", b"[3G*1*ffff*TK,", frame(b"AL,x]"), frame(content()), frame(content())[:-1]]),
    st.just(b"x" * 20_000),
)  # fmt: skip


@given(st.lists(_pieces, max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert told(*chunks) == told(stream)
    if len(stream) < 500:
        assert told(*[stream[at : at + 1] for at in range(len(stream))]) == told(stream)


@given(st.binary(max_size=200))
def test_any_sound_survives_the_wire(sound: bytes) -> None:
    (heard,) = split(encode_sound(ID, sound))
    assert isinstance(heard, bytes)
    assert heard.partition(b"TK,")[2] == sound + b"]"
    assert unescape(escape(sound)) == sound


_watches = st.builds(
    Message,
    device_id=st.just(ID),
    fixed_at_us=st.integers(0, 2_592_000).map(lambda s: START_US + s * 1_000_000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.booleans(),
    speed_mps=st.floats(0, 80),
    heading_deg=st.floats(0, 359),
    altitude_m=st.floats(-100, 5000),
    battery_pct=st.none() | st.integers(0, 100).map(float),
    alarms=st.sets(st.sampled_from([Alarm.SOS, Alarm.LOW_BATTERY, Alarm.STRAP_OPEN, Alarm.FALL])).map(tuple),
    cells=st.sampled_from([(), (Cell(mcc=437, mnc=5, lac=30200, cid=1025, rssi_dbm=-111),)]),
    wifi=st.sampled_from([(), (AccessPoint(mac="34:a1:ed:e1:91:4f", rssi_dbm=-71),) * 2]),
)  # fmt: skip


@given(_watches)
def test_what_the_encoder_writes_is_what_the_codec_reads(said: Message) -> None:
    (raw,) = split(encode_position(said))
    assert isinstance(raw, bytes)
    (heard,) = CODEC.decode(raw, Session()).messages
    assert (heard.device_id, heard.fixed_at_us, heard.valid) == (said.device_id, said.fixed_at_us, said.valid)
    assert set(heard.alarms) == set(said.alarms)
    assert heard.lat == pytest.approx(said.lat, abs=1e-6)
    assert heard.lon == pytest.approx(said.lon, abs=1e-6)
    assert heard.speed_mps == pytest.approx(said.speed_mps, abs=0.01)
    assert (heard.battery_pct, heard.cells, heard.wifi) == (said.battery_pct, said.cells, said.wifi)
    assert "unreadable" not in heard.extra
    assert "declared_length_differs" not in heard.extra
    assert CODEC.decode(encode_link(ID, steps=7, battery_pct=50), Session()).messages[0].battery_pct == 50


@given(st.data())
def test_any_bytes_give_messages_or_a_protocol_error(data: st.DataObject) -> None:
    bodies = [content(), content(kind="AL"), b"LK,1,2,3", b"bphrt,1,2", b"JXTK,a,b,1,2,c", b"TKQ"]
    valid = data.draw(st.sampled_from([*map(frame, bodies), frame(b"LK", "0001")]))
    at = data.draw(st.integers(0, len(valid)))
    raw = valid[:at] + data.draw(st.binary(max_size=6)) + valid[data.draw(st.integers(at, len(valid))) :]
    try:
        decoded = CODEC.decode(raw, Session())
    except ProtocolError:
        return
    for heard in decoded.messages:
        check_message(heard)


def command(kind: CommandKind, *, session: Session | None = None, **more: object) -> bytes:
    assert CODEC.encode_command is not None
    asked = Command(serial=7, kind=kind, **more)  # type: ignore[arg-type]
    return CODEC.encode_command(asked, session or Session(device_id=ID))


def test_commands_are_written_in_the_watchs_own_letters() -> None:
    assert command(CommandKind.INTERVAL, interval_s=15) == b"[3G*8600000017*0009*UPLOAD,15]"
    assert command(CommandKind.POSITION) == b"[3G*8600000017*0002*CR]"
    assert command(CommandKind.BUZZ) == b"[3G*8600000017*0004*FIND]"
    assert command(CommandKind.MESSAGE, text="Hя") == b"[3G*8600000017*0010*MESSAGE,0048044F]"
    context = read(b"LK", index="0003").context
    assert context == {"manufacturer": "3G", "numbered": "yes"}
    assert CODEC.decode(frame(b"LK", "0004"), Session(context=context)).context is None  # nothing new
    numbered = Session(device_id=ID, context={"manufacturer": "ZJ", "numbered": "yes"})
    assert command(CommandKind.POSITION, session=numbered) == b"[ZJ*8600000017*0001*0002*CR]"


def test_a_command_without_a_known_watch_is_not_spoken() -> None:
    with pytest.raises(CommandNotSpoken):
        command(CommandKind.POSITION, session=Session())


def test_the_echo_of_a_command_is_its_answer() -> None:
    assert read(b"MESSAGE").command_answers == (CommandAnswer(kind=CommandKind.MESSAGE, accepted=True),)
    assert read(b"UPLOAD,15").command_answers == (CommandAnswer(kind=CommandKind.INTERVAL, accepted=True),)


def test_a_stream_of_the_reference_is_cut_as_the_reference_cuts_it() -> None:
    compared = 0
    for entry in vectors("framing"):
        if entry["protocol"] == "watch":
            assert split(bytes.fromhex(entry["frame"]))[0] == bytes.fromhex(entry["expect"]["first_frame"]), entry["id"]
            compared += 1
    assert compared >= 5


def test_the_reference_would_wait_for_a_bracket_and_we_go_on() -> None:
    given_text: str = vector("peer_behaviour", "watch-03")["given"]
    first, second = split(given_text[given_text.index("[3G") :].encode("ascii"))
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert CODEC.decode(first, Session()).messages[0].lat == 48.949273
    assert CODEC.decode(second, Session()).messages[0].battery_pct == 84
