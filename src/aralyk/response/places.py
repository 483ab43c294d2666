"""Where the respondent's device of an order was at a moment, for a check. For the machine: no permission is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from aralyk.devices.models import Assignment, Device, Party
from aralyk.orders.models import Order
from aralyk.response.judging import HIS_PLACE_MAX_AGE, HisPlace

UNKNOWN: Final = HisPlace(lat=None, lon=None, accuracy_m=None, age=None)
# The last word stands apart: the history of places is written a moment later.
_NEAREST: Final = """
    SELECT lat, lon, accuracy_m, fixed_at FROM (
        SELECT lat, lon, accuracy_m, fixed_at FROM device_status WHERE device = %(device)s AND lat IS NOT NULL
        UNION ALL
        SELECT lat, lon, accuracy_m, fixed_at FROM fix
        WHERE device = %(device)s AND valid AND fixed_at BETWEEN %(from)s AND %(until)s
    ) known WHERE fixed_at >= %(since)s ORDER BY abs(extract(epoch FROM fixed_at - %(at)s)) LIMIT 1
"""


def his_device(order: Order) -> Device | None:
    """What he carries in this order now; None: nothing."""
    carried = _carried(order, Party.RESPONDENT).select_related("device").first()
    return None if carried is None else carried.device


def his_place(order: Order, *, at: datetime) -> HisPlace:
    """The fix of his device that is nearest to `at`, of the time since it is his."""
    carried = _carried(order, Party.RESPONDENT).first()
    return UNKNOWN if carried is None else _place(carried, at=at)


def her_places(order: Order, *, at: datetime) -> list[HisPlace]:
    """The same of the protected persons' devices: who goes to her has arrived, too."""
    return [_place(carried, at=at) for carried in _carried(order, Party.PROTECTED)]


def _carried(order: Order, party: Party) -> QuerySet[Assignment]:
    return Assignment.objects.filter(order=order, party=party, until__isnull=True).order_by("-since")


def _place(carried: Assignment, *, at: datetime) -> HisPlace:
    asked: dict[str, datetime | str] = {
        "device": carried.device_id, "at": at, "since": carried.since, "from": at - HIS_PLACE_MAX_AGE,
        "until": at + HIS_PLACE_MAX_AGE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, asked)
        row = cursor.fetchone()
    if row is None:
        return UNKNOWN
    lat, lon, accuracy_m, fixed_at = row
    return HisPlace(lat=lat, lon=lon, accuracy_m=accuracy_m, age=abs(at - fixed_at))
