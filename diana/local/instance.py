"""One running Diana on this machine: its directory, secrets, ports, databases and environment."""

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from diana.local import ports
from diana.local.errors import LocalError
from diana.local.files import locked, make_private_directory, read_text, write_private
from diana.local.postgres import Postgres
from diana.local.roles import (
    APPLICATION,
    DOOR,
    OWNER,
    RUNNING,
    STAFF,
    VARIABLES,
    prepare_database,
    prepare_running_roles,
)
from diana.local.valkey import Valkey
from diana.redis_users import USERS

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z][a-z0-9-]*")
DATABASE = "diana"
# Under which names the secrets hold the passwords of the roles.
PASSWORDS = {
    OWNER: "owner_password",
    APPLICATION: "application_password",
    STAFF: "staff_password",
    DOOR: "door_password",
}
DEFAULT_PORTS = {"PORT": 8000, "DOOR_PORT": 8001, "FLOWER_PORT": 5555, "SANDBOX_PORT": 8081}
TELEGRAM = "https://api.telegram.org"
REAL_TOKEN = re.compile(r"[0-9]{6,}:[A-Za-z0-9_-]{30,}")


class Instance:
    """Everything one Diana needs, in `.diana/<name>/` of this checkout; made once, kept from start to start.

    What the process environment gives wins: a given DATABASE_URL or REDIS_URL replaces the local server, a given
    TELEGRAM_API_URL the sandbox; so does the token of a real bot, for which updates are polled. With DATABASE_URL alone
    it is taken as the owner's, and the other roles are made there. `given` stands in for the process environment;
    `{}` shuts it out.
    """

    def __init__(self, name: str = "run", *, root: Path = ROOT, given: Mapping[str, str] | None = None) -> None:
        if not NAME.fullmatch(name):
            raise LocalError(f"{name!r} is no name for an instance: use small letters, digits and dashes.")
        self.name = name
        self.root = root
        self.directory = root.absolute() / ".diana" / name
        self.logs = self.directory / "logs"
        self._given = {key: value for key, value in (os.environ if given is None else given).items() if value}
        self.postgres = None if "DATABASE_URL" in self._given else Postgres(self.directory / "postgres")
        self.valkey = None if "REDIS_URL" in self._given else Valkey(self.directory / "valkey")
        self._reserved = ExitStack()
        real = bool(REAL_TOKEN.fullmatch(self._given.get("TELEGRAM_BOT_TOKEN", "").strip()))
        # A real token never gets near the sandbox, and a real bot cannot reach a webhook on this machine.
        self.has_sandbox = "TELEGRAM_API_URL" not in self._given and not real
        self.polls = self._given.get("TELEGRAM_UPDATES", "poll" if real else "webhook") == "poll"

    def start_services(self) -> None:
        """Start the servers that are ours, make the databases and write `env`; running ones are taken over."""
        with self.alone():
            for server in (self.postgres, self.valkey):
                if server:
                    server.start()
            self.prepare_databases()
            self.write_environment()

    def stop_services(self) -> None:
        """Stop the servers that are ours."""
        with self.alone():
            self.end_services()

    def end_services(self) -> None:
        """Stop the servers that are ours; for the holder of `alone()`."""
        for server in (self.valkey, self.postgres):
            if server:
                server.stop()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from starting or stopping what belongs to this instance."""
        make_private_directory(self.logs)
        try:
            with self._reserved, locked(self.directory / "lock", wait=False):
                yield
        except BlockingIOError:
            raise LocalError(
                f"The instance {self.name!r} of this checkout runs in another terminal: end it there with Ctrl-C."
            ) from None

    def settle_ports(self) -> None:
        """Choose the ports of the next start: the usual ones where they are free; given ones are not negotiable.

        For the holder of `alone()`, at whose end they are no longer reserved.
        """
        make_private_directory(self.directory)
        self._reserved.close()
        before = self._kept_ports()
        settled = {name: self._reserve(name, usual, before.get(name)) for name, usual in DEFAULT_PORTS.items()}
        write_private(self.directory / "ports.json", json.dumps(settled))

    def _reserve(self, name: str, usual: int, before: int | None) -> int:
        if name not in self._given:
            port, holder = ports.reserve_first(usual, before)
        elif found := ports.reserve(port := int(self._given[name])):
            holder = found
        else:
            raise LocalError(f"Port {self._given[name]} is taken: set {name} to a free one, or unset it.")
        self._reserved.enter_context(holder)
        return port

    def prepare_databases(self) -> None:
        """Make roles and database as they should be; the servers must run."""
        if self.postgres:
            prepare_database(self.postgres.admin_url(), DATABASE, OWNER, self.passwords())
        elif "DATABASE_OWNER_URL" not in self._given:
            running = {role: password for role, password in self.passwords().items() if role in RUNNING}
            prepare_running_roles(self._given["DATABASE_URL"], running)

    def write_environment(self) -> None:
        """Write `env`, from which manage.py reads the variables in another terminal."""
        write_private(self.directory / "env", "".join(f"{key}={value}\n" for key, value in self.variables().items()))

    def environment(self) -> dict[str, str]:
        """Return the whole environment for processes of this instance.

        The sandbox is no proxy's to reach, and without it there is nothing to call outside of this machine.
        """
        hidden = {key for key in self._given if self.has_sandbox and key.lower().endswith("_proxy")}
        return {key: value for key, value in self._given.items() if key not in hidden} | self.variables()

    def variables(self) -> dict[str, str]:
        """Return Diana's variables; servers of ours must have been started, or have been prepared, once."""
        usual_ports = {name: str(port) for name, port in (DEFAULT_PORTS | self._kept_ports()).items()}
        sandbox_port = self._given.get("SANDBOX_PORT", usual_ports["SANDBOX_PORT"])
        defaults = {
            "DIANA_ENV": "development",
            "DJANGO_SECRET_KEY": self.secrets["django_secret_key"],
            "TELEGRAM_BOT_TOKEN": self.secrets["bot_token"],
            "TELEGRAM_WEBHOOK_SECRET": self.secrets["webhook_secret"],
            "TELEGRAM_API_URL": f"http://{ports.LOOPBACK}:{sandbox_port}" if self.has_sandbox else TELEGRAM,
            "TELEGRAM_UPDATES": "poll" if self.polls else "webhook",
            **usual_ports,
            # The sandbox shows who handled what.
            "EVENTS_KEEP_VISITS": "true" if self.has_sandbox else "false",
            "FLOWER_BASIC_AUTH": self.secrets["flower_basic_auth"],
            "SANDBOX_PAGE_TOKEN": self._page_token(),
        }
        chosen = {key: self._given.get(key, value) for key, value in defaults.items()}
        return chosen | self._redis_urls() | self._database_urls() | {"DIANA_STATE_DIR": str(self.directory)}

    @cached_property
    def secrets(self) -> dict[str, str]:
        """The secrets of this instance, made at their first use."""
        make_private_directory(self.directory)
        path = self.directory / "secrets.json"
        with locked(self.directory / "secrets.lock"):
            kept: dict[str, str] = json.loads(read_text(path) or "{}")
            fresh = _fresh_secrets()
            if fresh.keys() - kept.keys():
                # An earlier version needed fewer.
                write_private(path, json.dumps(fresh | kept, indent=1))
            return fresh | kept

    def passwords(self) -> dict[str, str]:
        """Return the password of each role of the database."""
        return {role: self.secrets[secret] for role, secret in PASSWORDS.items()}

    def _redis_urls(self) -> dict[str, str]:
        """Return where each kind of process finds Redis; a given CACHE_URL stays."""
        if self.valkey:
            return self.valkey.variables() | {k: v for k, v in self._given.items() if k == "CACHE_URL"}
        return {user.variable: self._given[user.variable] for user in USERS if user.variable in self._given}

    def _database_urls(self) -> dict[str, str]:
        if self.postgres:
            place = f"{ports.LOOPBACK}:{self.postgres.port}/{DATABASE}"
            passwords = self.passwords()
            return {name: f"postgresql://{role}:{passwords[role]}@{place}" for name, role in VARIABLES.items()}
        if "DATABASE_OWNER_URL" in self._given:
            # Without addresses of their own, door and staff are the application.
            return {name: self._given[name] for name in VARIABLES if name in self._given}
        owner = self._given["DATABASE_URL"]
        found = {
            name: with_account(owner, role, self.passwords()[role])
            for name, role in VARIABLES.items()
            if role in RUNNING
        }
        return found | {"DATABASE_OWNER_URL": owner}

    def renew_page_token(self) -> None:
        """Make the token that opens the sandbox's page until the next start."""
        make_private_directory(self.directory)
        write_private(self.directory / "page-token", secrets.token_urlsafe(24))

    def _page_token(self) -> str:
        return read_text(self.directory / "page-token") if self.has_sandbox else ""

    def _kept_ports(self) -> dict[str, int]:
        kept: dict[str, int] = json.loads(read_text(self.directory / "ports.json") or "{}")
        return kept


def with_account(url: str, user: str, password: str) -> str:
    """Return the URL of the same database for another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def _fresh_secrets() -> dict[str, str]:
    return {
        "django_secret_key": secrets.token_urlsafe(50),
        "owner_password": secrets.token_hex(24),
        "application_password": secrets.token_hex(24),
        "staff_password": secrets.token_hex(24),
        "door_password": secrets.token_hex(24),
        "bot_token": f"1:sandbox-{secrets.token_hex(8)}",
        "webhook_secret": secrets.token_urlsafe(32),
        "flower_basic_auth": f"diana:{secrets.token_urlsafe(18)}",
    }
