"""What can be set about the courier, the only process that speaks to servers outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSettings:
    """Where the ways out of the house lead. A way whose server is not named is not used.

    Attributes:
        home: The installation's directory; the key that pushes are signed with is in `keys/`, the heartbeat in `run/`.
        look_s: How often it looks for what is due, seconds.
        sms_url: The SMS gateway's address; messages are POSTed there as JSON.
        sms_token: Its bearer token.
        sms_sender: What stands as the sender of an SMS; the agency's choice, never this product's name.
        smtp_server: The mail server.
        smtp_port: Its port.
        smtp_tls: Whether the connection to it must be encrypted (STARTTLS).
        smtp_user: Log-in at the mail server; empty: none.
        smtp_password: Its password.
        mail_from: The sender's address of each mail.
        mail_subject: The subject of each mail; neutral.
        push_contact: An e-mail address for the browsers' push services; empty: no pushes.
    """

    home: Path
    look_s: float = 1.0
    sms_url: str = ""
    sms_token: str = field(default="", repr=False)
    sms_sender: str = ""
    smtp_server: str = ""
    smtp_port: int = 587
    smtp_tls: bool = True
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    mail_from: str = ""
    mail_subject: str = "—"
    push_contact: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be sent.

        Raises:
            ValueError: Names the field and what it must be.
        """
        if not 0 < self.look_s <= 10:
            raise ValueError("look_s above 0 and at most 10")
        if self.sms_url and not self.sms_url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("sms_url with https (http on this machine only)")
        if self.smtp_server and "@" not in self.mail_from:
            raise ValueError("mail_from an address, because smtp_server is set")
        if self.push_contact and "@" not in self.push_contact:
            raise ValueError("push_contact an e-mail address")
