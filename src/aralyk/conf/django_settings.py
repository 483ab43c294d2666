"""Django's settings module, composed from our typed settings: change a value there, not here.

Safe by default: what weakens anything is tied to the demo or test profile. DEBUG is never on:
its error pages show local variables, and ours hold names and places.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from aralyk.access.limits import Limits, SecondFactor
from aralyk.conf.databases import databases
from aralyk.conf.platform import Profile, platform_settings

_settings = platform_settings()
_production = _settings.profile is Profile.PRODUCTION
_package = Path(__file__).resolve().parent.parent

DEBUG = False
SECRET_KEY = _settings.secret_key()
ALLOWED_HOSTS = list(_settings.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [_settings.public_url] if _settings.public_url else []
ROOT_URLCONF = "aralyk.console.urls"
ASGI_APPLICATION = "aralyk.console.asgi.application"

PUSH_HOSTS = _settings.push_hosts
SMS_RECEIPT_TOKEN = _settings.sms_receipt_token

INSTALLED_APPS = [
    "aralyk.access",
    "aralyk.roster",
    "aralyk.people",
    "aralyk.risk",
    "aralyk.reports",
    "aralyk.orders",
    "aralyk.papers",
    "aralyk.devices",
    "aralyk.tracking",
    "aralyk.quarantine",
    "aralyk.channels",
    "aralyk.incidents",
    "aralyk.oversight",
    "aralyk.response",
    "aralyk.evidence",
    "aralyk.api",
    "aralyk.console",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "ninja",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "aralyk.conf.security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "aralyk.console.doorkeeper.Doorkeeper",
    "aralyk.console.language.ChosenLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "aralyk.console.refusals.Refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aralyk.console.context.desk",
            ]
        },
    }
]

DATABASES = databases()
DATABASE_ROUTERS = ["aralyk.conf.databases.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "aralyk.console.views.failures.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Accounts are made by an administrator for a named person; nobody signs up, and there is no e-mail to lose.
ACCOUNT_ADAPTER = "aralyk.console.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_ADAPTER = "aralyk.console.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Мониторинг"  # the product's name never stands on anybody's phone
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _production
USERSESSIONS_TRACK_ACTIVITY = True

# One process serves the console; counters of failed log-ins may start anew with it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = _settings.session_hours * 60 * 60  # one shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _production
SESSION_COOKIE_NAME = "__Host-session" if _production else "session"
CSRF_COOKIE_SECURE = _production
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_NAME = "__Host-csrf" if _production else "csrf"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SECURE = _production

ACCESS_LIMITS = Limits(
    grant_max=timedelta(days=_settings.grant_days_max),
    glass_confirm=timedelta(minutes=_settings.glass_confirm_minutes),
    glass_open=timedelta(hours=_settings.glass_hours),
    glass_review=timedelta(days=_settings.glass_review_days),
    delegation_max=timedelta(days=_settings.delegation_days_max),
    review_every=timedelta(days=_settings.access_review_days),
    looks_an_hour=_settings.vault_looks_per_hour,
    glass_asks_an_hour=_settings.glass_asks_per_hour,
    second_factor=SecondFactor(_settings.second_factor or ("sensitive" if _production else "nobody")),
)
SESSION_IDLE_S = _settings.session_idle_minutes * 60
SESSION_LIFE_S = _settings.session_hours * 60 * 60

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _production
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _production
X_FRAME_OPTIONS = "DENY"
TILE_ORIGIN = _settings.tile_origin
TILE_URL = _settings.tile_url
TILE_ATTRIBUTION = _settings.tile_attribution
HOME = _settings.home
SYNTHETIC = _settings.profile is Profile.DEMO  # marked on every page: nobody may take the demo for a watch
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000

USE_I18N = True
USE_TZ = True
TIME_ZONE = _settings.time_zone
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("ky", "Кыргызча"), ("en", "English")]
LOCALE_PATHS = [str(_package / "locale")]

STATIC_URL = "/static/"
STATIC_ROOT = str(_settings.home / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LOGGING_CONFIG = None  # the console process configures logging for all of its libraries
SILENCED_SYSTEM_CHECKS: list[str] = []
