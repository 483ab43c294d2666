"""How a device keeps: interval, battery, charging, strap, clock, quality of its places; and one word for it all.

Made by queries over the hours that `tracking.health` lays out. What is not known is None and is said to be unknown. The
word is the worst of WORDS that holds, with its figure, so that a list of devices can be read from the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations, pairwise
from statistics import median
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from aralyk import clock
from aralyk.access.models import User
from aralyk.devices.models import Device
from aralyk.devices.queries import Place, device_for
from aralyk.tracking.keeping import KEEPING, LATE_FACTOR, WINDOW

HABIT_WINDOW: Final = timedelta(days=14)
CURVE_WINDOW: Final = timedelta(days=3)
LATE_SHARE_MAX: Final = 0.2
CLOCK_ERROR_S_MAX: Final = 60.0
POOR_SHARE_MAX: Final = 0.5
BATTERY_LOW_PCT: Final = 20.0
EMPTY_SOON: Final = timedelta(hours=2)
RISE_PCT: Final = 2  # a battery's own noise is smaller
FIT_POINTS_MAX: Final = 96  # 4,560 slopes: a millisecond or two
FIT_SPAN_MIN: Final = timedelta(hours=1)
FIT_DROP_PCT_MIN: Final = 2
HABIT_SHARE_MIN: Final = 0.3  # of the days on which it was heard at that hour
STRAPS_MAX: Final = 20


class Word(StrEnum):
    """One word for a device's health, the worst first."""

    SILENT = "silent"
    STRAP_OPEN = "strap_open"
    BATTERY_LOW = "battery_low"
    IRREGULAR = "irregular"
    CLOCK_WRONG = "clock_wrong"
    POOR_PLACES = "poor_places"
    UNKNOWN = "unknown"
    WELL = "well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What a day says of a device.

    Attributes:
        contacts: Frames received.
        interval_median_s: Between two of them, the middle one; None: fewer than two.
        late_share: Of the gaps, those longer than one and a half intervals.
        backlog: Records that came more than 120 s after their time.
        fixes: Records with a place.
        coarse_share: Of them, by network or with a radius above 150 m.
        invalid_share: Of them, those that the device itself calls invalid.
        accuracy_median_m: The middle declared radius.
        clock_error_s: Middle of receipt minus the device's own time: the network's delay and its clock's error.
    """

    contacts: int
    interval_median_s: float | None
    late_share: float | None
    backlog: int
    fixes: int
    coarse_share: float | None
    invalid_share: float | None
    accuracy_median_m: float | None
    clock_error_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What is known of a battery.

    Attributes:
        curve: (when, percent), oldest first.
        empty_in: Until zero by a robust line through the last discharge; None: charging, or too little to say.
        charging_hours: Hours of the day, where the centre stands, at which it usually charges.
    """

    curve: tuple[tuple[datetime, int], ...]
    empty_in: timedelta | None
    charging_hours: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything that is known of one device's health, as of `as_of`."""

    device: str
    as_of: datetime
    heard_at: datetime | None
    interval_s: int
    silent: bool
    keeping: Keeping
    battery: Battery
    straps: tuple[tuple[datetime, str], ...]
    signal: float | None
    signal_at: datetime | None
    firmware: str | None
    trust: str
    word: Word
    figure: float | None


_NOTHING: Final = Keeping(
    contacts=0, interval_median_s=None, late_share=None, backlog=0, fixes=0, coarse_share=None, invalid_share=None,
    accuracy_median_m=None, clock_error_s=None,
)  # fmt: skip


def keeping_of(devices: Sequence[str], *, at: datetime) -> dict[str, Keeping]:
    """What the last day says of each, in one query; those that were not heard are left out. Asks no permission."""
    with connection.cursor() as cursor:
        cursor.execute(KEEPING, {"devices": list(devices), "since": at - WINDOW, "factor": LATE_FACTOR})
        return {row[0]: _keeping(row) for row in cursor.fetchall()}


def health_for(user: User, device_id: str, *, place: Place | None, at: datetime | None = None) -> Health:
    """How one device keeps.

    Args:
        user: Who asks.
        device_id: The device.
        place: What `places_for` says of it; None: carried by nobody under a live order.
        at: The moment of asking (default: now).

    Raises:
        NotFound: No such device, or not this person's.
    """
    at = at or clock.now()
    device = device_for(user, device_id)
    keeping = keeping_of([device.pk], at=at).get(device.pk, _NOTHING)
    trait = _trait(device.pk)
    battery = _battery(device, at=at, charging=bool(place and place.charging))
    heard_at = trait["heard_at"] if place is None else place.heard_at
    silent = heard_at is None or (place is not None and place.silent)
    word, figure = _word(
        silent=silent,
        strap=place.strap if place else trait["strap"],
        battery_pct=None if place is None or place.charging else place.battery_pct,
        empty_in=battery.empty_in,
        keeping=keeping,
    )
    return Health(
        device=device.pk, as_of=at, heard_at=heard_at, interval_s=device.interval_s, silent=silent, keeping=keeping,
        battery=battery, straps=_straps(device.pk), signal=trait["signal"], signal_at=trait["signal_at"],
        firmware=trait["firmware"], trust=device.trust, word=word, figure=figure,
    )  # fmt: skip


def last_discharge(curve: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """The end of the curve in which the battery only went down, but for its noise."""
    start = len(curve) - 1
    highest = curve[-1][1] if curve else 0
    while start > 0 and curve[start - 1][1] >= highest - RISE_PCT:
        start -= 1
        highest = max(highest, curve[start][1])
    return list(curve[max(start, 0) :])


def time_to_empty(curve: Sequence[tuple[datetime, int]], *, at: datetime) -> timedelta | None:
    """Until zero, by the median of all slopes through the last discharge (Theil and Sen): one wild reading is nothing.

    Returns:
        None when the discharge is shorter than an hour or its drop within the battery's noise.
    """
    falling = last_discharge(curve)
    step = -(-len(falling) // FIT_POINTS_MAX) or 1
    points = [(when.timestamp(), pct) for when, pct in falling[::-1][::step][::-1]]
    if len(points) < 3 or points[-1][0] - points[0][0] < FIT_SPAN_MIN.total_seconds():
        return None
    if points[0][1] - points[-1][1] < FIT_DROP_PCT_MIN:
        return None
    slope = median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2))
    if slope >= 0:
        return None
    level = median(y - slope * x for x, y in points)
    return timedelta(seconds=max(0.0, -level / slope - at.timestamp()))


def _word(
    *, silent: bool, strap: str | None, battery_pct: float | None, empty_in: timedelta | None, keeping: Keeping
) -> tuple[Word, float | None]:
    poor = max(keeping.coarse_share or 0.0, keeping.invalid_share or 0.0)
    low = battery_pct is not None and battery_pct < BATTERY_LOW_PCT
    soon = empty_in is not None and empty_in < EMPTY_SOON
    rules: tuple[tuple[bool, Word, float | None], ...] = (
        (silent, Word.SILENT, None),
        (strap == "open", Word.STRAP_OPEN, None),
        (low or soon, Word.BATTERY_LOW, battery_pct),
        ((keeping.late_share or 0.0) > LATE_SHARE_MAX, Word.IRREGULAR, keeping.late_share),
        (abs(keeping.clock_error_s or 0.0) > CLOCK_ERROR_S_MAX, Word.CLOCK_WRONG, keeping.clock_error_s),
        (poor > POOR_SHARE_MAX, Word.POOR_PLACES, poor),
        (keeping.interval_median_s is None, Word.UNKNOWN, None),
    )
    return next(((word, figure) for holds, word, figure in rules if holds), (Word.WELL, None))


def _keeping(row: Sequence[Any]) -> Keeping:
    fixes = int(row[5])
    return Keeping(
        contacts=int(row[1]),
        interval_median_s=None if row[2] is None else float(row[2]),
        late_share=None if row[3] is None else float(row[3]),
        backlog=int(row[4]),
        fixes=fixes,
        coarse_share=int(row[6]) / fixes if fixes else None,
        invalid_share=int(row[7]) / fixes if fixes else None,
        accuracy_median_m=None if row[8] is None else float(row[8]),
        clock_error_s=None if row[9] is None else float(row[9]),
    )


def _trait(device: str) -> Mapping[str, Any]:
    names = ("heard_at", "strap", "firmware", "signal", "signal_at")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM device_trait WHERE device = %s", (device,))
        row = cursor.fetchone()
    return dict(zip(names, row or (None,) * len(names), strict=True))


def _straps(device: str) -> tuple[tuple[datetime, str], ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT since, strap FROM device_strap WHERE device = %s ORDER BY since DESC LIMIT %s", (device, STRAPS_MAX)
        )
        return tuple((since, strap) for since, strap in cursor.fetchall())


def _battery(device: Device, *, at: datetime, charging: bool) -> Battery:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hour, battery_minutes, battery_pct, charging FROM device_hour WHERE device = %s AND hour >= %s"
            " ORDER BY hour",
            (device.pk, at - HABIT_WINDOW),
        )
        rows = cursor.fetchall()
    points = sorted(
        {
            hour + timedelta(minutes=minute): pct
            for hour, minutes, percents, _ in rows
            for minute, pct in zip(minutes, percents, strict=True)
        }.items()
    )
    curve = tuple(point for point in points if point[0] >= at - CURVE_WINDOW)
    empty_in = None if charging else time_to_empty(curve, at=at)
    return Battery(curve=curve, empty_in=empty_in, charging_hours=_habit(rows, points))


def _habit(rows: Sequence[Any], points: Sequence[tuple[datetime, int]]) -> tuple[int, ...]:
    """Hours of the day at which it charged, by its own word or by a rise, on three days in ten."""
    zone = timezone.get_current_timezone()
    charged = {hour for hour, _, _, charging in rows if charging}
    for (before, low), (after, high) in pairwise(points):
        if high - low > RISE_PCT and after - before < timedelta(hours=2):
            charged.add(after.replace(minute=0))
    days = max(len({hour.astimezone(zone).date() for hour, *_ in rows}), 1)
    counts = [0] * 24
    for hour in charged:
        counts[hour.astimezone(zone).hour] += 1
    return tuple(hour for hour, count in enumerate(counts) if count / days >= HABIT_SHARE_MIN and count >= min(2, days))
