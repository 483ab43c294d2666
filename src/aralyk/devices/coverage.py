"""Where devices are heard: a grid of about 500 m, from all of them, in which nobody can be found.

A cell shows only when at least three devices were in it; those of one person count once each, and two people with two
devices each would still be two homes, so the number is of devices that different people carry. Months, not days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.tracking.health import centre_of

DEVICES_MIN: Final = 3
CELLS_MAX: Final = 20_000  # a city has 2,000, the inhabited valleys of the country about 15,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One cell.

    Attributes:
        lat: Of its middle.
        lon: Of its middle.
        devices: How many were heard in it; 3 or more.
        share: Of the reports that were expected there, those that came.
        gnss_share: Of those that came, the ones by satellite.
        signal: Mean of the devices' own words for their signal; None: none says it.
    """

    lat: float
    lon: float
    devices: int
    share: float
    gnss_share: float
    signal: float | None


# Carriers are counted, not devices: a bracelet and a phone of one man in his own street are one.
_CELLS: Final = """
    SELECT c.cell_y, c.cell_x, count(DISTINCT coalesce(a.person::text, c.device)) AS carriers, sum(c.reports),
           sum(c.missed), sum(c.gnss), sum(c.signals), sum(c.signal)
    FROM coverage_cell c
    LEFT JOIN LATERAL (SELECT person FROM devices_assignment a WHERE a.device_id = c.device
                       ORDER BY a.since DESC LIMIT 1) a ON true
    WHERE c.month >= %s AND c.reports > 0
    GROUP BY c.cell_y, c.cell_x
    HAVING count(DISTINCT coalesce(a.person::text, c.device)) >= %s
    ORDER BY carriers DESC, c.cell_y, c.cell_x LIMIT %s
"""


def coverage_for(user: User, *, at: datetime | None = None) -> list[Covered]:
    """The grid of this and the last month.

    Raises:
        Refused: not_permitted: for those who see cases.
    """
    check_allowed(user, May.SEE_CASES)
    at = at or clock.now()
    month = at.date().replace(day=1)
    last = month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, (last, DEVICES_MIN, CELLS_MAX))
        rows = cursor.fetchall()
    return [_covered(*row) for row in rows]


def _covered(
    cell_y: int, cell_x: int, devices: int, reports: int, missed: int, gnss: int, signals: int, signal: float
) -> Covered:
    lat, lon = centre_of(cell_y, cell_x)
    return Covered(
        lat=round(lat, 5),
        lon=round(lon, 5),
        devices=devices,
        share=round(reports / (reports + missed), 3),
        gnss_share=round(gnss / reports, 3),
        signal=round(signal / signals, 1) if signals else None,
    )
