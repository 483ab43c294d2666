"""Which of the engine's decisions are no incident."""

from __future__ import annotations

from typing import Final

# What the engine asks of a device (docs/reference/engine.md): kept and witnessed as a decision, answered by a device
# and not by a person. None of them stands in the queue or in a count of incidents; an incident of the same order shows
# them in its time line.
REQUESTS: Final = frozenset({"pursuit_mode", "better_fix"})
