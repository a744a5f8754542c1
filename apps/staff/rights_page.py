"""The text of docs/rights.md, made from the tables of apps/staff/matrix.py."""

from argparse import ArgumentParser
from collections.abc import Iterator

from django.core.management import get_commands, load_command_class

from apps.staff.matrix import ACTS, COMMANDS, LEVELS, LIST_ACTIONS, VIEW, WRITE, CommandRight

_INTRODUCTION = f"""\
# Who may what

Made from `apps/staff/matrix.py` by `manage.py rights > docs/rights.md`; change the tables there, not this page. A test opens
every page and act of the admin as every role and finds what this page does not say, also what is new; whoever is not logged in
sees the login alone.

The roles, the least first: {", ".join(f"*{level}*" for level in LEVELS[1:])}. Each may what those before may. *nobody*: not even
superusers. Roles are set by the code (`apps/staff/roles.py`, `manage.py sync_roles`).

## Pages of models

"""

_COMMANDS = """
## Commands

Whoever has a shell on a machine with the environment of production may run any command: there the operating system decides
who comes in, and PostgreSQL what they can do. *Role* is the role in the database that the command needs: the **application** owns
nothing, the **owner** (`DATABASE_OWNER_URL`) runs migrations. *Reason*: it must be given, and the audit record keeps it with the
name of the operating system's user. Commands of Django and django-axes (`shell`, `dbshell`, `changepassword`, `axes_reset` and so
on) work as the application, whose walls hold for them too; what they change of logins and rights is recorded by the database.

| command | does | role | reason |
|---|---|---|---|
"""

_DOES = {
    "process": "is a process of the Procfile",
    "release": "is part of a release",
    "reads": "changes nothing here",
    "changes": "changes something",
    "development": "works outside production alone",
}


def markdown() -> str:
    """Return docs/rights.md."""
    kinds = list(WRITE)
    head = f"| model | see | {' | '.join(kinds)} |\n|---|---{'|---' * len(kinds)}|\n"
    rows = "".join(f"| `{m}` | {VIEW[m]} | {' | '.join(WRITE[k].get(m, 'nobody') for k in kinds)} |\n" for m in VIEW)
    acts = "".join(f"| `{page}` | {level} |\n" for page, level in sorted(ACTS.items()))
    actions = "".join(
        f"| `{model}` | `{name}` | {level} |\n"
        for model, offered in LIST_ACTIONS.items()
        for name, level in offered.items()
    )
    commands = "".join(map(_row, sorted(COMMANDS.items())))
    return (
        f"{_INTRODUCTION}{head}{rows}\n## Acts\n\nPages on which staff act, by the names of their addresses.\n\n"
        f"| page | least role |\n|---|---|\n{acts}\n## Actions on chosen rows of a list\n\n"
        f"| list | action | least role |\n|---|---|---|\n{actions}{_COMMANDS}{commands}"
    )


def _row(named: tuple[str, CommandRight]) -> str:
    name, right = named
    role = {"both": "application and owner", "none": "–"}.get(right.role, right.role)
    return f"| `{name}` | {_DOES[right.does]} | {role} | {_reason(name)} |\n"


def _reason(name: str) -> str:
    """Return whether the command must be given a reason, as its own options say."""
    command = load_command_class(get_commands()[name], name)
    found = list(_required(command.create_parser("manage.py", name)))
    if not found:
        return "–"
    return "always" if all(found) else "to change something"


def _required(parser: ArgumentParser) -> Iterator[bool]:
    """Yield of each option called reason, those of commands within the command too, whether it is required."""
    for action in parser._actions:
        if action.dest == "reason":
            yield action.required
        elif isinstance(action.choices, dict):
            for inner in action.choices.values():
                yield from _required(inner)
