"""What every process must agree on: the profile, where things are kept, the public address, the clock."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
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
    return settings


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
