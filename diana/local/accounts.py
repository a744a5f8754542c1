"""The account PostgreSQL runs under: it refuses root, and root is what a container or a fresh machine often gives."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache

from diana.local.errors import LocalError


@dataclass(frozen=True)
class Account:
    """How a server is started and who owns its files; no `uid` means the caller."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None


def _namespace() -> Account:
    # The process is someone else to itself only: no user is made, the files stay root's.
    return Account(("unshare", "--user", "--map-user=1000", "--map-group=1000", "--"))


def nobody() -> Account:
    """Return the account for a root that may not make user namespaces, as in many containers."""
    uid = pwd.getpwnam("nobody").pw_uid
    change = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    # It keeps root's right to pass any directory: a checkout under /root would be closed to it.
    return Account((*change, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"), uid)


def _works(account: Account) -> bool:
    try:
        return subprocess.run([*account.prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@cache
def server_account() -> Account:
    """Return the account for PostgreSQL: the caller's own, or as root the first that this machine allows."""
    if os.geteuid() != 0:
        return Account()
    for account in (_namespace(), nobody()):
        if _works(account):
            return account
    raise LocalError(
        "PostgreSQL does not run as root, and neither `unshare --user` nor `setpriv` works here: "
        "run this as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
    )
