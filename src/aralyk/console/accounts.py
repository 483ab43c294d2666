"""How log-in differs from allauth's own: nobody signs up, an administrator makes accounts for named people."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter for accounts that are given, not taken."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts come from an administrator."""
        return False

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Say nothing beside the page itself: "you are logged in" is what the desk shows anyway."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send nothing: accounts have no e-mail address, and the platform has no mail server of its own."""
