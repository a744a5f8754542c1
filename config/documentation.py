"""The text of docs/environment.md, made from the table of variables."""

from config import strength
from config.variable import PROCESSES, Variable
from config.variables import VARIABLES

_INTRODUCTION = f"""\
# Environment

Every variable that Diana reads, made from `config/variables.py` by `manage.py environment > docs/environment.md`; change
the table there, not this page.

The variables are read once at start. In production a process starts only with all variables that it needs, and with none
that is weak or published: otherwise it ends with status 1 and names all of them at once, with how to make each, and never
their values. `manage.py make_secrets` prints a whole environment with fresh secrets (`--out FILE` writes it for its
owner alone and overwrites nothing).

*Random* means: the least length that is named, at least {strength.MIN_DIFFERENT} different characters, no repetition, no
word that stands for a value (such as `changeme`, `example`, `development`), and no value of this repository.

## Variables

| variable | meaning | default outside production | bound in production |
|---|---|---|---|
"""

_MATRIX = """
## Processes

*needs*: the process does not start in production without it. *reads*: it works with the default. A variable that is set is
held against its bound in every process. `command` is every other command of `manage.py` and of Celery. A process that is
not listed (another server in front of `config.wsgi`) needs all that any of these needs but `release`.
`TELEGRAM_WEBHOOK_SECRET` is not needed with `TELEGRAM_UPDATES=poll`.

"""


def markdown() -> str:
    """Return docs/environment.md."""
    rows = "".join(f"| `{v.name}` | {v.meaning} | {v.default} | {v.bound} |\n" for v in VARIABLES)
    head = f"| variable | {' | '.join(f'`{process}`' for process in PROCESSES)} |\n|---{'|---' * len(PROCESSES)}|\n"
    used = [variable for variable in VARIABLES if variable.needed or variable.read]
    return f"{_INTRODUCTION}{rows}{_MATRIX}{head}{''.join(map(_uses, used))}"


def _uses(variable: Variable) -> str:
    return f"| `{variable.name}` | {' | '.join(map(variable.use, PROCESSES))} |\n"
