"""Tells Django where this package stands."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The Django app of `aralyk.orders`."""

    name = "aralyk.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"
