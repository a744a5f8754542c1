"""Django's settings. Every value that differs between deployments comes from the environment (docs/environment.md)."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from apps.bot.identity import is_real_token
from config.databases import URLS, part_of, parts_by_role
from config.demands import refuse
from config.environment import KIND, ROOT, env, is_watched, known_groups, process_kind, process_name
from config.sealing_keys import sealing_keys
from config.variables import BY_NAME, needed_by
from diana import clock, deployment
from diana.database_roles.matrix import APP, DOOR, STAFF
from diana.redis_addresses import Address, broker
from diana.redis_users import broker_variable

django_stubs_ext.monkeypatch()

PRODUCTION = KIND == deployment.PRODUCTION
DEBUG = False
PROCESS_KIND = process_kind()
# The variables without which this process does not start in production.
NEEDED_VARIABLES = needed_by(PROCESS_KIND)
if PRODUCTION:
    refuse(os.environ, PROCESS_KIND)


def value(name: str) -> str:
    """Return the variable; where it is not set, its development value, and "" in production, where nothing needs it."""
    return env.str(name, "") or ("" if PRODUCTION else BY_NAME[name].development)


BASE_DIR = ROOT
PROCESS_NAME = process_name()
STATE_DIR = Path(env.str("DIANA_STATE_DIR", str(ROOT / ".diana" / "run")))
# `manage.py clock` moves domain time, never in production.
clock.follow(None if PRODUCTION else STATE_DIR / clock.FILE_NAME)
SECRET_KEY = value("DJANGO_SECRET_KEY")
# Keys that the present one took the place of: gift codes made under them are still known.
SECRET_KEY_FALLBACKS: list[str] = env.list("DJANGO_SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Browsers take a cookie of such a name from this very host by https alone, never from another one of the domain.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# Forms hold the token; no script reads the cookie.
CSRF_COOKIE_HTTPONLY = True
# Not in a cookie of their own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

INSTALLED_APPS = [
    "config",
    "apps.bot",
    "apps.gamification",
    "apps.payments",
    "apps.content",
    "apps.users",
    "diana.clock",
    "diana.events",
    "diana.audit",
    "diana.periodic",
    "diana.sandbox",
    "diana.flower",
    # The look only: the site is ours.
    "unfold.apps.BasicAppConfig",
    "apps.staff.admin_config.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    # Last: its roles are given what the others' migrations have made.
    "apps.staff",
]

MIDDLEWARE = [
    "diana.security_headers.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "diana.audit.addresses.AddressMiddleware",
    "apps.staff.sessions.SessionLimits",
    "axes.middleware.AxesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
# The door has nothing but the webhook and what is asked about itself: no sessions, no pages, no files.
DOOR_URLCONF = "config.door_urls"
DOOR_MIDDLEWARE = [
    "diana.security_headers.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
if PROCESS_KIND == "door":
    ROOT_URLCONF, MIDDLEWARE = DOOR_URLCONF, DOOR_MIDDLEWARE
    # What the admin needs of the middleware: the door has no admin.
    SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
X_FRAME_OPTIONS = "DENY"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the theme's, whose application must stand before the admin's.
        "DIRS": [ROOT / "apps" / "staff" / "templates"],
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

# Roles of the database: each process takes its own, which owns nothing (docs/database-roles.md); the owner runs migrations.
DATABASE_URL = value("DATABASE_URL")
DATABASE_URLS = {
    DOOR: env.str("DATABASE_DOOR_URL", "") or ("" if PRODUCTION else DATABASE_URL),
    STAFF: env.str("DATABASE_STAFF_URL", "") or ("" if PRODUCTION else DATABASE_URL),
    APP: DATABASE_URL,
}
# Only the release and commands of the owner have its address in production.
DATABASE_OWNER_URL: str | None = env.str("DATABASE_OWNER_URL", None if PRODUCTION else DATABASE_URL)
# "" for Flower, which asks no database anything.
DATABASE_PART = part_of(PROCESS_KIND, PROCESS_NAME)
DATABASE_RIGHTS = ROOT / "config" / "database_rights.toml"


def database(url: str) -> dict[str, Any]:
    """Return Django's settings of one connection."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    # Parameters travel beside the statement, and what is repeated is planned once for each connection.
    binding = {"server_side_binding": True, "prepare_threshold": 5}
    return parsed | {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parsed.get("OPTIONS", {})
        | binding
        | {"connect_timeout": 5, "application_name": f"diana-{PROCESS_NAME}"},
    }


if DATABASE_PART and not DATABASE_URLS[DATABASE_PART]:
    sys.exit(f"{URLS[DATABASE_PART]} is not set: {PROCESS_NAME} takes its role of the database from it.")
DATABASES = {"default": database(DATABASE_URLS[DATABASE_PART])} if DATABASE_PART else {}
if DATABASE_PART and DATABASE_OWNER_URL:
    DATABASES["owner"] = database(DATABASE_OWNER_URL)
# Nothing waits for ever. Set after connecting (diana/session_limits.py): poolers refuse or drop libpq's `options`.
DATABASE_LIMITS = {"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}
# The roles by name with the parts that they serve, as far as this process knows their addresses.
DATABASE_ROLES = parts_by_role({part: database(url)["USER"] for part, url in DATABASE_URLS.items() if url})
# The role that migrations grant rights to.
APPLICATION_ROLE: str = database(DATABASE_URL)["USER"] if DATABASE_URL else ""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_ENGINE = "diana.sessions"
# Sessions name it, also those that began with a code: every release knows it.
SESSION_BACKEND = "django.contrib.auth.backends.ModelBackend"
# The first two only refuse: too many wrong passwords and codes (apps/staff/login_limits.py).
AUTHENTICATION_BACKENDS = [
    "apps.staff.login_limits.SlowingBackend",
    "axes.backends.AxesStandaloneBackend",
    SESSION_BACKEND,
    "apps.staff.backends.CodeBackend",
]
# `required`, or `off`: then the password is enough (development). Production takes no other than `required`.
STAFF_SECOND_FACTOR = env.str("STAFF_SECOND_FACTOR", "required" if PRODUCTION else "off")
if STAFF_SECOND_FACTOR not in ("required", "off"):
    raise ImproperlyConfigured(
        f"STAFF_SECOND_FACTOR is {STAFF_SECOND_FACTOR!r}: set it to required or off, or unset it."
    )
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "password", "code", "csrfmiddlewaretoken", "next"]
AXES_USERNAME_CALLABLE = "apps.staff.login_limits.counted_name"
AXES_CLIENT_IP_CALLABLE = "apps.staff.login_limits.counted_address"
AXES_LOCKOUT_CALLABLE = "apps.staff.login_limits.keep_response"
# A session of staff ends after so long without a request, and after so long in all (apps/staff/sessions.py).
STAFF_IDLE_SECONDS = 30 * 60
STAFF_SESSION_SECONDS = SESSION_COOKIE_AGE = 12 * 60 * 60
# How many proxies stand before `web`, each of which adds its sender's address to X-Forwarded-For; the sender writes the rest.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
if TRUSTED_PROXIES < 0:
    raise ImproperlyConfigured(
        f"TRUSTED_PROXIES={TRUSTED_PROXIES}: set it to how many proxies stand before web, or to 0."
    )

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("ru", _("Russian"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
# Without a collected copy the files are served from where they are installed; production collects them at release.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Larger bodies are refused before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

# Celery carries the work and remembers nothing: no results, no eta, no retries of its own, JSON only.
# Each kind of process comes to Redis as a user of its own; outside production one address will do for all.
REDIS_VARIABLE = broker_variable(PROCESS_NAME)
REDIS_URL = value(REDIS_VARIABLE) or ("" if PRODUCTION else value("REDIS_URL"))
# For what can be computed anew; it may be a cluster, the broker may not.
CACHE_URL = env.str("CACHE_URL", "") or REDIS_URL
Address("CACHE_URL", CACHE_URL)
EVENTS_REDIS_TIMEOUT_SECONDS = 0.25
CELERY_BROKER_URL, _sentinel_options = broker(Address(REDIS_VARIABLE, REDIS_URL), EVENTS_REDIS_TIMEOUT_SECONDS)
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
CELERY_WORKER_CONSUMER = "diana.events.consuming:TolerantConsumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = is_watched(PROCESS_NAME)
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
    # Flower acknowledges nothing, and must not put back what workers have taken.
    "ack_emulation": REDIS_VARIABLE != "REDIS_FLOWER_URL",
    **_sentinel_options,
}
# How often each periodic task is sent; whatever is sent twice is done once. One that waited for a whole period is stale.
_PERIODS = {
    # Asks for each group once a day, a part of them each time; new ones soon.
    "bot.count_group_members": timedelta(minutes=10),
    "bot.delete_old_updates": timedelta(hours=1),
    # Done once a day; asked for each hour, so that a day that was missed is made up for.
    "bot.reconcile_payments": timedelta(hours=1),
    "bot.send_due_notices": timedelta(seconds=10),
    "gamification.close_boards": timedelta(minutes=1),
    "gamification.end_days": timedelta(hours=1),
    "gamification.expire_requests": timedelta(minutes=10),
    "gamification.forget_board_rows": timedelta(hours=6),
    "gamification.refresh_boards": timedelta(seconds=10),
    "gamification.reverse_referrals": timedelta(minutes=5),
    "gamification.seal_ledger": timedelta(minutes=1),
    # Done once a day, in UTC's first hour; asked for each hour, so that one that was missed is made up for.
    "gamification.verify_ledger": timedelta(hours=1),
    "gamification.verify_new_entries": timedelta(hours=1),
    "payments.forget_questions": timedelta(hours=1),
    "payments.try_again": timedelta(minutes=1),
    "staff.forget_logins": timedelta(hours=1),
    "users.end_suspensions": timedelta(minutes=1),
    "users.pay_referrals": timedelta(minutes=5),
    "users.remind_onboarding": timedelta(minutes=5),
    "users.erase_due": timedelta(minutes=10),
    "users.expire_vip": timedelta(minutes=1),
}
# What talks to Telegram runs where the library is.
_QUEUES = {"bot.count_group_members": "telegram", "bot.reconcile_payments": "telegram"}
CELERY_BEAT_SCHEDULE = {
    task: {
        "task": task,
        "schedule": period,
        "options": {"queue": _QUEUES.get(task, "backfill"), "expires": period.total_seconds()},
    }
    for task, period in _PERIODS.items()
}

# The bus (docs/architecture.md says what each one is for).
# Stored with the log: another number needs `manage.py change_lanes`.
EVENTS_LANES = env.int("EVENTS_LANES", 16)
if not 1 <= EVENTS_LANES <= 256:
    raise ImproperlyConfigured(f"EVENTS_LANES={EVENTS_LANES}: set it to 1 to 256, or leave it out for 16.")
EVENTS_BREAKER_FAILURES = 3
EVENTS_BREAKER_RESET_SECONDS = 1.0
EVENTS_RELAY_INTERVAL_SECONDS = 0.5
EVENTS_SLICE_SECONDS = 0.5
# A process wakes a subscriber at most this often: at rest at once, in a crowd one task for many events.
EVENTS_REST_SECONDS = 0.05
# The fence is held from a batch's first event to its commit: about a fifth of this.
EVENTS_BATCH_SECONDS = 0.1
EVENTS_MAX_ATTEMPTS = 8
EVENTS_BACKOFF_SECONDS = 2.0
EVENTS_BACKOFF_MAX_SECONDS = 3600.0
# The keys of sealed payloads by their ids: the first seals, all open. Production needs one only if a class is sealed.
DEVELOPMENT_SEALING_KEYS = BY_NAME["EVENTS_SEALING_KEYS"].development
EVENTS_SEALING_KEYS = sealing_keys("EVENTS_SEALING_KEYS", value("EVENTS_SEALING_KEYS"))
# The proof of the ledger: the first key signs checkpoints, all of them check; public keys are of keys that are put away.
LEDGER_SIGNING_KEY = sealing_keys("LEDGER_SIGNING_KEY", value("LEDGER_SIGNING_KEY"))
LEDGER_PUBLIC_KEYS = sealing_keys("LEDGER_PUBLIC_KEYS", env.str("LEDGER_PUBLIC_KEYS", ""))
# Where checkpoints are written outside the database; a copy elsewhere is what protects.
LEDGER_CHECKPOINTS = env.str("LEDGER_CHECKPOINTS", str(STATE_DIR / "ledger-checkpoints.jsonl"))
# What goes by, without payloads, for whoever looks at it live: through Redis, at best.
EVENTS_FEED = env.bool("EVENTS_FEED", True)
EVENTS_FEED_PER_COMMIT = 100
EVENTS_FEED_WAITING = 200
EVENTS_FEED_INTERVAL_SECONDS = 0.1
# Keep for a day which process handled which events, in which task, for how long: a statement for each batch.
EVENTS_KEEP_VISITS = env.bool("EVENTS_KEEP_VISITS", False)

# Numbers of all processes of this machine, in files; and the word that opens /metrics.
METRICS_DIR = STATE_DIR / "metrics"
METRICS_TOKEN: str | None = env.str("METRICS_TOKEN", None)
# How long a reading of the database is shown again, and what it may take.
OVERVIEW_KEPT_SECONDS = 5.0
OVERVIEW_TIMEOUT_SECONDS = 2.0
# /health/ready says "degraded" beyond these.
HEALTH_LAG_SECONDS = 60.0
HEALTH_RELAY_SECONDS = 10.0
# So often in a row an event may meet, alone, what should pass (a deadlock, a time limit) before it is charged with it.
EVENTS_PASSING_ERRORS = 5
# How much each source may publish through one process: for each person, and in all. Over it an event is refused (an error
# that says when to try again) or deferred (kept, and released by the relay). Without an entry of its own: no limit.
EVENTS_RATE_LIMITS: dict[str, dict[str, str]] = {
    # Telegram would only send the update again, out of its order: over the limit it waits.
    "telegram": {"person": "300/minute", "source": "1000/second", "over": "defer"},
    # Presses have a limit of their own, and so has what gets no answer, messages and reactions: whoever presses or writes
    # very much finds their commands answered all the same.
    "telegram_messages": {"person": "300/minute", "source": "1000/second", "over": "defer"},
    "telegram_presses": {"person": "300/minute", "source": "1000/second", "over": "defer"},
    "command": {"person": "600/minute", "source": "200/second", "over": "refuse"},
}

# An act of staff on more points than this needs a second person.
STAFF_APPROVAL_ABOVE = env.int("STAFF_APPROVAL_ABOVE", 10_000)
# What one member of staff may give within 24 hours; with more, an act needs a second person. Points that are taken are
# counted by themselves, under the same limits.
STAFF_POINTS_PER_PERSON = env.int("STAFF_POINTS_PER_PERSON", 10_000)
STAFF_POINTS_IN_ALL = env.int("STAFF_POINTS_IN_ALL", 50_000)
STAFF_VIP_DAYS_PER_PERSON = env.int("STAFF_VIP_DAYS_PER_PERSON", 366)
STAFF_STARS_REFUNDED = env.int("STAFF_STARS_REFUNDED", 2_500)

# What is left of an erased Telegram id is a digest with this key: another key, and the erased can be invited once more.
TOMBSTONE_KEY = value("TOMBSTONE_KEY")

# Accounts that may look on in Flower and change nothing.
FLOWER_VIEWER_AUTH: list[str] = env.list("FLOWER_VIEWER_AUTH", [])

TELEGRAM_BOT_TOKEN = value("TELEGRAM_BOT_TOKEN").strip()
# How updates come in: Telegram delivers them to `door`, or `manage.py poll` fetches them.
TELEGRAM_UPDATES = env.str("TELEGRAM_UPDATES", "webhook")
if TELEGRAM_UPDATES == "poll":
    TELEGRAM_WEBHOOK_SECRET = env.str("TELEGRAM_WEBHOOK_SECRET", "")
else:
    TELEGRAM_WEBHOOK_SECRET = value("TELEGRAM_WEBHOOK_SECRET")
# Which groups count: "approved", those that staff have approved, or "all" but those that they have refused. Whoever finds a
# real bot can add it to a group of theirs, also to one that is tried out in development.
DIANA_KNOWN_GROUPS = known_groups(public=PRODUCTION or is_real_token(TELEGRAM_BOT_TOKEN))
# The groups that the release before named here; a migration takes them over as approved, and nothing else reads it.
DIANA_GROUPS: list[int] = env.list("DIANA_GROUPS", [], subcast=int)
# Who helps with payments, as people read it (@name, an address); empty: the staff of the community.
SUPPORT_CONTACT = env.str("SUPPORT_CONTACT", "")
TELEGRAM_API_URL = env.str("TELEGRAM_API_URL", "https://api.telegram.org" if PRODUCTION else "http://127.0.0.1:8081")
# A Bot API server of one's own, on this machine or in its network, may be plain http.
TELEGRAM_API_LOCAL = env.bool("TELEGRAM_API_LOCAL", False)
# How many calls a second Telegram takes from the bot: in all, and for each chat; a burst may come at once after a rest.
TELEGRAM_RATE_ALL = env.float("TELEGRAM_RATE_ALL", 30.0)
TELEGRAM_RATE_ALL_BURST = env.int("TELEGRAM_RATE_ALL_BURST", 30)
TELEGRAM_RATE_PER_CHAT = env.float("TELEGRAM_RATE_PER_CHAT", 1.0)
TELEGRAM_RATE_PER_CHAT_BURST = env.int("TELEGRAM_RATE_PER_CHAT_BURST", 3)
TELEGRAM_RATE_PER_GROUP_MINUTE = env.int("TELEGRAM_RATE_PER_GROUP_MINUTE", 20)

# One JSON object a line for machines, or lines for people.
LOG_FORMAT = env.str("DIANA_LOG_FORMAT", "json" if PRODUCTION else "text")
if LOG_FORMAT not in ("json", "text"):
    raise ImproperlyConfigured(f"DIANA_LOG_FORMAT is {LOG_FORMAT!r}: set it to json or text, or unset it.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "diana.logs.LineFormatter", "as_json": LOG_FORMAT == "json", "process": PROCESS_NAME}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # These print the token of the bot as part of the address.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "telegram": {"level": "WARNING"},
        # Addresses and names of whoever tries to log in: the audit record has them.
        "axes": {"level": "ERROR"},
        # Two lines for each task: Flower tells the same story, and cheaper.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # The web server would print lines of its own form.
        "_granian": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}

UNFOLD = {
    "SITE_TITLE": "Diana",
    "SITE_HEADER": "Diana",
    "SITE_SUBHEADER": _("Every point can be proved"),
    "SHOW_VIEW_ON_SITE": False,
    # There is no other site to return to.
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/icon.svg")}],
    # The theme writes colours into each page; a file is what the content security policy allows.
    "COLORS": lambda request: {},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")},
        ]
    },
    "STYLES": [lambda request: static("staff/colours.css")],
    "SCRIPTS": [lambda request: static("staff/htmx.js")],
}
