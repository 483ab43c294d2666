"""The engine's named limits and thresholds, each with its reason. Changing one changes decisions: a new version."""

from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US

# --- time -----------------------------------------------------------------------------------------------
LATE_US: Final = 120 * SECOND_US
"""The lateness window of REQUIREMENTS 3.5: a fix received later than this is judged at its own time."""
AHEAD_US: Final = 5 * SECOND_US
"""Real phones stamp up to 3.1 s in the future; beyond this the device's clock disagrees with ours."""
STALE_US: Final = 10 * MINUTE_US
"""An older place can't prove that two people are near now; it still bounds where they can be."""
SILENCE_INTERVALS: Final = 3
"""A device is flagged after 3 of its own intervals (REQUIREMENTS 5)."""
UPDATE_US: Final = 60 * SECOND_US
"""An unchanged episode speaks at most once a minute: an operator reads, a queue must not flood."""
PANIC_FOLD_US: Final = 60 * SECOND_US
"""Presses this close are one call for help: each is a decision, the later ones `update` the first."""
COVER_US: Final = 120 * SECOND_US
"""A late violation this near an episode belongs to it (the lateness window)."""
LATE_GAP_US: Final = 10 * MINUTE_US
"""Late violations of one condition with smaller gaps are one late incident."""
MOTION_US: Final = 5 * MINUTE_US
"""How far back the displacement is taken that tells who approached whom."""

# --- probability ----------------------------------------------------------------------------------------
P_OPEN: Final = 0.5
"""More likely inside than not."""
P_POSSIBLE: Final = 0.2
"""Worth a person's look and a better fix, though not proved: priority 2."""
P_CLOSE: Final = 0.1
"""Hysteresis: an episode ends on clear evidence only."""
P_CLOSE_COARSE: Final = 0.01
"""What a coarse fix must show before it counts as evidence of leaving."""
CALM_FIXES: Final = 2
"""Consecutive clear fixes that end an episode: a lone outlier never does."""
P_CHANGED: Final = 0.2
"""A change of probability that is worth an update."""
DISTANCE_CHANGED_SHARE: Final = 0.25
"""A change of distance that is worth an update, as a share of the distance told last ..."""
DISTANCE_CHANGED_M: Final = 50.0
"""... and at least this much, so that standing still stays quiet."""

# --- places and speeds ----------------------------------------------------------------------------------
COARSE_M: Final = 150.0
"""A radius beyond this (cell, Wi-Fi) opens priority 2 at most and asks for a better fix."""
VAGUE_M: Final = 1000.0
"""A radius beyond this is no place (published p95 of such fixes: 15 km): it neither proves nor refreshes
anything, and after `VAGUE_PATIENCE_US` without a better one the device counts as silent."""
VAGUE_PATIENCE_US: Final = 120 * SECOND_US
"""So long may a device send vague places only (REQUIREMENTS 3.2) before it counts as not placed at all."""
JUMP_MPS: Final = 70.0
"""Above 250 km/h on the ground: the fix is suspect until a next one agrees with it."""
JUMP_M: Final = 300.0
"""Shorter jumps are ordinary noise and say nothing."""
SPEED_MIN_MPS: Final = 1.0
"""Anybody may start to walk: the slowest growth of an ageing place."""
SPEED_MAX_MPS: Final = 45.0
"""160 km/h: the fastest growth."""
REACH_MPS: Final = 16.7
"""60 km/h in a straight line, kept up for minutes: a car in a city, at its worst for us."""
STEP_MIN_M: Final = 20.0
"""Smaller displacements don't tell who approached whom."""
NULL_ISLAND_DEG: Final = 1e-3
"""Within 110 m of 0, 0 a place is a device's zero, not a place."""

# --- hand-over of a child ------------------------------------------------------------------------------
HANDOVER_GRACE_US: Final = 15 * MINUTE_US
"""REQUIREMENTS 9.11: a child 15 minutes late is an alarm. The same quarter of an hour is the margin of both
parents: he may be there so long before the window, and they have so long after it to part."""
HANDOVER_WATCH_US: Final = 60 * MINUTE_US
"""He is looked for at the place from an hour before the window: waiting there earlier is not about this one."""
HANDOVER_NEAR_M: Final = 200.0
"""So near the place counts as there: the street in front of it, where one is let in and where one can lie in wait."""
FOLLOW_US: Final = 5 * MINUTE_US
"""Both gone from the place and still within the ring so long: parting takes less, even on foot."""

# --- devices --------------------------------------------------------------------------------------------
BATTERY_LOW_PCT: Final = 15
BATTERY_WELL_PCT: Final = 25
"""Hysteresis: 15 opens, 25 or the charger closes."""
HINT_CALM_FIXES: Final = 2
"""Clean valid fixes that end a jamming or spoofing hint."""

# --- memory ---------------------------------------------------------------------------------------------
RING_FIXES: Final = 64
"""Records kept per device: 16 minutes at 15 s sampling, 64 at a minute; 24 bytes each. Late data older than
the partner's ring can't be judged and is counted (`State.unjudged`)."""
EVENT_DECISIONS: Final = 512
"""Room that must be left for one event of one case: 64 conditions and 32 devices x 6 episodes, twice over."""
DECISIONS_BUFFER: Final = 4096
"""Raw decisions per kernel call; a full buffer is drained and the kernel called again, nothing is lost."""
