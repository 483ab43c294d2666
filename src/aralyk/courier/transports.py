"""The three ways out of the house: an SMS gateway over HTTP, an e-mail server, and the browsers' push services.

Each has its time limit, tells a failure as a code, and never writes a number or an address anywhere.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import requests
from py_vapid import Vapid02

from aralyk.channels.models import Way
from aralyk.channels.outbox import Failed, Gone, Message, Transport
from aralyk.courier.push_key import signing_key_file
from aralyk.courier.settings import CourierSettings

LIMIT_S: Final = 10.0
PUSH_URGENCY: Final = {True: "high", False: "normal"}
_GONE: Final = frozenset({404, 410})


def transports(settings: CourierSettings) -> dict[Way, Transport]:
    """The ways that are set up here."""
    found: dict[Way, Transport] = {}
    if settings.sms_url:
        found[Way.SMS] = SmsGateway(url=settings.sms_url, token=settings.sms_token, sender=settings.sms_sender)
    if settings.smtp_server:
        found[Way.EMAIL] = Mail(settings=settings)
    if settings.push_contact:
        found[Way.PUSH] = Push(key=signing_key_file(settings.home), contact=settings.push_contact)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGateway:
    """POSTs `{"id", "to", "text", "from"}` as JSON and expects `{"id": its own}`; docs/how-to/reach-people.md."""

    url: str
    token: str = field(repr=False)
    sender: str

    def send(self, message: Message) -> str:
        """Give it to the gateway."""
        body = {"id": str(message.delivery), "to": message.value, "text": message.text, "from": self.sender}
        try:
            answer = requests.post(
                self.url,
                json=body,
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=LIMIT_S,
                allow_redirects=False,  # a token follows nobody
            )
        except requests.RequestException as error:
            raise Failed(f"sms_{type(error).__name__}") from None
        if answer.status_code not in (200, 201, 202):
            raise Failed(f"http_{answer.status_code}")
        try:
            reference = answer.json()["id"]
        except (ValueError, KeyError, TypeError):
            raise Failed("answer_without_id") from None
        return str(reference)[:128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message, encrypted on its way unless the server is on this machine."""

    settings: CourierSettings

    def send(self, message: Message) -> str:
        """Give it to the mail server."""
        mail = EmailMessage()
        mail["From"] = self.settings.mail_from
        mail["To"] = message.value
        mail["Subject"] = self.settings.mail_subject
        domain = self.settings.mail_from.rpartition("@")[2]
        mail["Message-ID"] = f"<{message.delivery}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            mail["Importance"] = "high"
        mail.set_content(message.text)
        try:
            with smtplib.SMTP(self.settings.smtp_server, self.settings.smtp_port, timeout=LIMIT_S) as server:
                if self.settings.smtp_tls:
                    server.starttls(context=ssl.create_default_context())
                if self.settings.smtp_user:
                    server.login(self.settings.smtp_user, self.settings.smtp_password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused:
            raise Failed("recipient_refused") from None
        except smtplib.SMTPResponseException as error:
            raise Failed(f"smtp_{error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Failed(f"smtp_{type(error).__name__}") from None
        return str(message.delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A push without content: the phone wakes, and asks the desk itself what there is."""

    key: Path
    contact: str

    def send(self, message: Message) -> str:
        """Give it to the browser's push service."""
        scheme_and_host = "/".join(message.value.split("/", 3)[:3])
        headers = Vapid02.from_file(str(self.key)).sign({"aud": scheme_and_host, "sub": f"mailto:{self.contact}"})
        try:
            answer = requests.post(
                message.value,
                headers={**headers, "TTL": str(message.lasts_s), "Urgency": PUSH_URGENCY[message.urgent]},
                timeout=LIMIT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Failed(f"push_{type(error).__name__}") from None
        if answer.status_code in _GONE:
            raise Gone(f"http_{answer.status_code}")
        if answer.status_code not in (200, 201, 202):
            raise Failed(f"http_{answer.status_code}")
        return ""
