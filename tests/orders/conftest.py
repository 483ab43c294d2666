"""These tests act as the accounts of the stage."""

from tests.orders.shifting import shift
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "shift", "with_accounts"]
