"""These tests act as the accounts of the stage, with a second inspector in the same district."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from aralyk.access.models import User
from aralyk.people.models import ProtectedPerson, Respondent
from tests.orders.cast import Cast
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "with_accounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A respondent, a protected person, and two inspectors who answer for them."""

    inspector: User
    second: User
    respondent: Respondent
    protected: ProtectedPerson
    cast: Cast


@pytest.fixture
def pair(roles: Cast) -> Pair:
    """Registered, not assessed yet, and without any order."""
    from aralyk.access.models import Role
    from tests.orders.cast import HERE, account, protected, respondent

    second = account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky")
    return Pair(
        inspector=roles.police,
        second=second,
        respondent=respondent(roles.police),
        protected=protected(roles.police),
        cast=roles,
    )
