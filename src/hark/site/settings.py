"""The one settings file. Every value that differs between installations comes from the environment, through Env."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hark.kernel.errors import MissingSetting
from hark.site.env import Env, default_data_folder

env = Env(os.environ)

HARK_DATA = env.path("HARK_DATA", default_data_folder())
HARK_FILES = env.text("HARK_FILES", "")  # where attachments lie; empty: the folder `files` in HARK_DATA
HARK_MODELS = env.text("HARK_MODELS", "")  # a folder with models of one's own; empty: the shipped ones
HARK_FILE_MB = env.number("HARK_FILE_MB", 100)  # the largest attachment that is kept
HARK_DATABASE_URL = env.text("HARK_DATABASE_URL", "")
HARK_KEYS = env.text("HARK_KEYS", "")  # key ring; empty: the file `keys` in HARK_DATA
HARK_BASE_URL = env.text("HARK_BASE_URL", "http://127.0.0.1:8420").rstrip("/")
HARK_ALLOWED_NETWORKS = env.words("HARK_ALLOWED_NETWORKS")  # own-network targets an owner has allowed, host:port
HARK_DEMO = env.flag("HARK_DEMO")
HARK_UNDO_SECONDS = env.number("HARK_UNDO_SECONDS", 15)
# Drills only: HARK_FAULT names a point and what happens to the process there.
HARK_TEST_FAULTS = env.flag("HARK_TEST_FAULTS")
HARK_FAULT = env.text("HARK_FAULT", "")
HARK_TRUSTED_HOPS = env.number("HARK_TRUSTED_HOPS", 0)  # proxies in front whose X-Forwarded-For may be believed


def database(url: str) -> dict[str, Any]:
    """Django's settings for a `postgresql://user:password@host:port/name?option=value` address.

    Several hosts separated by commas are handed to libpq as they are.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise MissingSetting("HARK_DATABASE_URL must look like postgresql://user:password@host:5432/name")
    places = [place.rpartition(":") for place in parts.netloc.rpartition("@")[2].split(",")]
    hosts = ",".join(unquote(host or port) for host, _, port in places)
    ports = ",".join(port if host else "5432" for host, _, port in places)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", hosts),
        "PORT": options.pop("port", ports),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "target_session_attrs": "read-write",
            "options": "-c timezone=UTC -c lock_timeout=2s -c statement_timeout=60s "
            "-c idle_in_transaction_session_timeout=30s",
            **options,
        },
    }


DATABASES = {"default": database(HARK_DATABASE_URL or "postgresql://hark@127.0.0.1:5432/hark")}

SECRET_KEY = env.text("HARK_SECRET_KEY", "not-yet-known")  # `site.boot` derives the real one from the key ring
DEBUG = False
ALLOWED_HOSTS = env.words("HARK_ALLOWED_HOSTS") or [urlsplit(HARK_BASE_URL).hostname or "", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [HARK_BASE_URL]
SECURE = HARK_BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "procrastinate.contrib.django",
    "hark.kernel",
    "hark.organisation",
    "hark.channels",
    "hark.intake",
    "hark.delivery",
    "hark.understanding",
    "hark.contacts",
    "hark.knowledge",
    "hark.clocks",
    "hark.conversations",
    "hark.routing",
    "hark.voice",
    "hark.insights",
    "hark.planning",
    "hark.journey",
    "hark.workspace",
    "hark.portal",
    "hark.api",
]
if HARK_DEMO:
    INSTALLED_APPS.append("hark.site.demo")
MIDDLEWARE = [
    "hark.site.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hark.workspace.views.gate.FirstRunGate",
]
ROOT_URLCONF = "hark.site.urls"
WSGI_APPLICATION = "hark.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "organisation.Agent"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by the first run and by administrators, never by strangers
ACCOUNT_ADAPTER = "hark.workspace.views.sign_in.ClosedDoorAdapter"
ACCOUNT_RATE_LIMITS = {"login": "100/15m/ip", "login_failed": "10/15m/key,100/15m/ip"}
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "hark_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "hark_csrf"
CSRF_COOKIE_HTTPONLY = False  # the live page sends it back as a header
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" makes browsers send `Origin: null` with forms
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60  # then asked again by its tag: no page runs with last week's script
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kernel_cache"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "hark.kernel.logs.Redact"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
    "root": {"handlers": ["stderr"], "level": env.text("HARK_LOG_LEVEL", "INFO")},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # strangers asking for other names fill no log
    },
}
BASE_DIR = Path(__file__).resolve().parent
