"""What an officer's entry is worth, and why. Pure: the facts in, a proof and its reasons out.

An entry at the respondent's place is verified only when nothing speaks against it: a code that his device alone showed,
used once and in time, the officer's own fix that agrees with the device's place, and both clocks in agreement. What is
missing makes it the officer's word (claimed); what contradicts makes a person look (flagged); what can't be true, or
was used before, counts for nothing (refused).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType
from typing import Final

from aralyk.response.models import CheckKind, Proof


class Reason(StrEnum):
    """Why an entry is not verified; a closed list, each with one proof."""

    NO_CODE = "no_code"
    CODE_EXPIRED = "code_expired"
    NO_FIX = "no_fix"
    FIX_COARSE = "fix_coarse"
    FIX_OLD = "fix_old"
    HIS_PLACE_UNKNOWN = "his_place_unknown"
    HIS_PLACE_COARSE = "his_place_coarse"
    LATE = "late"
    HER_WORD_AWAITED = "her_word_awaited"
    ELSEWHERE = "elsewhere"
    CLOCK_BACK = "clock_back"
    CLOCK_AHEAD = "clock_ahead"
    IMPOSSIBLE_ROUTE = "impossible_route"
    SAME_FIX = "same_fix"
    SAME_PHOTO = "same_photo"
    SHE_SAYS_NO = "she_says_no"
    EDITED = "edited"
    CODE_WRONG = "code_wrong"
    CODE_USED = "code_used"
    CODE_OF_ANOTHER = "code_of_another"
    SAME_BYTES = "same_bytes"


PROOF_OF: Final[Mapping[Reason, Proof]] = MappingProxyType(
    {
        Reason.NO_CODE: Proof.CLAIMED,
        Reason.CODE_EXPIRED: Proof.CLAIMED,
        Reason.NO_FIX: Proof.CLAIMED,
        Reason.FIX_COARSE: Proof.CLAIMED,
        Reason.FIX_OLD: Proof.CLAIMED,
        Reason.HIS_PLACE_UNKNOWN: Proof.CLAIMED,
        Reason.HIS_PLACE_COARSE: Proof.CLAIMED,
        Reason.LATE: Proof.CLAIMED,
        Reason.HER_WORD_AWAITED: Proof.CLAIMED,
        Reason.ELSEWHERE: Proof.FLAGGED,
        Reason.CLOCK_BACK: Proof.FLAGGED,
        Reason.CLOCK_AHEAD: Proof.FLAGGED,
        Reason.IMPOSSIBLE_ROUTE: Proof.FLAGGED,
        Reason.SAME_FIX: Proof.FLAGGED,
        Reason.SAME_PHOTO: Proof.FLAGGED,
        Reason.SHE_SAYS_NO: Proof.FLAGGED,
        Reason.EDITED: Proof.FLAGGED,
        Reason.CODE_WRONG: Proof.REFUSED,
        Reason.CODE_USED: Proof.REFUSED,
        Reason.CODE_OF_ANOTHER: Proof.REFUSED,
        Reason.SAME_BYTES: Proof.REFUSED,
    }
)
assert set(PROOF_OF) == set(Reason)

LATE_AFTER: Final = timedelta(minutes=5)  # between what was done and the server's hearing of it
CLOCK_MAY_DIFFER: Final = timedelta(minutes=2)
FIX_MAX_AGE: Final = timedelta(seconds=60)
HIS_PLACE_MAX_AGE: Final = timedelta(minutes=10)
ACCURACY_M_MAX: Final = 150.0  # coarser than this, "at the same place" says nothing
FASTEST_MPS: Final = 55.0  # 198 km/h: no car on these roads does it from one place to another
SAME_FIX_M: Final = 1.0  # two honest fixes at one place, taken anew, differ by more
SAME_FIX_AFTER: Final = timedelta(minutes=10)  # a phone that lies still may say the same for some minutes
EARTH_RADIUS_M: Final = 6_371_008.8  # mean radius of WGS 84
_WORST: Final = (Proof.VERIFIED, Proof.CLAIMED, Proof.FLAGGED, Proof.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A place by somebody's device: WGS 84 degrees, the radius it declares, and when it was taken by its clock."""

    lat: float
    lon: float
    accuracy_m: float
    fixed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HisPlace:
    """Where the respondent's device was, or another of the case; None: unknown. `age`: from the moment asked for."""

    lat: float | None
    lon: float | None
    accuracy_m: float | None
    age: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What is known of the code that an officer gave.

    Attributes:
        right: It is the one that the device showed, within the tries allowed.
        used: Another check has used it already.
        own: It was made for this officer and this order.
        made_at: When, by the server.
        expires_at: Until when it counts, by the server.
    """

    right: bool
    used: bool
    own: bool
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came, and when."""

    kind: CheckKind
    device_at: datetime
    received_at: datetime
    fix: Fix | None
    code: Code | None

    @property
    def late(self) -> bool:
        """Whether the server heard of it too long after it was done, if its clock is right."""
        return self.received_at - self.device_at > LATE_AFTER

    @property
    def taken_at(self) -> datetime:
        """When it was done: the server's time, unless the entry itself says that it waited."""
        return self.device_at if self.late else self.received_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Another entry of the same officer."""

    taken_at: datetime
    device_at: datetime
    lat: float | None
    lon: float | None
    accuracy_m: float | None


def worst(reasons: Iterable[Reason]) -> Proof:
    """The proof that these reasons leave."""
    return max((PROOF_OF[one] for one in reasons), key=_WORST.index, default=Proof.VERIFIED)


def reasons_of(
    entry: Entry,
    *,
    his: HisPlace,
    others: Iterable[Earlier],
    newest: Earlier | None,
    same_bytes: bool,
    same_photo: bool,
) -> tuple[Reason, ...]:
    """Everything that keeps an entry from being verified, in the order of the list.

    Args:
        entry: What came.
        his: The respondent's place; for a visit to her it is not looked at.
        others: Entries of this officer that have a place and lie near in time.
        newest: The one that the server heard last from this officer.
        same_bytes: The very same content came before under another id.
        same_photo: A photo with this hash came before.
    """
    found = {*_clocks(entry, newest)}
    if same_bytes:
        found.add(Reason.SAME_BYTES)
    if same_photo:
        found.add(Reason.SAME_PHOTO)
    if entry.kind is CheckKind.VISIT_TO_HER:
        found.add(Reason.HER_WORD_AWAITED)
    else:
        found.update(_places(entry, his))
        found.update(_routes(entry, others))
    if entry.kind is CheckKind.AT_HIS_PLACE:
        found.update(_codes(entry))
    return tuple(reason for reason in Reason if reason in found)


def apart_m(fix: Fix, his: HisPlace) -> float | None:
    """Metres between the two; None when his place is unknown."""
    return None if his.lat is None or his.lon is None else distance_m(fix.lat, fix.lon, his.lat, his.lon)


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle metres between two places: no compiler to warm up for one distance."""
    half_lat, half_lon = radians(lat_b - lat_a) / 2, radians(lon_b - lon_a) / 2
    square = sin(half_lat) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, square)))


def agrees(fix: Fix, place: HisPlace) -> bool:
    """Whether two places are the same within what both devices declare."""
    apart = apart_m(fix, place)
    return apart is not None and place.accuracy_m is not None and apart <= fix.accuracy_m + place.accuracy_m


def _codes(entry: Entry) -> Iterator[Reason]:
    code = entry.code
    if code is None:
        yield Reason.NO_CODE
        return
    if not code.own:
        yield Reason.CODE_OF_ANOTHER
    if code.used:
        yield Reason.CODE_USED
    if not code.right:
        yield Reason.CODE_WRONG
    if entry.received_at > code.expires_at:
        yield Reason.CODE_EXPIRED
    if entry.device_at < code.made_at - CLOCK_MAY_DIFFER:
        yield Reason.CLOCK_BACK  # done before its code was made


def _clocks(entry: Entry, newest: Earlier | None) -> Iterator[Reason]:
    if entry.late:
        yield Reason.LATE
    if entry.device_at > entry.received_at + CLOCK_MAY_DIFFER:
        yield Reason.CLOCK_AHEAD
    if newest is not None and entry.device_at < newest.device_at - CLOCK_MAY_DIFFER:
        yield Reason.CLOCK_BACK  # entries are sent in the order in which they were made


def _places(entry: Entry, his: HisPlace) -> Iterator[Reason]:
    fix = entry.fix
    if fix is None:
        yield Reason.NO_FIX
        return
    if abs(entry.device_at - fix.fixed_at) > FIX_MAX_AGE:
        yield Reason.FIX_OLD
    if fix.accuracy_m > ACCURACY_M_MAX:
        yield Reason.FIX_COARSE
    apart = apart_m(fix, his)
    if apart is None or his.age is None or his.age > HIS_PLACE_MAX_AGE:
        yield Reason.HIS_PLACE_UNKNOWN
        return
    if his.accuracy_m is None or his.accuracy_m > ACCURACY_M_MAX:
        yield Reason.HIS_PLACE_COARSE
        return
    if not agrees(fix, his):
        yield Reason.ELSEWHERE


def _routes(entry: Entry, others: Iterable[Earlier]) -> Iterator[Reason]:
    fix = entry.fix
    if fix is None:
        return
    for other in others:
        if other.lat is None or other.lon is None or other.accuracy_m is None:
            continue
        apart = distance_m(fix.lat, fix.lon, other.lat, other.lon)
        between = abs(entry.taken_at - other.taken_at)
        if apart < SAME_FIX_M and between > SAME_FIX_AFTER:
            yield Reason.SAME_FIX
        if apart - fix.accuracy_m - other.accuracy_m > FASTEST_MPS * between.total_seconds():
            yield Reason.IMPOSSIBLE_ROUTE
