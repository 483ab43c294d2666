"""Why a decision was made: the kernel's codes and their published names. Sentences are made at the edge."""

from typing import Final

NONE: Final = 0
PROBABLE_INSIDE: Final = 1
POSSIBLE_INSIDE: Final = 2
COARSE_FIX: Final = 3
SUSPECT_JUMP: Final = 4
CROSSED_BETWEEN_FIXES: Final = 5
INSIDE_WARNING_RING: Final = 6
OUTSIDE_ZONE: Final = 7
BECAME_ACTIVE: Final = 8
CLEAR_EVIDENCE: Final = 9
ORDER_ENDED: Final = 10
SCHEDULE_ENDED: Final = 11
ORDER_CHANGED: Final = 12
NO_CONTACT: Final = 13
POSITION_STALE: Final = 14
POSITION_UNKNOWN: Final = 15
POSSIBLE_SINCE: Final = 16
PARTNER_POSITION_STALE: Final = 17
CONTACT_RESTORED: Final = 18
STRAP_OPEN: Final = 19
TAMPER_ALARM: Final = 20
STRAP_LOCKED_AGAIN: Final = 21
CLEARED_BY_STAFF: Final = 22
SOS_PRESSED: Final = 23
BATTERY_LOW: Final = 24
BATTERY_WELL: Final = 25
JAMMING_REPORTED: Final = 26
MOCK_LOCATION: Final = 27
CLOCK_DISAGREEMENT: Final = 28
HINT_ENDED: Final = 29
DEVICE_REMOVED: Final = 30
POSITION_VAGUE: Final = 31
HANDOVER_EARLY: Final = 32
HANDOVER_TOWARDS_HER: Final = 33
HANDOVER_FOLLOWS: Final = 34
HANDOVER_SILENCE: Final = 35
CHILD_NOT_BACK: Final = 36
CHILD_UNCONFIRMED: Final = 37
HANDOVER_WINDOW: Final = 38

NAMES: Final = (
    "none",
    "probable_inside",
    "possible_inside_request_better_fix",
    "coarse_fix_request_better_fix",
    "suspect_jump_request_better_fix",
    "crossed_between_fixes",
    "inside_warning_ring",
    "outside_zone",
    "became_active",
    "clear_evidence",
    "order_ended",
    "schedule_ended",
    "order_changed",
    "no_contact",
    "position_stale",
    "position_unknown",
    "possible_since",
    "partner_position_stale",
    "contact_restored",
    "strap_open",
    "tamper_alarm",
    "strap_locked_again",
    "cleared_by_staff",
    "sos_pressed",
    "battery_low",
    "battery_well",
    "jamming_reported",
    "mock_location",
    "clock_disagreement",
    "hint_ended",
    "device_removed",
    "position_vague_request_better_fix",
    "handover_early_at_place",
    "handover_towards_protected_person",
    "handover_follows_afterwards",
    "handover_device_silent",
    "handover_child_not_back",
    "handover_child_return_unconfirmed",
    "handover_window",
)
