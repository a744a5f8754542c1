"""The users of Redis: one for each kind of process, with the keys, channels and commands that it needs and no others.

The one table: from it come the ACL file (`manage.py redis_users`), docker-compose.yml, the Valkey of `make run` and of the
tests, and docs/redis-users.md. Needs neither Django nor a server. `ACL SETUSER` of Redis 7 and Valkey understands it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

# Stands for the number of the database in the names of kombu's channels.
_DB = "{db}"
_QUEUES = ("domain", "backfill", "telegram")
# Everything: for drills that empty and fill Redis. Never in production.
DRILLS = "diana-drills"


@dataclass(frozen=True, kw_only=True)
class Right:
    """Commands on keys and channels, given by patterns; one selector of an ACL."""

    purpose: str
    commands: tuple[str, ...]
    keys: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def rule(self, db: int) -> str:
        """Return the rule for connections to this database."""
        keys = [f"~{pattern}" for pattern in self.keys]
        channels = [f"&{pattern.replace(_DB, str(db))}" for pattern in self.channels]
        return " ".join([*keys, *channels, *(f"+{command}" for command in self.commands)])


@dataclass(frozen=True, kw_only=True)
class User:
    """A user, the variable that holds its address, and the processes that come under its name."""

    name: str
    variable: str
    processes: tuple[str, ...]
    rights: tuple[Right, ...]

    def rules(self, db: int = 0) -> str:
        """Return the rules without the password: nothing, then what every connection needs, then the rights."""
        selectors = [f"({right.rule(db)})" for right in self.rights]
        return " ".join(["resetkeys resetchannels -@all", CONNECTION.rule(db), *selectors])


def queue_keys(*names: str) -> tuple[str, ...]:
    """Return the patterns of queues: kombu adds two characters and the priority to the name."""
    return tuple(pattern for name in names for pattern in (name, f"{name}??[369]"))


def _binding_keys(*exchanges: str) -> tuple[str, ...]:
    return tuple(f"_kombu.{table}.{exchange}" for exchange in exchanges for table in ("binding", "binding_permanent"))


CONNECTION = Right(
    purpose="connect, ask whether the server is there and evicts nothing, make transactions",
    commands=(
        *("auth", "hello", "ping", "select", "quit", "reset", "client|setinfo", "client|setname"),
        *("info", "time", "multi", "exec", "discard", "unwatch"),
    ),
)
SEND_TASKS = Right(
    purpose="send tasks",
    commands=("lpush", "llen", "sadd", "smembers", "exists"),
    keys=(*queue_keys(*_QUEUES), *_binding_keys(*_QUEUES)),
)
WAKE = Right(
    purpose="raise and lower wake flags",
    commands=("set", "get", "mget", "del"),
    keys=("diana:wake:*", "diana:sent:*", "diana:relay:*"),
)
TELL_FEED = Right(purpose="tell the live feed", commands=("publish",), channels=("diana:feed",))
HEAR_FEED = Right(
    purpose="listen to the live feed (`manage.py feed`)",
    commands=("subscribe", "unsubscribe"),
    channels=("diana:feed",),
)
ACKNOWLEDGE = Right(
    purpose="note and acknowledge tasks under way",
    commands=(
        *("hset", "hget", "hdel", "zadd", "zrem", "zrange", "watch"),
        # The lock under which one process looks for what others left.
        *("set", "get", "del", "evalsha", "script|load", "script|exists"),
    ),
    keys=("unacked", "unacked_index", "unacked_mutex"),
)
RESTORE = Right(
    purpose="put back what a process that died had taken", commands=("lpush", "rpush"), keys=queue_keys(*_QUEUES)
)
LOOK_UP = Right(
    purpose="look up where a task that is put back belongs, whatever it says",
    commands=("smembers",),
    keys=("_kombu.binding.*",),
)
TELL_EVENTS = Right(
    purpose="tell Flower of tasks", commands=("publish",), channels=(f"/{_DB}.celeryev/*", f"/{_DB}.celeryev")
)
_REPLIES = "*.reply.celery.pidbox"
_CONTROL_TABLES = (
    "_kombu.binding_deadlines",
    *_binding_keys("celery.pidbox", "reply.celery.pidbox", "celeryev"),
)
_KEEP_TABLES = Right(
    purpose="keep kombu's tables of who listens to remote control and events",
    commands=(
        *("sadd", "srem", "smembers", "zadd", "zrem", "zrangebyscore", "exists", "del"),
        *("evalsha", "script|load", "script|exists"),
    ),
    keys=_CONTROL_TABLES,
)
HEAR_CONTROL = Right(
    purpose="listen to remote control",
    commands=("psubscribe", "punsubscribe"),
    channels=(f"/{_DB}.celery.pidbox",),
)
OWN_CONTROL = Right(
    purpose="declare and remove the process's own queue of remote control",
    commands=("llen", "exists", "pexpire", "del"),
    keys=queue_keys("*@*.celery.pidbox"),
)
ANSWER_CONTROL = Right(purpose="answer remote control", commands=("lpush", "pexpire"), keys=(_REPLIES,))
_CONTROLLED = (TELL_EVENTS, HEAR_CONTROL, OWN_CONTROL, ANSWER_CONTROL, _KEEP_TABLES)


def _take_tasks(*queues: str) -> Right:
    return Right(purpose=f"take tasks of {' and '.join(queues)}", commands=("brpop", "rpop"), keys=queue_keys(*queues))


USERS = (
    User(
        name="diana-publisher",
        variable="REDIS_URL",
        processes=("release", "web", "door", "relay", "beat", "poll", "command"),
        rights=(SEND_TASKS, WAKE, TELL_FEED, HEAR_FEED),
    ),
    User(
        name="diana-worker",
        variable="REDIS_WORKER_URL",
        processes=("worker",),
        rights=(
            *(_take_tasks("domain", "backfill"), ACKNOWLEDGE, RESTORE, LOOK_UP),
            *(SEND_TASKS, WAKE, TELL_FEED, *_CONTROLLED),
        ),
    ),
    User(
        name="diana-telegram",
        variable="REDIS_TELEGRAM_URL",
        processes=("telegram",),
        rights=(
            *(_take_tasks("telegram"), ACKNOWLEDGE, RESTORE, LOOK_UP),
            *(SEND_TASKS, WAKE, TELL_FEED, *_CONTROLLED),
        ),
    ),
    User(
        name="diana-flower",
        variable="REDIS_FLOWER_URL",
        processes=("flower",),
        rights=(
            Right(
                purpose="listen to events of tasks",
                commands=("psubscribe", "punsubscribe"),
                channels=(f"/{_DB}.celeryev/*",),
            ),
            Right(purpose="control workers", commands=("publish",), channels=(f"/{_DB}.celery.pidbox",)),
            Right(
                purpose="read answers of workers, and remove its own queues",
                commands=("brpop", "rpop", "llen", "exists", "del", "pexpire"),
                keys=queue_keys(_REPLIES, "celeryev.*"),
            ),
            _KEEP_TABLES,
            SEND_TASKS,
        ),
    ),
    User(
        name="diana-cache",
        variable="CACHE_URL",
        processes=("release", "web", "door", "worker", "telegram", "relay", "poll", "command"),
        rights=(
            Right(
                purpose="boards: ranks of accounts",
                commands=(
                    *("zadd", "zrem", "zscore", "zmscore", "zcount", "zrange", "exists", "unlink", "rename"),
                    *("expire", "persist", "eval"),
                ),
                keys=("diana:board:*",),
            ),
            Right(
                purpose="how fast Telegram may be called",
                commands=(
                    *("get", "set", "del", "pttl", "expire", "pexpire", "llen", "lindex", "rpush", "ltrim"),
                    *("sadd", "scard", "zadd", "zrem", "zrangebyscore", "zremrangebyscore", "eval"),
                ),
                keys=("{diana:telegram}:*",),
            ),
            Right(
                purpose="find its way in a cluster",
                commands=("cluster|slots", "cluster|shards", "cluster|nodes", "cluster|myid", "command", "asking"),
            ),
        ),
    ),
)
BY_VARIABLE = {user.variable: user for user in USERS}
BROKER = tuple(user for user in USERS if user.variable != "CACHE_URL")


def broker_variable(process: str) -> str:
    """Return the variable that holds the broker's address for a process; workers may have any ending (`worker-2`)."""
    for name in ("worker", "telegram", "flower"):
        if process.startswith(name):
            return f"REDIS_{name.upper()}_URL"
    return "REDIS_URL"


def acl_lines(passwords: Mapping[str, str], *, db: int = 0, drills: str = "") -> list[str]:
    """Return the lines of an ACL file. `passwords` by user: `#` and a digest, or `>` and the word itself; so is `drills`."""
    lines = ["user default off"]
    lines += [
        f"user {user.name} on {passwords[user.name]} {user.rules(db)}" for user in USERS if user.name in passwords
    ]
    return lines + ([f"user {DRILLS} on {drills} ~* &* +@all"] if drills else [])


def hashed(password: str) -> str:
    """Return the password as an ACL file holds it."""
    return f"#{sha256(password.encode()).hexdigest()}"
