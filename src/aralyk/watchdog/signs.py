"""Signs of life, measured so that no clock step can fake or hide one.

Nothing here compares wall clocks. A sign is a value that must change (a heartbeat file's identity, a
stream's read position); its age is the monotonic time since the watchdog last saw it change. A sign
that was never seen has the age of the watchdog itself: a process that never started is found too.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look found about one component.

    Attributes:
        component: Stable name, like `process:monitor`, `lane:panic/g1`, `database`.
        well: False: an alarm is due.
        reason: Code of what is wrong, or of what was checked.
        detail: Figures for people; ids and numbers only.
        proven: False: nothing wrong was seen, but no sign of life either (the watch has only begun). That raises no
            alarm and clears none.
    """

    component: str
    well: bool
    reason: str
    detail: dict[str, str | int | float]
    proven: bool = True


class Ages:
    """Remembers when each watched value last changed."""

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._seen: dict[str, tuple[Hashable, float]] = {}
        self._changed: set[str] = set()

    def age_s(self, name: str, value: Hashable, now_s: float) -> float:
        """Seconds since `value` last differed from the one before; a new name starts at the watchdog's own start.

        Args:
            name: What is watched.
            value: Its value now; None when it cannot be read: the last known one goes on ageing.
            now_s: Monotonic time.
        """
        before = self._seen.get(name)
        if before is None:
            since_s = self._began_s if value is None else now_s
            self._seen[name] = (value, since_s)
        elif value is not None and value != before[0]:
            self._seen[name] = (value, now_s)
            self._changed.add(name)
        return now_s - self._seen[name][1]

    def has_changed(self, name: str) -> bool:
        """Whether a change was seen with our own eyes, not only a value that may be old."""
        return name in self._changed

    def forget(self, name: str) -> None:
        """Start anew: what was watched is no longer waiting."""
        self._seen.pop(name, None)
        self._changed.discard(name)


def heartbeat_sign(path: Path) -> Hashable:
    """A value that changes with every heartbeat; None when there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def judge_age(component: str, age_s: float, limit_s: float, reason: str, *, proven: bool = True) -> Finding:
    """A finding that is well while the age stays within the limit."""
    detail: dict[str, str | int | float] = {"age_s": round(age_s, 1), "limit_s": limit_s}
    return Finding(component=component, well=age_s <= limit_s, reason=reason, detail=detail, proven=proven)
