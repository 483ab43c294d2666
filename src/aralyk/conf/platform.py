"""What every process must agree on: the profile, where things are kept, the public address, the clock."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aralyk.clock import Pace
from aralyk.conf.loading import SettingsRefused, load

SECRET_FILE = Path("keys") / "django-secret"
PROFILE_FILE = Path("profile")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class Profile(StrEnum):
    """How much the installation may take for granted."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """Settings shared by all processes.

    Attributes:
        profile: `production` refuses a demo clock and demo log-ins and requires encrypted connections from
            browsers; `demo` and `test` run on one machine with synthetic people.
        home: Directory of everything this installation keeps: embedded database, keys, logs, heartbeats.
        public_url: Where browsers reach the console, like `https://desk.example.kg`; empty: this machine only.
        tile_origin: Another origin that may serve map tiles and fonts, like `https://tiles.example.kg`; empty: none.
        tile_url: Raster tiles of a base map, like `https://tiles.example.kg/{z}/{x}/{y}.png`; empty: a plain ground.
        tile_attribution: Whose map that is, as its licence asks.
        time_zone: Time zone of screens and papers; the database, the log and the engine are in UTC.
        clock_pace: Where domain time starts and how fast it runs, "REAL_EPOCH_S START_EPOCH_S SPEED"; demo and
            test only.
        second_factor: Who must have used a passkey or a one-time code: `nobody`, `sensitive` (who looks into the vault,
            opens cases to others or changes accounts) or `everybody`; empty: `sensitive`, in demo and test `nobody`.
        session_idle_minutes: A session without a person's request ends after this time.
        session_hours: A session ends after this time whatever happens: one shift.
        grant_days_max: The longest time for which one case is opened to a person.
        glass_confirm_minutes: Within which a second person confirms a case that was opened in an emergency.
        glass_hours: How long such a case stays open.
        glass_review_days: Within which its use is reviewed.
        delegation_days_max: The longest cover for a colleague's districts.
        access_review_days: How often each account's access is confirmed anew.
        vault_looks_per_hour: Looks into sealed facts by one person; beyond it the vault stays shut, with an alarm.
        glass_asks_per_hour: Tries of one person to open a case in an emergency.
        push_hosts: Browsers' push services that may be spoken to; nobody can make the platform call another address.
        sms_receipt_token: What the SMS gateway sends as its bearer token with a receipt; empty: none are taken.
        clock_step_file: File with seconds to add to the wall clock, to rehearse a stepped clock; test only.
    """

    profile: Profile = Profile.PRODUCTION
    home: Path = Path("var/live")
    public_url: str = ""
    tile_origin: str = ""
    tile_url: str = ""
    tile_attribution: str = ""
    time_zone: str = "Asia/Bishkek"
    clock_pace: str = ""
    second_factor: str = ""
    session_idle_minutes: int = 60
    session_hours: int = 12
    grant_days_max: int = 90
    glass_confirm_minutes: int = 15
    glass_hours: int = 8
    glass_review_days: int = 3
    delegation_days_max: int = 60
    access_review_days: int = 31
    vault_looks_per_hour: int = 20
    glass_asks_per_hour: int = 5
    push_hosts: tuple[str, ...] = (
        "fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "notify.windows.com",
    )  # fmt: skip
    sms_receipt_token: str = ""
    clock_step_file: str = ""

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Host names under which the console answers."""
        public = urlsplit(self.public_url).hostname
        return (*LOCAL_HOSTS, public) if public else LOCAL_HOSTS

    def secret_key(self) -> str:
        """The key that signs sessions' cookies: made at the first start, kept in `home`, readable by its owner only."""
        path = self.home / SECRET_FILE
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return _new_secret(path)


def platform_settings(environ: Mapping[str, str] | None = None) -> PlatformSettings:
    """Read the shared settings.

    Raises:
        SettingsRefused: A value is ill-typed, or weakens a production installation.
    """
    settings = load(PlatformSettings, "ARALYK", os.environ if environ is None else environ)
    _check_profile(settings)
    _check_access(settings)
    return settings


ACCESS_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "session_idle_minutes": (1, 720),
    "session_hours": (1, 24),
    "grant_days_max": (1, 366),
    "glass_confirm_minutes": (1, 120),
    "glass_hours": (1, 72),
    "glass_review_days": (1, 30),
    "delegation_days_max": (1, 366),
    "access_review_days": (1, 366),
    "vault_looks_per_hour": (1, 1000),
    "glass_asks_per_hour": (1, 100),
}
SECOND_FACTOR: Final = ("nobody", "sensitive", "everybody")


def _check_access(settings: PlatformSettings) -> None:
    for name, (low, high) in ACCESS_RANGES.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            raise SettingsRefused.one(f"ARALYK_{name.upper()}", f"from {low} to {high}", str(value))
    known = SECOND_FACTOR if settings.profile is not Profile.PRODUCTION else SECOND_FACTOR[1:]
    if settings.second_factor and settings.second_factor not in known:
        raise SettingsRefused.one("ARALYK_SECOND_FACTOR", " or ".join(known), settings.second_factor)


def settle_profile(settings: PlatformSettings) -> None:
    """Write the profile into a new home; a home keeps the profile it was made with.

    Synthetic people must never be taken for real ones, nor a printed password for a real door.

    Raises:
        SettingsRefused: The home was made with another profile.
    """
    path = settings.home / PROFILE_FILE
    known = recorded_profile(settings.home)
    if known is None:
        path.write_text(settings.profile.value + "\n", encoding="ascii")
    elif known is not settings.profile:
        expected = f"{known.value}, the profile with which {settings.home} was made"
        raise SettingsRefused.one("ARALYK_PROFILE", expected, settings.profile.value)


def recorded_profile(home: Path) -> Profile | None:
    """The profile with which `home` was made; None when it is new."""
    try:
        return Profile((home / PROFILE_FILE).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def _check_profile(settings: PlatformSettings) -> None:
    if settings.profile is Profile.PRODUCTION and settings.clock_pace:
        raise SettingsRefused.one("ARALYK_CLOCK_PACE", "nothing in the production profile", settings.clock_pace)
    if settings.profile is not Profile.TEST and settings.clock_step_file:
        raise SettingsRefused.one("ARALYK_CLOCK_STEP_FILE", "nothing outside the test profile", "a file")
    if settings.clock_pace:
        try:
            Pace.parse(settings.clock_pace)
        except ValueError as error:
            raise SettingsRefused.one("ARALYK_CLOCK_PACE", str(error), settings.clock_pace) from None
    public = urlsplit(settings.public_url)
    if settings.public_url and (public.scheme not in {"http", "https"} or not public.hostname or public.path):
        raise SettingsRefused.one("ARALYK_PUBLIC_URL", "scheme and host, like https://desk.example.kg", public.geturl())
    if settings.profile is Profile.PRODUCTION and public.scheme == "http":
        raise SettingsRefused.one("ARALYK_PUBLIC_URL", "https in the production profile", settings.public_url)


def _new_secret(path: Path) -> str:
    secret = secrets.token_urlsafe(50)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(secret + "\n", encoding="ascii")
    try:
        # Fails when another process made one a moment ago: then both must use that one.
        os.link(partial, path)
    except FileExistsError:
        secret = path.read_text(encoding="ascii").strip()
    finally:
        partial.unlink()
    return secret
