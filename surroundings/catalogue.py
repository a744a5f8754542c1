"""Every surrounding, in the order of play."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial

from diana.local.instance import DEFAULT_PORTS
from surroundings.preparing import (
    lacks_locale,
    lacks_program,
    lacks_python,
    lacks_root,
    make_environment,
    shut,
    take_ports,
    write_modules,
    write_pip_settings,
)
from surroundings.surrounding import Place, Surrounding

# An account that exists everywhere and owns nothing.
NOBODY = 65534
DEAD_ADDRESS = "127.0.0.1:9"
LETTERS = "it's #1 ; 100% größer, мир"
LONG = "/".join(["a-folder-with-a-name-of-fifty-letters-to-be-far-away"] * 12)
# `"$@"` is the command itself.
SHELL = ("sh", "-c")


def within(line: str) -> tuple[str, ...]:
    """Return the prefix that runs a line of shell before, or around, the command."""
    return (*SHELL, line, "sh")


def surroundings(pythons: Mapping[str, str]) -> list[Surrounding]:
    """Return all surroundings; `pythons` are interpreters by their version."""
    return [*usual(), *clocks(), *machine(), *terminals(), *other_projects(), *locales(), *homes(), *folders()] + [
        *accounts(),
        *installing(),
        *versions(pythons),
    ]


def usual() -> list[Surrounding]:
    """Return what nothing is unusual about; its clone is the one that others share."""
    return [Surrounding("usual", "a fresh clone")]


def clocks() -> list[Surrounding]:
    """Return the far ends of local time; St. John's is half an hour beside the others."""
    return [
        Surrounding("tz-kiritimati", "14 hours ahead of UTC", {"TZ": "Pacific/Kiritimati"}),
        Surrounding("tz-st-johns", "3.5 hours behind UTC", {"TZ": "America/St_Johns"}),
    ]


def machine() -> list[Surrounding]:
    """Return what the machine lacks or others use of it."""
    no_ipv6 = 'ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"'
    return [
        Surrounding("ports-taken", "every usual port is another's", prepare=take_ports),
        Surrounding("one-core", "one core", prefix=("taskset", "-c", "0"), lacks=lacks_program("taskset")),
        Surrounding(
            "no-ipv6", "no network but 127.0.0.1", prefix=("unshare", "--net", "--", *within(no_ipv6)), lacks=lacks_root
        ),
        Surrounding("few-files", "256 open files", prefix=within('ulimit -n 256 && exec "$@"')),
    ]


def terminals() -> list[Surrounding]:
    """Return terminals with little in them."""
    dumb = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "20"}
    return [
        Surrounding("stdin-closed", "no standard input", prefix=within('exec "$@" <&-')),
        Surrounding("dumb-terminal", "no colours, 20 columns", dumb),
        Surrounding("no-terminal", "no TERM, LANG, USER or SHELL", dict.fromkeys(("TERM", "LANG", "USER", "SHELL"))),
    ]


def other_projects() -> list[Surrounding]:
    """Return what a shell has been told for another program."""
    another_diana = {
        "DATABASE_URL": f"postgresql://app:x@{DEAD_ADDRESS}/diana",
        "DATABASE_OWNER_URL": f"postgresql://owner:x@{DEAD_ADDRESS}/diana",
        "REDIS_URL": f"redis://{DEAD_ADDRESS}/0",
        "CACHE_URL": f"redis://{DEAD_ADDRESS}/1",
        "TELEGRAM_BOT_TOKEN": f"123456789:{'a' * 35}",
        "DIANA_ENV": "production",
        "PORT": "1",
        "DOOR_PORT": "1",
        "EVENTS_LANES": "3",
        "LEDGER_CHECKPOINTS": "required",
        "STAFF_APPROVAL_ABOVE": "1",
        "METRICS_TOKEN": "token",
    }
    libpq = {"PGHOST": "db", "PGPORT": "9", "PGUSER": "x", "PGSSLMODE": "verify-full", "PGCLIENTENCODING": "LATIN1"}
    libpq |= {"PGOPTIONS": "-c search_path=other", "PGTZ": "Asia/Tokyo", "PGTARGETSESSIONATTRS": "standby"}
    proxies = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    other_tools = {
        "CELERY_BROKER_URL": f"redis://{DEAD_ADDRESS}/0",
        "CELERY_LOADER": "other.Loader",
        "FLOWER_PORT": str(DEFAULT_PORTS["FLOWER_PORT"] + 1000),
        "GRANIAN_WORKERS": "7",
        "GRANIAN_URL_PATH_PREFIX": "/other",
        "GRANIAN_SSL_CERTIFICATE": "/none",
        "WEB_CONCURRENCY": "7",
        "PROMETHEUS_MULTIPROC_DIR": "/none",
        "PTB_TIMEDELTA": "false",
    }
    return [
        Surrounding("another-diana", "the variables of another Diana", another_diana),
        Surrounding("another-django", "DJANGO_SETTINGS_MODULE of a site", {"DJANGO_SETTINGS_MODULE": "site.settings"}),
        Surrounding("another-postgres", "libpq's variables for another server", libpq),
        Surrounding("another-celery", "variables of Celery, Flower and granian", other_tools),
        Surrounding("proxy", "a proxy that answers nothing", dict.fromkeys(proxies, f"http://{DEAD_ADDRESS}")),
        Surrounding("socks-proxy", "a SOCKS proxy", dict.fromkeys(proxies, f"socks5://{DEAD_ADDRESS}")),
    ]


def locales() -> list[Surrounding]:
    """Return languages and character sets in which letters are compared or stored otherwise."""

    def locale(label: str, about: str, name: str, charmap: str) -> Surrounding:
        variables = {"LC_ALL": name, "LANG": name, "LANGUAGE": name[:2]}
        return Surrounding(label, about, variables, installs=True, lacks=lacks_locale(name, charmap=charmap))

    return [
        locale("locale-c", "LC_ALL=C", "C", "ANSI_X3.4-1968"),
        locale("locale-turkish", "i is not the small letter of I", "tr_TR.UTF-8", "UTF-8"),
        locale("locale-russian", "LANG=ru_RU.UTF-8", "ru_RU.UTF-8", "UTF-8"),
        locale("locale-koi8", "a character set that lacks letters", "ru_RU.KOI8-R", "KOI8-R"),
    ]


def homes() -> list[Surrounding]:
    """Return home directories and places for temporary files that cannot be used."""
    read_only = within('mount -t tmpfs -o ro none "$HOME" && exec "$@"')
    full = within('mount -t tmpfs -o size=64k none /tmp && exec "$@"')
    mounting = ("unshare", "--mount", "--")
    return [
        Surrounding("home-unset", "no HOME", {"HOME": None}, installs=True),
        Surrounding("home-missing", "a HOME that is not there", {"HOME": "/nonexistent"}, installs=True),
        Surrounding(
            "home-read-only", "a HOME for reading", prefix=(*mounting, *read_only), installs=True, lacks=lacks_root
        ),
        Surrounding(
            "tmp-full", "a /tmp of 64 KiB", {"TMPDIR": None}, (*mounting, *full), installs=True, lacks=lacks_root
        ),
        Surrounding("tmp-missing", "a TMPDIR that is not there", {"TMPDIR": "/nonexistent"}, installs=True),
    ]


def folders() -> list[Surrounding]:
    """Return folders of the checkout with unusual names."""
    return [
        Surrounding("path-letters", "blanks, quote, percent sign, letters", installs=True, clone=LETTERS),
        Surrounding("path-long", f"a path of {len(LONG)} letters", installs=True, clone=LONG),
        Surrounding(
            "path-colon", "a colon, which ends a folder in PATH", installs=True, clone="a:b", refused=r"^\S[^\n]*colon"
        ),
    ]


def accounts() -> list[Surrounding]:
    """Return accounts and the rights that they give to new files."""

    def hold_home(place: Place) -> AbstractContextManager[object]:
        return shut(place.home)

    ordinary = partial(Surrounding, installs=True, uid=NOBODY, lacks=lacks_root)
    return [
        Surrounding("root", "make run as root", target="run", lacks=lacks_root),
        ordinary("ordinary-user", "an account without a home"),
        ordinary("ordinary-user-run", "make run of it", target="run", prepare=hold_home),
        ordinary("umask-077-user", "umask 077, ordinary user", umask=0o077),
        Surrounding("umask-077", "umask 077", installs=True, umask=0o077),
        Surrounding("umask-000", "umask 000", installs=True, umask=0),
    ]


def installing() -> list[Surrounding]:
    """Return what a shell has been told for other Pythons."""
    pip = {
        "PIP_CONSTRAINT": "{extra}/constraints.txt",
        "PIP_TARGET": "{extra}/target",
        "PIP_NO_BINARY": ":all:",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_USER": "1",
        "PIP_NO_DEPS": "0",
        "PIP_DRY_RUN": "1",
    }
    other = {"VIRTUAL_ENV": "{extra}/venv"}
    activated = within('PATH="$VIRTUAL_ENV/bin:$PATH" && export PATH && exec "$@"')
    python = {
        "PYTHONSAFEPATH": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONDEVMODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPLATLIBDIR": "other",
        "PYTHONINTMAXSTRDIGITS": "700",
    }
    own = partial(Surrounding, installs=True)
    return [
        own("pythonpath", "modules named like Diana's", {"PYTHONPATH": "{extra}"}, prepare=write_modules),
        own("python-optimize", "PYTHONOPTIMIZE=2: no asserts", {"PYTHONOPTIMIZE": "2"}),
        own("python-no-bytecode", "PYTHONDONTWRITEBYTECODE=1", {"PYTHONDONTWRITEBYTECODE": "1"}),
        own("python-settings", "warnings as errors, ASCII, safe path", python),
        own("pip-settings", "settings of what pip installs", pip, prepare=write_pip_settings),
        own("other-venv", "another environment is active", other, activated, prepare=make_environment),
    ]


def versions(pythons: Mapping[str, str]) -> list[Surrounding]:
    """Return the versions of Python."""
    return [
        Surrounding(
            f"python-{version}",
            f"Python {version}",
            installs=True,
            python=executable,
            lacks=lacks_python(executable, version),
        )
        for version, executable in pythons.items()
    ]
