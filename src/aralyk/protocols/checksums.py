"""Checksums that protocols share, fast enough for backlogs.

CRC-16/X-25 and CRC-16/CCITT are the standard library's XMODEM with another start; X-25 reads each byte from its low
bit, so the bits of each are turned round by a table before, and those of the result after. CRC-16/ARC has another
polynomial, and is computed for a packet of 1280 bytes by a dozen operations on whole numbers:

The generator x^16 + x^15 + x^2 + 1 is (x + 1) * (x^15 + x + 1). Modulo the second factor x^15 = x + 1, and squaring
both sides again and again x^(15 * 2^k) = x^(2^k) + 1: so the upper part of a message, taken as one polynomial over
GF(2), is folded onto its lower part by two shifts and two additions (XOR), half of it at once. What is left is short
enough for tables. Modulo the first factor a message is its parity. The two remainders together are the checksum
(Chinese remainder theorem): of the two words that agree modulo the second factor, one has the parity of the message.
"""

from __future__ import annotations

from binascii import crc_hqx
from functools import lru_cache, reduce
from operator import xor
from typing import Final

BIT_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # low bit first
FACTOR: Final = 0b1000_0000_0000_0011  # x^15 + x + 1
FACTOR_DEGREE: Final = 15
TAIL_BITS: Final = 32


def xor_of(data: bytes) -> int:
    """All bytes exclusively or-ed; 0 over data with its own checksum behind it."""
    return reduce(xor, data, 0)


def crc16_ccitt(data: bytes) -> int:
    """Compute the checksum of `data`: polynomial 0x1021, start 0xFFFF; "123456789" gives 0x29B1."""
    return crc_hqx(data, 0xFFFF)


def crc16_x25(data: bytes) -> bytes:
    """Compute the checksum of `data` in the two bytes that stand in a frame; "123456789" gives 90 6E."""
    turned = crc_hqx(data.translate(BIT_REVERSED), 0xFFFF) ^ 0xFFFF
    return bytes((BIT_REVERSED[turned & 0xFF], BIT_REVERSED[turned >> 8]))


def crc16_arc(data: bytes) -> int:
    """Compute the checksum of `data`: reflected polynomial 0xA001, start 0; "123456789" gives 0xBB3D."""
    number = int.from_bytes(data.translate(BIT_REVERSED), "big")
    is_odd = number.bit_count() & 1
    for shift, mask, step in _folds((len(data) + 7) >> 3):
        high = number >> shift
        number = (number & mask) ^ high ^ (high << step)
    checksum = _UPPER[number >> 16] ^ _LOWER[number & 0xFFFF]
    return checksum ^ _ODD if is_odd else checksum


@lru_cache(maxsize=4096)
def _folds(eights: int) -> tuple[tuple[int, int, int], ...]:
    """Plan the folds of a message of at most `eights` times eight bytes, each as short a rest as there is."""
    folds = []
    bits = eights * 64
    while bits > TAIL_BITS:
        step = min((1 << k for k in range(bits.bit_length())), key=lambda step: _bits_after(bits, step))
        folds.append((FACTOR_DEGREE * step, (1 << FACTOR_DEGREE * step) - 1, step))
        bits = _bits_after(bits, step)
    return tuple(folds)


def _bits_after(bits: int, step: int) -> int:
    return max(min(bits, FACTOR_DEGREE * step), bits - (FACTOR_DEGREE - 1) * step)


def _reflected(word: int) -> int:
    return int(f"{word:016b}"[::-1], 2)


def _table(shift: int) -> list[int]:
    """For each 16-bit rest times x^shift: the reflected word of even parity that agrees with it."""
    table = [0]
    for bit in range(16):
        word = 1 << (bit + shift)
        for degree in range(word.bit_length() - 1, FACTOR_DEGREE - 1, -1):
            if word >> degree & 1:
                word ^= FACTOR << (degree - FACTOR_DEGREE)
        even = _reflected(word ^ FACTOR if word.bit_count() & 1 else word)
        table += [even ^ entry for entry in table]
    return table


_LOWER: Final = _table(16)  # a checksum is the remainder of the message times x^16
_UPPER: Final = _table(32)
_ODD: Final = _reflected(FACTOR)
