"""What the bracelet says, and how its stream is cut into frames."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.protocols.codec import BrokenFrame, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message, Source, Strap, iso_time
from aralyk.protocols.r16h import CODEC
from aralyk.protocols.r16h.splitter import FRAME_BYTES_MAX, DollarSplitter

IMEI = "860000000000017"
GPSD = "@GPSD,{imei},{stored},20261121,100000,{lat},{ns},{lon},{ew},36,90,760,72,{strap},{flag}"


def gpsd(**changes: str) -> Message:
    fields = {
        "imei": IMEI, "stored": "R", "lat": "42.87461", "ns": "N", "lon": "074.56982", "ew": "E", "strap": "L",
        "flag": "",
    } | changes  # fmt: skip
    return CODEC.decode(GPSD.format(**fields).encode("latin-1"), Session()).messages[0]


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    return caught.value


def test_a_fix_is_read_with_its_units() -> None:
    message = gpsd()
    assert message.device_id == IMEI
    assert iso_time(message.fixed_at_us) == "2026-11-21T10:00:00.000000Z"
    assert (message.lat, message.lon, message.valid, message.source) == (42.87461, 74.56982, True, Source.GNSS)
    assert (message.speed_mps, message.heading_deg, message.altitude_m, message.battery_pct) == (10.0, 90, 760, 72)
    assert message.accuracy_m is None
    assert (message.strap, message.alarms, message.extra) == (Strap.LOCKED, (), {})


def test_hemispheres_give_the_sign() -> None:
    message = gpsd(ns="S", ew="W")
    assert (message.lat, message.lon) == (-42.87461, -74.56982)


def test_an_open_strap_is_a_state_and_an_opened_one_an_alarm() -> None:
    message = gpsd(strap="R", flag="ULK")
    assert (message.strap, message.alarms) == (Strap.OPEN, (Alarm.STRAP_OPEN,))
    assert gpsd(strap="R").alarms == ()


@pytest.mark.parametrize(("flag", "alarms"), [
    ("SOS", (Alarm.SOS,)), ("LBT", (Alarm.LOW_BATTERY,)), ("SOS|ULK", (Alarm.SOS, Alarm.STRAP_OPEN)),
    ("XYZ", (Alarm.OTHER,)), ("!", (Alarm.OTHER,)),
])  # fmt: skip
def test_every_flag_is_read_and_an_unknown_one_is_still_an_alarm(flag: str, alarms: tuple[Alarm, ...]) -> None:
    assert gpsd(flag=flag).alarms == alarms


def test_a_stored_record_says_so() -> None:
    assert gpsd(stored="S").extra["stored"] is True


def test_a_frame_without_a_fix_has_no_place_and_keeps_the_strap() -> None:
    message = gpsd(lat="", ns="", lon="", ew="")
    assert (message.lat, message.valid, message.strap) == (None, None, Strap.LOCKED)
    assert iso_time(message.sent_at_us) == "2026-11-21T10:00:00.000000Z"


@pytest.mark.parametrize("changes", [{"strap": "R"}, {"flag": "SOS"}])
def test_an_open_strap_or_a_panic_with_an_unreadable_place_is_still_given(changes: dict[str, str]) -> None:
    message = gpsd(lat="99.99999", **changes)
    assert message.strap is Strap.OPEN or message.alarms == (Alarm.SOS,)
    assert message.lat is None
    assert message.extra["unreadable"] == ["latitude"]


def test_an_unreadable_strap_is_unknown_and_never_locked() -> None:
    message = gpsd(strap="?")
    assert message.strap is None
    assert message.extra["unreadable"] == ["strap"]


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (GPSD.format(imei="12", stored="R", lat="1.0", ns="N", lon="1.0", ew="E", strap="L", flag=""),
         ErrorCode.BAD_FIELD, "imei"),
        (GPSD.format(imei=IMEI, stored="R", lat="90.1", ns="N", lon="1.0", ew="E", strap="L", flag=""),
         ErrorCode.OUT_OF_RANGE, "latitude"),
        (GPSD.format(imei=IMEI, stored="R", lat="1.0", ns="X", lon="1.0", ew="E", strap="L", flag=""),
         ErrorCode.BAD_FIELD, "latitude"),
        (GPSD.format(imei=IMEI, stored="R", lat="1.0", ns="N", lon="", ew="E", strap="L", flag=""),
         ErrorCode.BAD_FIELD, "longitude"),
        (f"@GPSD,{IMEI},R,20261321,100000,1.0,N,1.0,E,0,0,0,5,L,", ErrorCode.BAD_FIELD, "time"),
        (f"@GPSD,{IMEI},R,19700101,000000,1.0,N,1.0,E,0,0,0,5,L,", ErrorCode.OUT_OF_RANGE, "time"),
        (f"@GPSD,{IMEI},R,20261121,100000,1.0,N", ErrorCode.UNKNOWN_FRAME, "frame"),
        ("@LINK,abc", ErrorCode.BAD_FIELD, "imei"),
        ("@NEWS,1", ErrorCode.UNKNOWN_FRAME, "frame"),
        ("é", ErrorCode.NOT_TEXT, "frame"),
        ("@" * (FRAME_BYTES_MAX + 1), ErrorCode.FRAME_TOO_LONG, "frame"),
    ],
)  # fmt: skip
def test_a_bad_frame_is_refused_naming_the_field(frame: str, code: ErrorCode, names: str) -> None:
    error = refusal(frame.encode("latin-1"))
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")
    assert "90.1" not in error.detail


def split(*chunks: bytes) -> list[bytes | BrokenFrame]:
    splitter = DollarSplitter()
    return [frame for chunk in chunks for frame in splitter.feed(chunk)]


def test_frames_are_cut_at_the_terminator_and_line_breaks_belong_to_none() -> None:
    assert split(b"@LINK,1$\r\n@LINK,2$$ \n$@LINK,3") == [b"@LINK,1", b"@LINK,2"]


def test_a_frame_over_the_limit_is_refused_once_and_the_next_one_is_read() -> None:
    first, second = split(b"x" * (FRAME_BYTES_MAX * 3), b"yyy", b"$@LINK,2$")
    assert isinstance(first, BrokenFrame)
    assert first.error.code is ErrorCode.FRAME_TOO_LONG
    assert len(first.raw) == FRAME_BYTES_MAX
    assert second == b"@LINK,2"


def test_the_end_of_the_connection_gives_the_frame_that_it_cut() -> None:
    splitter = DollarSplitter()
    assert splitter.feed(b"@LINK,1$@GPSD,86") == [b"@LINK,1"]
    cut = splitter.close()
    assert cut is not None
    assert (cut.raw, cut.error.code) == (b"@GPSD,86", ErrorCode.FRAME_CUT)
    assert splitter.close() is None


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"$", b"@LINK,1$", b"x" * 600]), max_size=12), st.data())
def test_frames_do_not_depend_on_how_the_bytes_were_chunked(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    def told(*pieces: bytes) -> list[object]:
        return [f if isinstance(f, bytes) else (f.raw, f.error.code) for f in split(*pieces)]

    assert told(*chunks) == told(stream)


NUMBERS = st.one_of(st.sampled_from(["", "-1", "101", "361", "3601", "-12001", "99999"]), st.integers(0, 100).map(str))
DAYS = st.dates(date(1970, 1, 1), date(2100, 12, 31)).map("{:%Y%m%d}".format)
TIMES = st.times().map("{:%H%M%S}".format)
ANGLES = st.floats(0, 91).map(lambda degrees: f"{degrees:09.5f}")
DIGITS = st.integers(0, 99).map("{:02d}".format)


@settings(max_examples=400)
@given(
    st.tuples(
        st.sampled_from([IMEI, "86000000000001", "12"]), st.sampled_from("RRSSX"),
        st.one_of(DAYS, DAYS, st.tuples(st.just("2026"), DIGITS, DIGITS).map("".join)),
        st.one_of(TIMES, TIMES, st.tuples(DIGITS, DIGITS, DIGITS).map("".join)),
        ANGLES, st.sampled_from("NNSSE"), ANGLES, st.sampled_from("EEWWN"),
        NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from("LR"), st.sampled_from(["", "", "", "SOS"]),
    )
)  # fmt: skip
def test_a_fix_in_its_usual_form_is_read_as_the_careful_way_reads_it(fields: tuple[str, ...]) -> None:
    frame = ",".join(["@GPSD", *fields]).encode()
    padded = frame.replace(b",", b" , ")  # means the same, and is in no usual form
    assert outcome(frame) == outcome(padded)


def outcome(frame: bytes) -> object:
    try:
        return repr(CODEC.decode(frame, Session()))  # tells -0.0 from 0.0 and 1 from 1.0
    except ProtocolError as error:
        return error.code, error.detail
