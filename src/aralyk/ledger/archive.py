"""A zip file with one spelling: the same members always give the same bytes, and no byte can hide anything.

Members are stored, not compressed, in the order of their names, dated 1980-01-01, without extra fields or comments;
any zip program opens it. Reading is two steps on purpose: `read_members` takes the members out of anything that
resembles a zip file, and whoever must be sure writes them again and compares (`write_archive(read_members(data)) ==
data`). Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
"""

import re
import struct
from collections.abc import Mapping
from typing import Final
from zlib import crc32

MEMBERS_MAX: Final = 65_534  # beyond, the format needs its 64-bit form, which adds spellings
BYTES_MAX: Final = 2**32 - 2**20  # as above, with room for the directory
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_NAME_BYTES_MAX: Final = 200

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION: Final = 20
_MIDNIGHT, _DAY_ONE = 0, 0x21  # 1980-01-01 00:00, the format's first moment
_FILE_MODE: Final = 0o100644 << 16
_MADE_BY_UNIX: Final = (3 << 8) | _VERSION


class ArchiveError(ValueError):
    """Not an archive that can be read, or members that can't be written as one."""


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """Write members as the one archive that holds exactly them.

    Raises:  ArchiveError: A name that could leave its folder or is not plain ASCII, or too much for a plain zip file.
    """
    if len(members) > MEMBERS_MAX:
        raise ArchiveError(f"expected at most {MEMBERS_MAX} members, found {len(members)}")
    if sum(map(len, members.values())) + 400 * len(members) > BYTES_MAX:
        raise ArchiveError(f"expected at most {BYTES_MAX} bytes")
    files = bytearray()
    directory = bytearray()
    for name in sorted(members):
        data, coded = members[name], _coded(name)
        facts = (_VERSION, 0, 0, _MIDNIGHT, _DAY_ONE, crc32(data), len(data), len(data), len(coded), 0)
        directory += _CENTRAL.pack(_CENTRAL_MARK, _MADE_BY_UNIX, *facts, 0, 0, 0, _FILE_MODE, len(files)) + coded
        files += _LOCAL.pack(_LOCAL_MARK, *facts) + coded + data
    end = _END.pack(_END_MARK, 0, 0, len(members), len(members), len(directory), len(files), 0)
    return bytes(files + directory + end)


def read_members(data: bytes) -> dict[str, bytes]:
    """Take the members out of a zip file, by its directory. Nothing else about the file is checked here.

    Raises:  ArchiveError: It can't be followed: no directory, a place outside the file, a compressed member.
    """
    end_at = data.rfind(_END_MARK)
    if end_at < 0 or end_at + _END.size > len(data):
        raise ArchiveError("no end of a zip directory in the file")
    count, at = _END.unpack_from(data, end_at)[4], _END.unpack_from(data, end_at)[6]
    members: dict[str, bytes] = {}
    for _ in range(count):
        if at + _CENTRAL.size > len(data) or data[at : at + 4] != _CENTRAL_MARK:
            raise ArchiveError("the zip directory breaks off")
        fields = _CENTRAL.unpack_from(data, at)
        method, size, name_size, extra, comment, offset = (fields[i] for i in (4, 9, 10, 11, 12, 16))
        name = _decoded(data[at + _CENTRAL.size : at + _CENTRAL.size + name_size])
        if method:
            raise ArchiveError("a member is compressed; bundles store them plainly")
        members[name] = _member(data, offset, size)
        at += _CENTRAL.size + name_size + extra + comment
    return members


def _member(data: bytes, offset: int, size: int) -> bytes:
    if offset + _LOCAL.size > len(data) or data[offset : offset + 4] != _LOCAL_MARK:
        raise ArchiveError("a member is not where the zip directory says")
    name_size, extra = _LOCAL.unpack_from(data, offset)[9:11]
    start = offset + _LOCAL.size + name_size + extra
    if start + size > len(data):
        raise ArchiveError("a member reaches beyond the end of the file")
    return data[start : start + size]


def _coded(name: str) -> bytes:
    if not _NAME.fullmatch(name) or len(name) > _NAME_BYTES_MAX:
        raise ArchiveError("a member's name is not plain: letters, digits, . _ - and / between them")
    return name.encode("ascii")


def _decoded(raw: bytes) -> str:
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise ArchiveError("a member's name is not ASCII") from error
    _coded(name)
    return name
