"""The search for secrets in the repository: part of `make lint`."""

import importlib.util
import secrets
import string

import pytest

from diana.local.instance import ROOT

specification = importlib.util.spec_from_file_location("secret_scan", ROOT / ".ci" / "secret_scan.py")
assert specification is not None
secret_scan = importlib.util.module_from_spec(specification)
assert specification.loader is not None
specification.loader.exec_module(secret_scan)

LETTERS = string.ascii_letters + string.digits


def random(length: int, letters: str = LETTERS) -> str:
    """Return a word that nobody could guess."""
    return "".join(secrets.choice(letters) for _ in range(length))


SECRETS = {
    "a bot's token": lambda: f"bot = '{secrets.randbelow(10**9) + 10**9}:AA{random(33)}'",
    "a private key": lambda: "-----BEGIN " + "PRIVATE KEY-----",
    "a key of OpenSSH": lambda: "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "a key of a cloud": lambda: "AKIA" + random(16, string.ascii_uppercase + string.digits),
    "a token of a forge": lambda: "ghp_" + random(36),
    "a quoted value": lambda: f'DJANGO_SECRET_KEY="{secrets.token_hex(32)}"',
    "a value of YAML": lambda: f"    tombstone_key: {secrets.token_urlsafe(32)}",
    "a line of an environment": lambda: f"METRICS_TOKEN={secrets.token_urlsafe(32)}",
    "a password in an address": lambda: f"postgresql://diana_app:{secrets.token_hex(16)}@db.community.org/diana",
}
NONE = {
    "a value of development": 'DJANGO_SECRET_KEY="development-only-development-only-development-only"',
    "a short one": "TELEGRAM_BOT_TOKEN=1:sandbox",
    "a name": "METRICS_TOKEN: ${METRICS_TOKEN:?}",
    "a call": "token = secrets.token_urlsafe(32)",
    "a name in an address": "postgresql://diana_app:${DATABASE_APP_PASSWORD:?}@postgres:5432/diana",
    "a digest": f"    --hash=sha256:{'0123456789abcdef' * 4} \\",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_it_finds(kind: str) -> None:
    assert list(secret_scan.lines_with_secrets(f"first\n{SECRETS[kind]()}\n")) == [2]


@pytest.mark.parametrize("kind", NONE)
def test_it_lets_pass(kind: str) -> None:
    assert list(secret_scan.lines_with_secrets(NONE[kind])) == []


def test_there_is_none_here() -> None:
    assert secret_scan.main() == 0
