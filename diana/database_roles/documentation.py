"""The text of docs/database-roles.md, made from the matrix of rights."""

from diana.database_roles.matrix import APP, DOOR, PARTS, STAFF, Matrix, Table

_INTRODUCTION = """\
# Roles of the database

Which part of Diana may do what to which table, made from `config/database_rights.toml` by
`manage.py database_roles --page > docs/database-roles.md`; change the table there, not this page.

| part | processes | variable | role (another name will do) |
|---|---|---|---|
| door | `door`, `poll` | `DATABASE_DOOR_URL` | `diana_door` |
| staff | `web`; commands about logins, as `ensure_staff` and `changepassword` | `DATABASE_STAFF_URL` | `diana_staff` |
| app | `worker`, `telegram`, `relay`, `beat`, every other command | `DATABASE_URL` | `diana_app` |
| owner | `release`, and commands that change tables | `DATABASE_OWNER_URL` | `diana_owner` |
| none | `flower` | | |

`manage.py release` grants exactly this, after the migrations; `manage.py database_roles` shows what is otherwise. A process
of production asks for the rights of its own role at its first connection, and ends if one is missing (`diana.E003`), or if
the role may do more than this although the release that granted was its own. A table or a column that does not stand here
gives nobody a right. The owner has all rights and no process.

**Values.** Where it says *only*, the role adds rows with those values alone; a trigger refuses others, whatever the rights
say. Entries of the kinds `award` and `suppressed` staff add where they are owed already: an act that a flag has held back, or
that a limit or cap had taken the points of.

**What remains possible.** The door takes in what Telegram sends: whoever has its address can make up updates, and payments
that such updates tell of, and a worker believes them. It cannot give points, read what others wrote, or see staff, ledger and
records. Whoever has the address of staff can do what any member of staff can do, past the limits of single logins: give and
take points, grant VIP, refund, erase; make logins and sessions; every such row leaves a record. The application's role awards
for acts and moves cursors, to the end of the log at most. The owner can do everything: against it there is the ledger's proof
([ledger-proof.md](ledger-proof.md)).

## Tables

*S* reads, *I* adds, *U* changes, *D* deletes; with columns in brackets it does so with these alone. *former*: what the
application's role has besides until `manage.py database_roles --narrow`, for processes of the release before.

| table | door | staff | app | former |
|---|---|---|---|---|
"""
_SEQUENCES = """
## Sequences

Other sequences count up by themselves and need no right.

| sequence | door | staff | app |
|---|---|---|---|
"""
_VALUES = """
## Values of new rows

| table, column | part | only |
|---|---|---|
"""


def markdown(matrix: Matrix) -> str:
    """Return docs/database-roles.md."""
    rows = "".join(_row(table) for table in matrix.tables.values())
    sequences = "".join(
        f"| `{name}` | {' | '.join(_of_sequence(matrix, name, part) for part in PARTS)} |\n"
        for name in matrix.sequences
    )
    values = "".join(
        f"| `{table.name}.{table.only_column}` | {part} | {', '.join(f'`{value}`' for value in table.only[part])} |\n"
        for table in matrix.tables.values()
        for part in (DOOR, STAFF, APP)
        if part in table.only
    )
    return f"{_INTRODUCTION}{rows}{_SEQUENCES}{sequences}{_VALUES}{values}"


def _row(table: Table) -> str:
    cells = [" ".join(table.rights[part].short(table.columns)) if part in table.rights else "" for part in PARTS]
    return f"| `{table.name}` | {' | '.join([*cells, ' '.join(table.former.short(table.columns))])} |\n"


def _of_sequence(matrix: Matrix, name: str, part: str) -> str:
    return " ".join(right for right, parts in matrix.sequences[name].items() if part in parts)
