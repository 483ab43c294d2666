"""These tests act as the accounts of the stage, with the offices that take reports besides."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from aralyk.access.models import User
from tests.orders.cast import Cast
from tests.orders.shifting import shift
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "shift", "with_accounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who takes reports in the district HERE, and who does not."""

    inspector: User
    duty_unit: User
    juvenile: User
    crisis_centre: User
    cast: Cast


@pytest.fixture
def desk(roles: Cast) -> Desk:
    from aralyk.access.models import Role
    from tests.orders.cast import HERE, account

    return Desk(
        inspector=roles.police,
        duty_unit=account("duty_102", Role.DUTY_UNIT, HERE, agency="police_duty_102"),
        juvenile=account("juvenile", Role.JUVENILE_OFFICER, HERE, agency="police_oktyabrsky"),
        crisis_centre=account("adviser", Role.CRISIS_CENTRE, agency="crisis_centre_ayalzat"),
        cast=roles,
    )
