"""The engine's named limits and thresholds, each with its reason. Changing one changes decisions: a new version."""

from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US

# --- time -----------------------------------------------------------------------------------------------
LATE_US: Final = 120 * SECOND_US
"""The lateness window of REQUIREMENTS 3.5: a fix received later than this is judged at its own time."""
AHEAD_US: Final = 5 * SECOND_US
"""Real phones stamp up to 3.1 s in the future; beyond this the device's clock disagrees with ours."""
LAG_FIXES: Final = 5
"""So many records in a row, heard live, that lag by the same more than `LATE_US`: the clock is behind ..."""
LAG_JITTER_US: Final = 5 * SECOND_US
"""... the same within this; a buffer that is sent lags by ever less."""
STALE_US: Final = 10 * MINUTE_US
"""An older place can't prove that two people are near now; it still bounds where they can be."""
AGED_US: Final = 2 * MINUTE_US
"""Of somebody at rest indoors the last place is the likeliest one; beyond this age the growth of a place hides that."""
SILENCE_INTERVALS: Final = 3
"""A device is flagged after 3 of its own intervals (REQUIREMENTS 5)."""
UPDATE_US: Final = 60 * SECOND_US
"""An unchanged episode speaks at most once a minute: an operator reads, a queue must not flood."""
EPISODE_US: Final = 10 * MINUTE_US
"""A ring that is entered again so soon after its episode ended is the same episode: who turns round at
a corner and comes back is still approaching her."""
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
P_MET: Final = 0.99
"""Two devices hear each other by BLE: they are within tens of metres, unless somebody relays it."""
MET_US: Final = 120 * SECOND_US
"""So long hearing each other says that they are together."""
P_SWEPT: Final = 0.8
"""As above, when only the way between two fixes says so: a straight line is a guess."""
P_POSSIBLE: Final = 0.2
"""Worth a person's look and a better fix, though not proved: priority 2."""
P_CLOSE: Final = 0.1
"""Hysteresis: an episode ends on clear evidence only."""
P_CLOSE_COARSE: Final = 0.01
"""What a coarse fix must show before it counts as evidence of leaving."""
BETTER_FIX_US: Final = 120 * SECOND_US
"""At high threat a coarse place or a silence that may hide a meeting waits this long for a better fix
(REQUIREMENTS 3.2), then becomes critical."""
PURSUIT_INTERVAL_US: Final = 15 * SECOND_US
"""How often devices report while an episode speaks (REQUIREMENTS 3, 9.11)."""
PURSUIT_US: Final = 10 * MINUTE_US
"""So long after the last word of an episode the shorter interval is kept."""
REQUEST_US: Final = 10 * MINUTE_US
"""A better fix that did not come in this time is not to be had there."""
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
COARSE_LEAP_MPS: Final = 25.0
"""90 km/h: a coarse place farther from the last good one than this (or 1.5 times his own speed) allows is no place:
a cell tower's own place is published p95 1.7 km off, and a lone tower repeats its error."""
COARSE_LEAP_SHARE: Final = 1.5
WRONG_M: Final = 1500.0
"""A coarse place this near to one that was no place is none either ..."""
WRONG_US: Final = 20 * MINUTE_US
"""... for so long: then he may have gone there, and the reachable set has told of it."""
JUMP_M: Final = 300.0
"""Shorter jumps are ordinary noise and say nothing."""
SPEED_MIN_MPS: Final = 1.0
"""Anybody may start to walk: the slowest growth of an ageing place."""
SPEED_MAX_MPS: Final = 45.0
"""160 km/h: the fastest growth."""
REACH_MPS: Final = 16.7
"""60 km/h in a straight line, kept up for minutes: a car in a city, at its worst for us."""
REST_MPS: Final = 1.0
"""Slower than this through the last minutes: at rest."""
WALK_MPS: Final = 2.5
"""Faster than this nobody walks for long."""
DRIVE_MPS: Final = 7.0
"""25 km/h: faster than this he rides or drives."""
APPROACH_WALK_S: Final = 380.0
"""The ring in seconds on foot: five minutes of warning (REQUIREMENTS 3.7) and somewhat more than one to notice."""
APPROACH_DRIVE_S: Final = 170.0
"""The ring in seconds in a vehicle: two minutes of warning and three fixes at 15 s to notice."""
APPROACH_MIN_MPS: Final = 0.7
"""He must come nearer at least this fast by his own movement."""
APPROACH_COS: Final = 0.5
"""... and within 60 degrees of her direction: streets are no straight lines."""
APPROACH_CALM_US: Final = 180 * SECOND_US
"""A stop at a light is not the end of an approach."""
PROJECT_US: Final = 60 * SECOND_US
"""So far a place is carried along its velocity when contact is foreseen."""
PASSING_MPS: Final = 8.0
"""29 km/h: slower traffic can stop at once, so it never counts as driving through."""
MOTORWAY_MPS: Final = 19.0
"""68 km/h: at this speed he can't turn in at any moment, wherever the road leads."""
PASSING_S: Final = 90.0
"""A drive through a ring leaves it within this time."""
PASSED_US: Final = 150 * SECOND_US
"""So long after a good place of a drive-through coarse ones tell that it is none: two fixes at a minute, and delays."""
PASSING_MISS_SHARE: Final = 0.25
"""Below motorway speed the straight way on must miss her by this share of the ring."""
STEADY_SHARE: Final = 0.7
"""Slower than this share of his fastest of the last minutes: he is slowing down."""
STEADY_COS: Final = 0.87
"""A turn of more than 30 degrees between two fixes."""
FORGET_FASTEST_S: Final = 300.0
"""The fastest speed is forgotten evenly over this time ..."""
FORGET_COARSE_S: Final = 900.0
"""... and over this while only coarse places come: they don't show that he has stopped."""
STROLL_MPS: Final = 2.0
"""A protected person who was at rest when her device fell silent: on foot, at a quick pace."""
SERIOUS_INTERVALS: Final = 2
"""A meeting that became possible in a silence is told as serious within two intervals (3.7 allows three)."""
REST_HEARD_US: Final = 15 * MINUTE_US
"""... and this much longer for one who was at rest and is still heard, without a place: indoors."""
SILENCE_FOLD_US: Final = 720 * MINUTE_US
"""A device that falls silent again within a shift (12 h) continues its incident: indoors, phones come and go."""
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
BATTERY_DIED_PCT: Final = 5
"""A device that falls silent at or below this, off the charger, most probably ran out (fair to him: no intent)."""
LOST_MOVING_MPS: Final = 3.0
"""11 km/h: faster than a walk. All radios of a device gone at such a speed is what a jammer in a car looks like."""
LOST_PLACE_AGE_US: Final = 2 * MINUTE_US
"""A speed older than this says nothing about the moment the device was lost."""
FALSE_JUMPS_US: Final = 30 * MINUTE_US
"""Two impossible jumps within this are a hint of false places; one alone is an ordinary outlier."""
FROZEN_US: Final = 30 * MINUTE_US
"""So long may a satellite place stay equal to 1e-7 degree (1 cm) while its speed says it moves."""
FROZEN_DEG: Final = 5e-8
FROZEN_MPS: Final = 1.0
FROZEN_MOVES: Final = 3
"""Different speeds that a frozen place must claim: a resting phone repeats its cached place with its cached speed."""
BLE_RANGE_M: Final = 100.0
"""Twice the range of a phone's or bracelet's BLE in the open: who hears each other is nearer than this."""
BLE_FRESH_US: Final = MINUTE_US
"""Places and a hearing farther apart in time than this are not compared: people move on."""
SURPRISE: Final = 0.001
"""Two places contradict each other when the error model leaves them at most this probability to be so far apart."""
ODD_COUNT: Final = 2
"""Consecutive contradictions that open a hint: each device may err once."""
SEPARATION_US: Final = 2 * MINUTE_US
"""Bracelet and phone not hearing each other so long (and for `SEPARATION_INTERVALS`) are apart: BLE scans miss."""
SEPARATION_INTERVALS: Final = 3
SEPARATION_CALM: Final = 2
"""Consecutive records that hear the other device again and end a separation."""

# --- repetition and check-ins -----------------------------------------------------------------------------
PROVOKED_US: Final = 24 * 60 * MINUTE_US
"""Provoked episodes of one device within a day are one pattern (REQUIREMENTS 9.3) ..."""
PROVOKED_COUNT: Final = 3
"""... from the third on: its priority rises by one and it stays one incident."""
MISSED_COUNT: Final = 2
"""Check-ins missed in a row that make it serious (priority 2)."""
CHECK_INS_MAX: Final = 100_000
"""Windows of one condition over the order's life: 96 a day for almost three years, 2.4 MB."""

# --- memory ---------------------------------------------------------------------------------------------
RING_FIXES: Final = 64
"""Records kept per device: 16 minutes at 15 s sampling, 64 at a minute; 24 bytes each. Late data older than
the partner's history can't be judged and is counted (`State.unjudged`)."""
SPARSE_FIXES: Final = 32
SPARSE_US: Final = 90 * SECOND_US
"""... and one place each minute and a half beyond, 48 minutes of them: what a phone kept while it had no network is met
with where the other was."""
RING_ROWS: Final = RING_FIXES + SPARSE_FIXES
UNREAD_US: Final = 5 * SECOND_US
"""A place that was minutes under way may be one of a buffer: what is now is judged when so long nothing newer came."""
EVENT_DECISIONS: Final = 512
"""Room that must be left for one event of one case: 64 conditions and 32 devices x 9 episodes (352), and more."""
DECISIONS_BUFFER: Final = 4096
"""Raw decisions per kernel call; a full buffer is drained and the kernel called again, nothing is lost."""
