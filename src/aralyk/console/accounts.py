"""How log-in differs from allauth's own: nobody signs up, an administrator makes accounts for named people."""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from aralyk.access.actions import do_set_password
from aralyk.access.models import User

_NONCE_BYTES: Final = 12


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter for accounts that are given, not taken."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts come from an administrator."""
        return False

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Say nothing beside the page itself: "you are logged in" is what the desk shows anyway."""

    def clean_password(self, password: str, user: Any = None) -> str:
        """The password, if it may be one; one that somebody else chose is no choice of the person's own."""
        if isinstance(user, User) and user.password_is_temporary and user.check_password(password):
            raise ValidationError(_("Choose another password than the one that you were given."))
        return str(super().clean_password(password, user=user))

    def set_password(self, user: User, password: str) -> None:
        """The person's own change, through the domain: with its witness."""
        do_set_password(user, user.pk, password=password)
        user.refresh_from_db(fields=["password", "password_is_temporary"])

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to the desk: whoever had to change it came to work."""
        return str(settings.LOGIN_REDIRECT_URL)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send nothing: accounts have no e-mail address, and the platform has no mail server of its own."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter with the secrets of one-time codes encrypted: a copy of the database makes no codes.

    The key comes from the installation's secret, which lies in a file outside the database.
    """

    def encrypt(self, text: str) -> str:
        """AES-256-GCM, with a random nonce in front."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + AESGCM(_second_factor_key()).encrypt(nonce, text.encode(), None)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; raises InvalidTag when it was made with another installation's secret."""
        sealed = base64.b64decode(encrypted_text)
        return AESGCM(_second_factor_key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()


def _second_factor_key() -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"aralyk second factor v1")
    return derived.derive(settings.SECRET_KEY.encode())
