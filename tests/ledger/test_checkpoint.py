"""A checkpoint has one spelling, and any other byte is refused or not signed."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from aralyk.ledger import checkpoint
from aralyk.ledger.checkpoint import Checkpoint, CheckpointError

ORIGIN = "log.example.kg/aralyk"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = checkpoint.public_key(ORIGIN, PRIVATE)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CHECKPOINT = Checkpoint(origin=ORIGIN, size=20852163, root=bytes(range(32)), at="2026-11-21T10:00:00.123456Z")
NOTE = checkpoint.sign(CHECKPOINT, name=ORIGIN, private=PRIVATE)


def test_the_note_is_written_as_specified() -> None:
    text, _, signature = NOTE.decode().partition("\n\n")
    assert text.split("\n") == [
        ORIGIN,
        "20852163",
        b64encode(bytes(range(32))).decode(),
        "at 2026-11-21T10:00:00.123456Z",
    ]
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")


def test_a_signed_checkpoint_reads_back_and_holds() -> None:
    read = checkpoint.parse(NOTE)
    assert read.checkpoint == CHECKPOINT
    assert read.signed_by(KEY)
    assert not read.signed_by(checkpoint.public_key(ORIGIN, OTHER))


def test_a_key_reads_back_from_its_line() -> None:
    assert checkpoint.parse_key(KEY.line()) == KEY
    assert checkpoint.parse_key(KEY.line() + "\n") == KEY


def test_every_flipped_bit_of_a_note_is_found() -> None:
    for place in range(len(NOTE)):
        for bit in range(8):
            forged = bytearray(NOTE)
            forged[place] ^= 1 << bit
            try:
                read = checkpoint.parse(bytes(forged))
            except CheckpointError:
                continue
            assert not read.signed_by(KEY), f"byte {place} bit {bit}"


def test_every_flipped_bit_of_a_key_line_is_found() -> None:
    line = KEY.line().encode()
    for place in range(len(line)):
        for bit in range(7):
            forged = bytearray(line)
            forged[place] ^= 1 << bit
            try:
                read = checkpoint.parse_key(forged.decode())
            except CheckpointError:
                continue
            # A line break in the middle can't be; any that parses must be another key under another id.
            assert read != KEY


def test_a_false_signature_is_not_hidden_by_a_true_one_beside_it() -> None:
    line = NOTE.decode().rpartition("\n\n")[2]
    smaller = Checkpoint(origin=ORIGIN, size=1, root=bytes(32), at=CHECKPOINT.at)
    other = checkpoint.sign(smaller, name=ORIGIN, private=PRIVATE)
    both = NOTE + other.decode().rpartition("\n\n")[2].encode()
    assert len(checkpoint.parse(both).signatures) == 2
    assert not checkpoint.parse(both).signed_by(KEY)
    assert checkpoint.parse(NOTE + line.encode()).signed_by(KEY)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_checkpoint_or_a_checkpoint_error(data: bytes) -> None:
    for body in (data, NOTE[:50] + data):
        try:
            checkpoint.parse(body)
        except CheckpointError:
            continue
        raise AssertionError("random bytes were read as a note")


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AAAA", KEY.line().replace("+", "-", 1), " " + KEY.line(), KEY.line() + "\n\n"],
)
def test_what_is_not_a_key_line_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        checkpoint.parse_key(text)


@pytest.mark.parametrize(
    "broken",
    [
        Checkpoint(origin="two words", size=1, root=bytes(32), at=CHECKPOINT.at),
        Checkpoint(origin=ORIGIN, size=-1, root=bytes(32), at=CHECKPOINT.at),
        Checkpoint(origin=ORIGIN, size=1, root=bytes(31), at=CHECKPOINT.at),
        Checkpoint(origin=ORIGIN, size=1, root=bytes(32), at="2026-11-21T10:00:00Z"),
        Checkpoint(origin=ORIGIN, size=1, root=bytes(32), at="2026-13-41T10:00:00.000000Z"),
        Checkpoint(origin=ORIGIN + "\n7", size=1, root=bytes(32), at=CHECKPOINT.at),
    ],
)
def test_a_checkpoint_that_could_not_be_read_again_is_never_signed(broken: Checkpoint) -> None:
    with pytest.raises(CheckpointError):
        checkpoint.sign(broken, name=ORIGIN, private=PRIVATE)
