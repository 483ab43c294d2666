"""Hours without anybody: pure arithmetic on the hours that shifts cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Hours:
    """From `starts_at` up to, and without, `ends_at`."""

    starts_at: datetime
    ends_at: datetime


def gaps(covered: Iterable[Hours], *, between: Hours) -> list[Hours]:
    """The hours of `between` that nothing covers, in order; none of them is empty, and no two touch."""
    found: list[Hours] = []
    reached = between.starts_at
    for hours in sorted(covered):
        if hours.ends_at <= reached:
            continue
        if hours.starts_at >= between.ends_at:
            break
        if hours.starts_at > reached:
            found.append(Hours(starts_at=reached, ends_at=hours.starts_at))
        reached = hours.ends_at
    if reached < between.ends_at:
        found.append(Hours(starts_at=reached, ends_at=between.ends_at))
    return found
