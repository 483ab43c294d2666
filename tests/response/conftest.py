"""These tests act as the accounts of the stage, and may move the clock."""

from tests.orders.conftest import shift
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "shift", "with_accounts"]
