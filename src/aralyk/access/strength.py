"""How surely this session's person is who they say: whether a passkey or a one-time code was used since the log-in.

The console says so for each request; a sensitive action asks here. What runs without a session (the installation, a
command line, a test of the domain) is not a session that could be stolen, and passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aralyk.access.errors import Code, Refused
from aralyk.access.limits import SecondFactor, limits

_proven: ContextVar[bool | None] = ContextVar("second_factor_proven", default=None)


@contextmanager
def session_with(*, second_factor: bool) -> Iterator[None]:
    """Until the end of the block the work is done for a session that used a second factor, or did not."""
    token = _proven.set(second_factor)
    try:
        yield
    finally:
        _proven.reset(token)


def check_strong() -> None:
    """Go on only when this session used a second factor, if the installation asks for one here.

    Raises:
        Refused: second_factor_needed.
    """
    if _proven.get() is False and limits().second_factor is not SecondFactor.NOBODY:
        raise Refused(Code.SECOND_FACTOR_NEEDED)
