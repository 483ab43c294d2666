"""The figures of single frames come from frames that the codecs read as they were meant."""

from __future__ import annotations

import json

import pytest

from aralyk.cli import main
from aralyk.cli.bench_codecs import BACKLOG, samples
from aralyk.protocols import registry
from aralyk.protocols.codec import Session
from aralyk.protocols.messages import Alarm


def test_each_sample_is_read_as_the_places_that_it_was_built_of() -> None:
    for sample in samples():
        codec = registry()[sample.protocol]
        frame = codec.splitter().feed(sample.wire)[0] if codec.splitter else sample.wire
        assert isinstance(frame, bytes)
        messages = codec.decode(frame, Session(device_id="860000000000017")).messages
        assert len(messages) == (BACKLOG if str(BACKLOG) in sample.frame else 1), sample.frame
        assert all((round(m.lat or 0, 3), round(m.lon or 0, 3)) == (42.875, 74.570) for m in messages), sample.protocol
        assert (Alarm.SOS in messages[0].alarms) == ("sos" in sample.frame)


def test_the_stages_of_the_hot_protocols_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codecs", "--protocol", "r16h", "--protocol", "osmand", "--frames", "20", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["protocol"], one["frame"]) for one in told] == [
        ("r16h", "fix"), ("r16h", "sos"), ("osmand", "query"), ("osmand", "json"),
    ]  # fmt: skip
    assert [one["split_us"] is None for one in told] == [False, False, True, True]
    assert all(one["decode_us"] > 0 and one["line_us"] > 0 and one["decodes_per_s"] > 0 for one in told)


def test_a_protocol_without_samples_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "codecs", "--protocol", "morse"]) == 2
    assert "--protocol: expected" in capsys.readouterr().err
