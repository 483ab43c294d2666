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
APPROACHING: Final = 32
PASSING_THROUGH: Final = 33
NO_BETTER_FIX: Final = 34
SELF_REPORTED_CLEAR: Final = 35
REQUESTED: Final = 36
REQUEST_MET: Final = 37
REQUEST_EXPIRED: Final = 38
CHECK_IN_MISSED: Final = 39
CHECK_IN_FAILED: Final = 40
CHECK_IN_PASSED: Final = 41
CHECK_IN_LATE: Final = 42
DEVICES_APART: Final = 43
DEVICES_TOGETHER: Final = 44
BLE_CONTRADICTS_PLACE: Final = 45
PLACES_CONTRADICT: Final = 46
IMPOSSIBLE_JUMPS: Final = 47
TIME_CONTRADICTS_PLACE: Final = 48
POSITION_FROZEN: Final = 49
LOST_WHILE_MOVING: Final = 50
POWERED_OFF: Final = 51
BATTERY_DIED: Final = 52
REPEATED_PROVOCATION: Final = 53
HANDOVER_EARLY: Final = 54
HANDOVER_TOWARDS_HER: Final = 55
HANDOVER_FOLLOWS: Final = 56
HANDOVER_SILENCE: Final = 57
CHILD_NOT_BACK: Final = 58
CHILD_UNCONFIRMED: Final = 59
HANDOVER_WINDOW: Final = 60
HEARD_NEAR: Final = 61

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
    "approaching",
    "passing_through",
    "no_better_fix",
    "self_reported_clear",
    "requested",
    "request_met",
    "request_expired",
    "check_in_missed",
    "check_in_failed",
    "check_in_passed",
    "check_in_late",
    "devices_apart",
    "devices_together",
    "ble_contradicts_place",
    "places_contradict",
    "impossible_jumps",
    "time_contradicts_place",
    "position_frozen",
    "lost_while_moving",
    "powered_off",
    "battery_died",
    "repeated_provocation",
    "handover_early_at_place",
    "handover_towards_protected_person",
    "handover_follows_afterwards",
    "handover_device_silent",
    "handover_child_not_back",
    "handover_child_return_unconfirmed",
    "handover_window",
    "heard_near",
)
