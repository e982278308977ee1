"""Django's settings. What a deployer may change comes from AMPARO_* variables (docs/operations.md); the rest is fixed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from csp.constants import NONE, SELF

from amparo.foundation.home import Home
from amparo.wiring import database
from amparo.wiring.memory import for_tables

HOME = Home.from_env()
PACKAGE = Path(__file__).resolve().parents[1]

ROOMS = (
    "custody",
    "jobs",
    "access",
    "viewing",
    "vault",
    "sandbox",
    "matching",
    "exchange",
    "intake",
    "cases",
    "victims",
    "referrals",
    "outcomes",
    "oversight",
)


def _secret_key() -> str:
    """The house's session key; a process that may not read it gets a key of its own and can't forge sessions."""
    file = HOME.keys / "house" / "session.key"
    try:
        return file.read_text().strip()
    except OSError:
        return secrets.token_urlsafe(50)


SECRET_KEY = _secret_key()
DEBUG = False
DEMO = os.environ.get("AMPARO_DEMO", "") == "1"
ALLOWED_HOSTS = os.environ.get("AMPARO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
SECURE_COOKIES = os.environ.get("AMPARO_HTTPS", "") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_tasks",
    *(f"amparo.{room}" for room in ROOMS if (PACKAGE / room / "__init__.py").exists()),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "amparo.access.doors.Doorkeeper",
    "amparo.wiring.login.SessionSecret",
    "amparo.wiring.errors.ErrorPages",
]

ROOT_URLCONF = "amparo.wiring.urls"
WSGI_APPLICATION = "amparo.wiring.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "wiring" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "amparo.viewing.context.frame",
            ],
        },
    }
]

DATABASES = {"default": database.from_url(os.environ.get("AMPARO_DATABASE", ""), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False  # a record of a refusal must outlive the request's rolled-back change

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
if SECURE_COOKIES:  # TLS ends at the proxy, which must set or strip this header: forms of our own pages come from https
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "access.Officer"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "amparo.wiring.login.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
MFA_ADAPTER = "amparo.wiring.login.SecondFactor"
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Amparo"
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_COOKIES

# Third-party views that state no power of their own: the way in. Everything else is closed (access.doors).
OPEN_VIEWS = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "mfa_authenticate",
    "mfa_trust",
    "mfa_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
}

TASKS = {"default": {"BACKEND": "amparo.jobs.backend.LeaseBackend", "QUEUES": []}}
FOLLOWERS = "amparo.wiring.followers.TABLE"
RECORD_SIGNED = "amparo.wiring.seals.signed"
RECORD_COPY = "amparo.wiring.seals.checkpoints_copy"
LEDGER_MIB = int(os.environ.get("AMPARO_LEDGER_MIB", "1024"))  # the largest file of a coin ledger that is taken
TABLES_MEMORY = (
    os.environ.get("AMPARO_TABLES_MEMORY") or for_tables()
)  # what one analysis or page may hold of a case's tables
LEASE_SECONDS = int(os.environ.get("AMPARO_LEASE_SECONDS", "15"))

NAVIGATION = (
    ("Queue", "intake:queue", "reports.read", "inbox"),
    ("Cases", "cases:list", "cases.read", "folder"),
    ("Series", "victims:list", "victims.read", "child"),
    ("Packages", "referrals:list", "referrals.read", "package"),
    ("Board", "outcomes:board_list", "outcomes.read", "globe"),
    ("Hash lists", "matching:lists", "lists.read", "hash"),
    ("Scans", "matching:scans", "scans.read", "device"),
    ("Partners", "exchange:partners", "partners.read", "flag"),
    ("Record", "oversight:record", "record.read", "link"),
    ("System", "oversight:system", "system.read", "settings"),
)
CHILD_IS_IDENTIFIED = "amparo.victims.queries.child_is_identified"
PANELS = "amparo.wiring.panels.PANELS"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("fr", "Français")]
USE_I18N = True

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "amparo.wiring.logs.WithoutContent", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("AMPARO_LOG", "WARNING")},
}
