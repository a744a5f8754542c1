"""Which role of the database each process takes, and by which variable. Others' addresses a process does not need."""

from collections.abc import Mapping

from diana.database_roles.matrix import APP, DOOR, STAFF

# Every role but the owner's.
URLS = {DOOR: "DATABASE_DOOR_URL", STAFF: "DATABASE_STAFF_URL", APP: "DATABASE_URL"}
_OF_PROCESSES = {"door": DOOR, "poll": DOOR, "web": STAFF, "flower": ""}
# Commands that make logins, change them or end them: the role of everything else may not.
STAFF_COMMANDS = (
    "axes_reset",
    "axes_reset_failure_logs",
    "axes_reset_ip",
    "axes_reset_ip_username",
    "axes_reset_logs",
    "axes_reset_username",
    "changepassword",
    "clearsessions",
    "createsuperuser",
    "ensure_staff",
    "reset_second_factor",
    "sync_roles",
)


def part_of(process: str, command: str) -> str:
    """Return the part of Diana that the process belongs to, `command` being what it is called; "" has no database."""
    if process in _OF_PROCESSES:
        return _OF_PROCESSES[process]
    return STAFF if process == "command" and command in STAFF_COMMANDS else APP


def parts_by_role(users: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the roles by name, each with the parts whose address names it; outside production one may serve several."""
    roles: dict[str, tuple[str, ...]] = {}
    for part, user in users.items():
        roles[user] = (*roles.get(user, ()), part)
    return roles
