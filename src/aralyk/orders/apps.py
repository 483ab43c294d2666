"""Tells Django where this package stands."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The Django app of `aralyk.orders`."""

    name = "aralyk.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend access the book of cases."""
        from aralyk.access import cases
        from aralyk.orders.casebook import OrderBook

        cases.keep(OrderBook())
