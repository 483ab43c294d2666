"""These tests act as the accounts of the stage, and let the real monitor read what they release."""

from tests.monitor.conftest import shift, start_watch
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "shift", "start_watch", "with_accounts"]
