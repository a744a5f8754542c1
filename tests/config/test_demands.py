"""What production asks of its environment: all that is missing, weak or published is told at once, and no value."""

import base64
import os
import subprocess
import sys

import pytest

from config.databases import URLS, part_of
from config.demands import problems, refuse
from config.variables import BY_NAME, PROCESSES, VARIABLES, needed_by
from diana.local.instance import ROOT
from diana.redis_users import BROKER, DRILLS
from tests.config.strong import strong

FORMER = "former-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABC"
HEX = "0123456789abcdef"


def told(process: str, **changed: str) -> list[str]:
    """Return the problems of a strong environment with these changes."""
    return problems({**strong(process), **changed}, process)


@pytest.mark.parametrize("process", [*PROCESSES, "uwsgi", "gunicorn"])
def test_a_strong_environment_is_enough_for_every_process(process: str) -> None:
    assert told(process) == []


@pytest.mark.parametrize("process", [*PROCESSES, "uwsgi", "gunicorn"])
def test_each_process_is_told_at_once_of_all_that_it_needs(process: str) -> None:
    found = problems({"DIANA_ENV": "production"}, process)
    assert {line.partition(" ")[0] for line in found} == needed_by(process) - {"DIANA_ENV"}
    assert all("is not set" in line for line in found)
    assert all(len(line.splitlines()) == 1 for line in found)


def test_an_empty_value_is_none() -> None:
    assert [line[:24] for line in told("relay", TOMBSTONE_KEY="")] == ["TOMBSTONE_KEY is not set"]


def test_a_process_that_is_not_known_needs_all_that_any_process_needs() -> None:
    broker = {user.variable for user in BROKER}
    assert needed_by("gunicorn") == (needed_by("release") - {"DATABASE_OWNER_URL"}) | broker | {"DIANA_PROCESS"}


@pytest.mark.parametrize("process", [*PROCESSES, "gunicorn"])
def test_the_address_of_the_owner_is_for_the_release_and_commands_alone(process: str) -> None:
    found = told(process, DATABASE_OWNER_URL="postgresql://diana_owner:17ab3cc09e@db/diana")
    assert [line.partition(",")[0] for line in found] == (
        [] if process in ("release", "command") else ["DATABASE_OWNER_URL is set"]
    )


def test_a_process_needs_the_address_of_its_own_role_and_flower_none() -> None:
    roles = {"DATABASE_DOOR_URL", "DATABASE_STAFF_URL", "DATABASE_URL", "DATABASE_OWNER_URL"}
    needed = {process: needed_by(process) & roles for process in PROCESSES}
    assert needed == {
        "release": roles,
        "door": {"DATABASE_DOOR_URL"},
        "poll": {"DATABASE_DOOR_URL"},
        "web": {"DATABASE_STAFF_URL"},
        **{process: {"DATABASE_URL"} for process in ("worker", "telegram", "relay", "beat", "command")},
        "flower": set(),
    }
    for process in PROCESSES:
        part = part_of(process, process)
        assert (URLS[part] if part else None) in (needed[process] or {None})


@pytest.mark.parametrize(
    ("command", "part"), [("ensure_staff", "staff"), ("changepassword", "staff"), ("trace", "app")]
)
def test_commands_that_make_logins_take_the_role_of_staff(command: str, part: str) -> None:
    assert part_of("command", command) == part


@pytest.mark.parametrize("process", ["web", "door", "worker", "telegram", "beat", "gunicorn"])
def test_no_server_and_no_worker_starts_without_its_name(process: str) -> None:
    [line] = told(process, DIANA_PROCESS="")
    assert line.startswith("DIANA_PROCESS is not set")


def test_updates_that_are_polled_need_no_secret_of_a_webhook() -> None:
    assert told("door", TELEGRAM_UPDATES="poll", TELEGRAM_WEBHOOK_SECRET="") == []
    assert len(told("door", TELEGRAM_WEBHOOK_SECRET="")) == 1
    assert told("web", TELEGRAM_WEBHOOK_SECRET="") == []


WEAK = {
    "DJANGO_SECRET_KEY": ["abc", HEX * 3, HEX * 4, "ab" * 30, "a" * 60, f"django-insecure-{FORMER}"],
    "DJANGO_SECRET_KEY_FALLBACKS": ["abc", f"{FORMER},abc"],
    "TELEGRAM_WEBHOOK_SECRET": ["a", "short", "a" * 40, f"{HEX}{HEX[:15]}", f"{HEX}-{HEX[::-1]}!", "{strong},a"],
    "LEDGER_SIGNING_KEY": ["x", "main:abc", f"main:{base64.b64encode(bytes(32)).decode()}"],
    "EVENTS_SEALING_KEYS": ["x", f"main:{base64.b64encode(b'a' * 32).decode()}"],
    "STAFF_SECOND_FACTOR": ["off", "none"],
    "LEDGER_PUBLIC_KEYS": ["x"],
    "TOMBSTONE_KEY": ["a", HEX + HEX[:15], "changeme-changeme-0123456789-abcdef"],
    "METRICS_TOKEN": ["a", HEX + HEX[:15], "{strong}-placeholder"],
    "FLOWER_BASIC_AUTH": [
        "admin:admin",
        "admin",
        "diana:",
        ":Zt7_xkQ0vWbn4",
        "diana:Zt7_xkQ0vWb",
        "diana:diana:diana12",
    ],
    "ALLOWED_HOSTS": ["*", "bot.community.org,*", " , "],
    "TELEGRAM_BOT_TOKEN": ["1:sandbox", "x", f"123456789:{'A' * 35}"],
    "TELEGRAM_API_URL": [
        "http://api.telegram.org",
        "http://evil.example",
        "http://127.0.0.1:8081",
        "https://127.0.0.1",
        "https://localhost",
        "https://[::1]:8081",
        "bot.community.org",
    ],
    "TELEGRAM_UPDATES": ["neither"],
    "DATABASE_URL": ["mysql://x@y/z", "postgresql://db/diana", "postgresql://diana_app:changeme@db/diana"],
    "DATABASE_STAFF_URL": ["postgresql://db/diana"],
    "DATABASE_DOOR_URL": ["postgresql://diana_door:changeme@db/diana"],
    "DATABASE_OWNER_URL": ["postgresql://diana_owner:password@db/diana"],
    "REDIS_URL": [
        "http://x",
        "redis+cluster://a:1",
        "sentinel://a:1",
        "redis://:changeme@cache:6379/0",
        f"redis://{DRILLS}:5d0aa9c1e2@cache:6379/0",
    ],
    **{user.variable: ["http://x", "redis+cluster://a:1"] for user in BROKER if user.variable != "REDIS_URL"},
    "CACHE_URL": ["http://x"],
    "SANDBOX_PAGE_TOKEN": ["anything"],
    "DIANA_KNOWN_GROUPS": ["some"],
    "DIANA_LOG_FORMAT": ["xml"],
    "EVENTS_LANES": ["0", "257", "many"],
    "EVENTS_FEED": ["perhaps"],
    "EVENTS_KEEP_VISITS": ["perhaps"],
    "SECURE_SSL_REDIRECT": ["perhaps"],
    "TELEGRAM_API_LOCAL": ["perhaps"],
    "STAFF_APPROVAL_ABOVE": ["many"],
    "TRUSTED_PROXIES": ["one"],
    "STAFF_POINTS_PER_PERSON": ["many"],
    "STAFF_POINTS_IN_ALL": ["many"],
    "STAFF_VIP_DAYS_PER_PERSON": ["a year"],
    "STAFF_STARS_REFUNDED": ["many"],
    "FLOWER_VIEWER_AUTH": ["viewer", "viewer:short", "viewer:viewerviewer"],
    "TELEGRAM_RATE_ALL": ["many"],
    "TELEGRAM_RATE_ALL_BURST": ["1.5"],
    "TELEGRAM_RATE_PER_CHAT": ["0"],
    "TELEGRAM_RATE_PER_CHAT_BURST": ["0"],
    "TELEGRAM_RATE_PER_GROUP_MINUTE": ["0"],
    "DIANA_GROUPS": ["a,b"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WEAK.items() for value in values])
def test_a_weak_value_is_refused_and_not_repeated(name: str, value: str) -> None:
    given = value.replace("{strong}", strong().get(name, ""))
    for process in ("release", "command" if BY_NAME[name].only else "beat"):
        [line] = told(process, **{name: given})
        assert line.startswith(f"{name} ")
        assert len(given) < 8 or given not in line


def test_every_variable_with_a_bound_is_tried() -> None:
    assert {v.name for v in VARIABLES if v.fault} - {"DIANA_ENV"} == set(WEAK)


@pytest.mark.parametrize("name", [v.name for v in VARIABLES if v.development and "URL" not in v.name])
def test_secrets_of_this_repository_are_refused(name: str) -> None:
    assert len(told("release", **{name: BY_NAME[name].development})) == 1


@pytest.mark.parametrize("name", ["TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN"])
def test_secrets_of_these_tests_are_refused(name: str) -> None:
    assert len(told("web", **{name: os.environ[name]})) == 1


@pytest.mark.parametrize("id_", ["development", "main"])
@pytest.mark.parametrize("name", ["LEDGER_SIGNING_KEY", "EVENTS_SEALING_KEYS"])
def test_a_key_of_this_repository_is_refused_under_any_id(name: str, id_: str) -> None:
    [line] = told("web", **{name: f"{id_}:{BY_NAME[name].development.partition(':')[2]}"})
    assert line.startswith(f"{name} ")


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:8081", "http://bot-api:8081", "http://10.0.0.7:8081", "https://[::1]"]
)
def test_a_bot_api_server_of_ones_own_may_be_near(value: str) -> None:
    assert told("telegram", TELEGRAM_API_URL=value, TELEGRAM_API_LOCAL="true") == []
    assert told("telegram", TELEGRAM_API_URL=value, TELEGRAM_API_LOCAL="false")


@pytest.mark.parametrize("value", ["http://evil.example", "http://8.8.8.8", "ftp://10.0.0.7"])
def test_but_no_token_travels_in_clear_over_the_net(value: str) -> None:
    assert told("telegram", TELEGRAM_API_URL=value, TELEGRAM_API_LOCAL="true")


def test_the_refusal_names_all_and_ends_with_status_one(capsys: pytest.CaptureFixture[str]) -> None:
    weak = strong() | {"TOMBSTONE_KEY": "", "TELEGRAM_WEBHOOK_SECRET": "Zzcanary", "TELEGRAM_BOT_TOKEN": "1:sandbox"}
    with pytest.raises(SystemExit) as refused:
        refuse(weak, "web")
    message = str(refused.value.code)
    assert all(name in message for name in ("TOMBSTONE_KEY", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN"))
    assert "make_secrets" in message
    assert "Zzcanary" not in message
    refuse(strong(), "web")


def test_cookies_belong_to_one_host_and_to_https() -> None:
    """No page of another host below the same domain can set a cookie with such a name; messages have none of their own."""
    asked = "import config.settings as s; print(*(getattr(s, name) for name in {names}))"
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    names += ["CSRF_COOKIE_HTTPONLY", "MESSAGE_STORAGE"]
    environment = strong() | {"PATH": os.environ["PATH"]}
    shown = subprocess.run(
        [sys.executable, "-c", asked.format(names=names)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    storage = "django.contrib.messages.storage.session.SessionStorage"
    assert shown.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", "True", "True", storage], (
        shown.stderr
    )
