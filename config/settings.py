"""Django's settings. Every value that differs between deployments comes from the environment (docs/operations.md)."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.environment import ROOT, env

django_stubs_ext.monkeypatch()

PRODUCTION = env.str("DIANA_ENV", "development") == "production"
DEBUG = False


def required(name: str, development: str) -> str:
    """Return the variable; its development value outside production; end the start when production lacks it."""
    value: str | None = env.str(name, None)
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. Production needs it: see docs/operations.md.")
    return development


BASE_DIR = ROOT
STATE_DIR = Path(env.str("DIANA_STATE_DIR", str(ROOT / ".diana" / "run")))
SECRET_KEY = required("DJANGO_SECRET_KEY", "development-only-development-only-development-only")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
if PRODUCTION:
    required("ALLOWED_HOSTS", "")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "apps.bot",
    "apps.gamification",
    "apps.users",
    "diana.events",
    "diana.audit",
    "diana.periodic",
    "diana.sandbox",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
X_FRAME_OPTIONS = "DENY"

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

# Two roles: the application owns nothing and cannot change or remove what is append-only; the owner runs migrations.
DATABASE_URL = required("DATABASE_URL", "postgres://diana_app@127.0.0.1:5432/diana")
# Only the release needs the owner's: in production the running processes do without it.
DATABASE_OWNER_URL: str | None = env.str("DATABASE_OWNER_URL", None if PRODUCTION else DATABASE_URL)


def database(url: str) -> dict[str, Any]:
    """Return Django's settings of one connection; limits in milliseconds, so that nothing waits for ever."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    limits = "-c lock_timeout=10000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000"
    # Parameters travel beside the statement, and what is repeated is planned once for each connection.
    binding = {"server_side_binding": True, "prepare_threshold": 5}
    return parsed | {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parsed.get("OPTIONS", {})
        | binding
        | {"options": limits, "connect_timeout": 5, "application_name": "diana"},
    }


DATABASES = {"default": database(DATABASE_URL)}
if DATABASE_OWNER_URL:
    DATABASES["owner"] = database(DATABASE_OWNER_URL)
# The role that migrations grant rights to.
APPLICATION_ROLE: str = DATABASES["default"]["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("ru", _("Russian"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
# Without a collected copy the files are served from where they are installed; production collects them at release.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

# Larger bodies are refused before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

# Celery carries the work and remembers nothing: no results, no eta, no retries of its own, JSON only.
REDIS_URL = required("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = "UTC"
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = "domain"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "health_check_interval": 10,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
}
CELERY_BEAT_SCHEDULE = {
    "bot.delete_old_updates": {
        "task": "bot.delete_old_updates",
        "schedule": timedelta(hours=1),
        "options": {"queue": "backfill", "expires": 3600},
    },
}

# The bus (docs/architecture.md says what each one is for).
EVENTS_REDIS_TIMEOUT_SECONDS = 0.25
EVENTS_BREAKER_FAILURES = 3
EVENTS_BREAKER_RESET_SECONDS = 1.0
EVENTS_RELAY_INTERVAL_SECONDS = 1.0
EVENTS_SLICE_SECONDS = 0.5
# The fence is held from a batch's first event to its commit: about a fifth of this.
EVENTS_BATCH_SECONDS = 0.1
EVENTS_MAX_ATTEMPTS = 8
EVENTS_BACKOFF_SECONDS = 2.0
EVENTS_BACKOFF_MAX_SECONDS = 3600.0

# Flower reads it from the environment itself; without it the pages would be open to everybody on the machine.
required("FLOWER_BASIC_AUTH", "open in development")

TELEGRAM_BOT_TOKEN = required("TELEGRAM_BOT_TOKEN", "1:sandbox")
TELEGRAM_WEBHOOK_SECRET = required("TELEGRAM_WEBHOOK_SECRET", "development-only-webhook-secret-0000000")
TELEGRAM_API_URL = env.str("TELEGRAM_API_URL", "https://api.telegram.org" if PRODUCTION else "http://127.0.0.1:8081")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # These print the token of the bot as part of the address.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "telegram": {"level": "WARNING"},
        # Two lines for each task: Flower tells the same story, and cheaper.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

UNFOLD = {
    "SITE_TITLE": "Diana",
    "SITE_HEADER": "Diana",
    "SITE_SUBHEADER": _("Every point can be proved"),
    "SHOW_VIEW_ON_SITE": False,
}
