"""How log-in differs from allauth's own: nobody signs up, an administrator makes accounts for named people."""

from __future__ import annotations

import base64
import secrets
from typing import Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest

_NONCE_BYTES: Final = 12


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's adapter for accounts that are given, not taken."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts come from an administrator."""
        return False

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Say nothing beside the page itself: "you are logged in" is what the desk shows anyway."""

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
