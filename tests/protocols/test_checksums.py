"""The checksums are the catalogue's, for every length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.checksums import crc16_arc, crc16_ccitt, crc16_x25, xor_of

CHECK = b"123456789"  # as in every catalogue of CRCs


def bit_by_bit(data: bytes, *, start: int, polynomial: int) -> int:
    """A CRC of 16 bits that takes the low bit of a byte first."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc


def test_the_check_values_are_the_published_ones() -> None:
    assert crc16_arc(CHECK) == 0xBB3D
    assert crc16_ccitt(CHECK) == 0x29B1
    assert crc16_x25(CHECK) == bytes.fromhex("906e")
    assert xor_of(CHECK) == 0x31


@given(st.binary(max_size=300))
def test_the_quick_way_is_the_way_bit_by_bit(data: bytes) -> None:
    assert crc16_arc(data) == bit_by_bit(data, start=0, polynomial=0xA001)
    assert int.from_bytes(crc16_x25(data), "big") == bit_by_bit(data, start=0xFFFF, polynomial=0x8408) ^ 0xFFFF


@given(st.binary(max_size=50), st.integers(0, 49), st.integers(1, 255))
def test_data_with_its_own_xor_behind_it_gives_0_and_a_changed_byte_does_not(data: bytes, at: int, change: int) -> None:
    whole = bytearray(data + bytes([xor_of(data)]))
    assert xor_of(bytes(whole)) == 0
    whole[at % len(whole)] ^= change
    assert xor_of(bytes(whole)) != 0
