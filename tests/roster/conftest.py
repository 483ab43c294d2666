"""These tests act as the accounts of the stage."""

from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "with_accounts"]
