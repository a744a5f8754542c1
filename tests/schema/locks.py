"""Which statements of a migration keep a table shut for as long as it is large, or break code that still runs. By reading."""

import re
from collections.abc import Iterable

NAME = r'(?:ONLY )?(?:IF EXISTS )?"?(\w+)"?'
VOLATILE = r"gen_random_uuid|uuidv\d|random\(|clock_timestamp|timeofday|nextval"
# Of ALTER TABLE: a pattern, what is the matter.
ALTERATIONS = [
    (r'ALTER (COLUMN )?"?\w+"? (SET DATA )?TYPE', "rewrites the table: add a column, fill it, switch over"),
    (rf"ADD COLUMN .*DEFAULT .*({VOLATILE})", "rewrites the table: add it without a default, fill it in batches"),
    (r"ADD COLUMN .*(GENERATED|SERIAL)", "rewrites the table: add it without, fill it in batches"),
    (r"ADD COLUMN (?!.*DEFAULT).*(?<!IS )NOT NULL", "fails where there are rows: add it with a database default"),
    (r"ADD COLUMN .*(UNIQUE|PRIMARY KEY)", "builds an index under a lock: create it concurrently"),
    (
        r"ALTER (COLUMN )?\"?\w+\"? SET NOT NULL",
        "reads the whole table under a lock: add a CHECK NOT VALID, validate it",
    ),
    (
        r"ADD (CONSTRAINT \"?\w+\"? )?(CHECK|FOREIGN KEY)(?!.*NOT VALID)",
        "reads the whole table: NOT VALID, then VALIDATE",
    ),
    (r"ADD (CONSTRAINT \"?\w+\"? )?(UNIQUE|PRIMARY KEY|EXCLUDE)(?!.*USING INDEX)", "builds an index under a lock"),
    (r"SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)", "rewrites the table"),
    (r"DROP (COLUMN|CONSTRAINT)", "is a removal: code of the release before may rely on it"),
    (r"RENAME", "is a removal: code of the release before knows the old name"),
]


def risks(statements: Iterable[str]) -> list[str]:
    """Say what is the matter with the statements of one migration; tables that they make themselves may be shut."""
    made: set[str] = set()
    return [risk for text in statements for statement in parted(text) for risk in _risks(statement, made)]


def parted(text: str) -> list[str]:
    """Return the statements of a text, without comments and the bodies of functions, on one line each."""
    text = re.sub(r"--[^\n]*", "", re.sub(r"\$\$.*?\$\$", "''", text, flags=re.DOTALL))
    return [" ".join(part.split()) for part in text.split(";") if part.strip()]


def _risks(statement: str, made: set[str]) -> list[str]:
    if found := re.match(rf"CREATE TABLE (?:IF NOT EXISTS )?{NAME}", statement, re.IGNORECASE):
        made.add(found[1])
        return []
    if found := re.match(rf"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*? ON {NAME}", statement, re.IGNORECASE):
        return _of(found[1], made, ["is not written to while an index is built: create it concurrently"])
    if found := re.match(rf"ALTER TABLE {NAME} (.*)", statement, re.IGNORECASE):
        return _of(found[1], made, [why for what, why in ALTERATIONS if re.search(what, found[2], re.IGNORECASE)])
    if found := re.match(
        rf"(?:DROP TABLE|CLUSTER|VACUUM FULL|LOCK TABLE|TRUNCATE)(?: TABLE)? {NAME}", statement, re.IGNORECASE
    ):
        return _of(found[1], made, ["is shut, emptied or gone: code of the release before may use it"])
    return []


def _of(table: str, made: set[str], whys: list[str]) -> list[str]:
    return [f"{table} {why}" for why in whys if table not in made]
