"""A zip file with one spelling."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.ledger.archive import ArchiveError, read_members, write_archive

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}(/[a-z0-9][a-z0-9._-]{0,8}){0,2}", fullmatch=True)
members = st.dictionaries(names, st.binary(max_size=60), max_size=6)


@given(members)
def test_members_come_back_and_any_zip_program_can_open_it(value: dict[str, bytes]) -> None:
    data = write_archive(value)
    assert read_members(data) == value
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == value


@given(members)
def test_the_order_of_the_members_changes_nothing(value: dict[str, bytes]) -> None:
    assert write_archive(dict(reversed(value.items()))) == write_archive(value)


@given(members.filter(bool), st.data())
def test_every_changed_byte_gives_other_members_or_another_spelling(
    value: dict[str, bytes], draw: st.DataObject
) -> None:
    data = bytearray(write_archive(value))
    place = draw.draw(st.integers(0, len(data) - 1))
    data[place] ^= draw.draw(st.integers(1, 255))
    try:
        read = read_members(bytes(data))
    except ArchiveError:
        return
    assert read != value or write_archive(read) != bytes(data)


@given(st.binary(max_size=200))
def test_any_bytes_give_members_or_an_archive_error(data: bytes) -> None:
    for body in (data, write_archive({"a": b"b"}) + data, data + write_archive({"a": b"b"})[-60:]):
        try:
            read_members(body)
        except ArchiveError:
            continue


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a//b", "a/", "a b", "ж", ".hidden", "a" * 201, "a\\b"])
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(ArchiveError):
        write_archive({name: b""})


def test_a_compressed_member_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a", b"x" * 1000)
    with pytest.raises(ArchiveError, match="compressed"):
        read_members(file.getvalue())
