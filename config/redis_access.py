"""The ACL file of Redis made from the environment, and the text of docs/redis-users.md. Reads no settings and no server."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

from diana.redis_addresses import Address
from diana.redis_users import CONNECTION, DRILLS, USERS, Right, User, acl_lines, hashed

# What docker-compose.yml calls the passwords of the addresses.
PASSWORDS = {user.variable: user.variable.replace("_URL", "_PASSWORD") for user in USERS}


def acl_file(environment: Mapping[str, str]) -> str:
    """Return the ACL file whose users the addresses in the environment name; ImproperlyConfigured tells what is missing."""
    passwords, databases = {}, set()
    for user in USERS:
        if not (url := environment.get(user.variable, "").strip()):
            raise ImproperlyConfigured(f"{user.variable} is not set: write redis://{user.name}:…@host:6379/0.")
        address = Address(user.variable, url)
        if address.account.get("username") != user.name:
            raise ImproperlyConfigured(
                f"{user.variable} comes as another user: write redis://{user.name}:…@host:6379/0."
            )
        if "password" not in address.account:
            raise ImproperlyConfigured(f"{user.variable} has no password: write redis://{user.name}:…@host:6379/0.")
        passwords[user.name] = hashed(address.account["password"])
        if user.variable != "CACHE_URL":
            databases.add(address.database)
    if len(databases) > 1:
        raise ImproperlyConfigured(
            "The addresses of the broker name several databases: all processes need one database."
        )
    return "".join(f"{line}\n" for line in acl_lines(passwords, db=databases.pop()))


def compose_lines() -> list[str]:
    """Return the lines of the ACL file in docker-compose.yml, which puts the passwords in."""
    return acl_lines({user.name: f">${{{PASSWORDS[user.variable]}:?}}" for user in USERS})


_INTRODUCTION = f"""\
# Users of Redis

Each kind of process comes to Redis as a user of its own, who may do what the process does and nothing else. This page is
made from `diana/redis_users.py` by `manage.py redis_users --page > docs/redis-users.md`; change the table there.
[operations.md](operations.md) says how the users are made, and in what order at an upgrade.

`manage.py redis_users > users.acl` prints the ACL file for Redis 7 or later, or Valkey: the user `default` is off, and the
passwords are digests of those in the environment. `{DRILLS}`, who may do everything, is made by `make run` and by tests
alone, for whoever looks on and for drills that empty Redis.

Nobody has a command that Redis calls dangerous but `info`, which tells the policy of memory. `{{db}}` is the number of the
database.

## Everybody

To {CONNECTION.purpose}: {", ".join(f"`{command}`" for command in CONNECTION.commands)}.
"""


def markdown() -> str:
    """Return docs/redis-users.md."""
    return _INTRODUCTION + "".join(map(_section, USERS))


def _section(user: User) -> str:
    processes = ", ".join(f"`{process}`" for process in user.processes)
    head = f"\n## {user.name}\n\n`{user.variable}`, of {processes}.\n\n| to | keys and channels | commands |\n|---|---|---|\n"
    return head + "".join(map(_row, user.rights))


def _row(right: Right) -> str:
    names = [*(f"`{key}`" for key in right.keys), *(f"channel `{channel}`" for channel in right.channels)]
    commands = ", ".join(f"`{command}`" for command in right.commands)
    return f"| {right.purpose} | {', '.join(names)} | {commands} |\n".replace("script|", "script\\|").replace(
        "cluster|", "cluster\\|"
    )
