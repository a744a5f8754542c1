"""The matrix of rights as a value: read from its file, expanded to columns. No database here."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

# Each is a role of its own: what takes updates in, the pages of staff, everything else that runs.
DOOR, STAFF, APP = "door", "staff", "app"
PARTS = (DOOR, STAFF, APP)
# Rights that the application's role had in the release before, for as long as processes of that release run.
FORMER = "former"
ACTS = ("SELECT", "INSERT", "UPDATE", "DELETE")

_RIGHT = re.compile(rf"(?P<act>{'|'.join(ACTS)})(?: \((?P<but>all but )?(?P<columns>[a-z0-9_]+(?:, [a-z0-9_]+)*)\))?")


class BadMatrix(ValueError):
    """The file of rights cannot be read; the message says where, and what to write."""


class Rights(msgspec.Struct, frozen=True):
    """What one role may do to one table: columns to read, to fill in new rows and to change, and whether rows may go."""

    select: frozenset[str] = frozenset()
    insert: frozenset[str] = frozenset()
    update: frozenset[str] = frozenset()
    delete: bool = False

    def __or__(self, other: "Rights") -> "Rights":
        return Rights(
            self.select | other.select,
            self.insert | other.insert,
            self.update | other.update,
            self.delete or other.delete,
        )

    def without(self, other: "Rights") -> "Rights":
        """Return what the other does not have."""
        return Rights(
            self.select - other.select,
            self.insert - other.insert,
            self.update - other.update,
            self.delete and not other.delete,
        )

    def common(self, other: "Rights") -> "Rights":
        """Return what both have."""
        return self.without(self.without(other))

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of each act that has columns."""
        return {"SELECT": self.select, "INSERT": self.insert, "UPDATE": self.update}

    def written(self, all_columns: Sequence[str] = ()) -> list[str]:
        """Return the rights as the file has them; an act on all columns needs no list."""
        found = []
        for act, columns in self.columns().items():
            if columns and columns >= set(all_columns) and all_columns:
                found.append(act)
            elif columns:
                found.append(f"{act} ({', '.join(sorted(columns))})")
        return found + ["DELETE"] * self.delete

    def short(self, all_columns: Sequence[str]) -> list[str]:
        """Return the rights in letters, with the columns in their order where an act is not free of them."""
        found = []
        for act, columns in self.columns().items():
            but = [name for name in all_columns if name not in columns]
            named = [name for name in all_columns if name in columns]
            few = f"all but {', '.join(but)}" if len(but) <= 2 < len(named) else ", ".join(named)
            if columns:
                found.append(f"{act[0]}({few})" if but else act[0])
        return found + ["D"] * self.delete


NONE = Rights()


class Table(msgspec.Struct, frozen=True):
    """A table: its columns, the rights of the parts on it, and the values that some parts are kept to in new rows."""

    name: str
    columns: tuple[str, ...]
    rights: Mapping[str, Rights]
    former: Rights = NONE
    only_column: str = ""
    only: Mapping[str, tuple[str, ...]] = {}


class Matrix(msgspec.Struct, frozen=True):
    """All tables by name, the sequences that are read or counted up by themselves, and the digest of the file."""

    tables: Mapping[str, Table]
    sequences: Mapping[str, Mapping[str, tuple[str, ...]]]
    digest: str

    def rights(self, table: str, parts: Sequence[str]) -> Rights:
        """Return what a role that serves these parts may do to the table."""
        found = NONE
        for part in parts:
            found |= self.tables[table].rights.get(part, NONE)
        return found

    def former(self, table: str, parts: Sequence[str]) -> Rights:
        """Return what it may do besides while the release before runs."""
        return self.tables[table].former if APP in parts else NONE

    def only(self, parts: Sequence[str]) -> set[tuple[str, str]]:
        """Return the tables and values that a role of these parts is kept to; a part that is free frees the role."""
        return {
            (table.name, value)
            for table in self.tables.values()
            if table.only and all(part in table.only for part in parts)
            for part in parts
            for value in table.only[part]
        }

    def sequence_rights(self, parts: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the rights of such a role on each sequence that is named."""
        return {
            name: frozenset(right for right, holders in rights.items() if set(parts) & set(holders))
            for name, rights in self.sequences.items()
        }


@cache
def read(path: Path) -> Matrix:
    """Read the file; raises BadMatrix."""
    text = path.read_text()
    found: dict[str, Any] = tomllib.loads(text)
    sequences = found.pop("sequences", {})
    return Matrix(
        {name: _table(name, entry) for name, entry in found.items()},
        {name: {right: tuple(parts) for right, parts in rights.items()} for name, rights in sequences.items()},
        hashlib.sha256(text.encode()).hexdigest(),
    )


def _table(name: str, entry: dict[str, Any]) -> Table:
    columns = tuple(entry.get("columns", ()))
    if not columns or set(entry) - {"columns", "only", FORMER, *PARTS}:
        raise BadMatrix(f"{name}: name its columns, and rights under {', '.join(PARTS)}.")
    rights = {part: _rights(name, columns, entry[part]) for part in PARTS if part in entry}
    only = dict(entry.get("only", {}))
    column = only.pop("column", "")
    if (only and column not in columns) or not set(only) <= set(PARTS):
        raise BadMatrix(f"{name}.only: name a column of the table, and values for parts.")
    former = _rights(name, columns, entry.get(FORMER, []))
    return Table(name, columns, rights, former, column, {part: tuple(values) for part, values in only.items()})


def _rights(table: str, columns: tuple[str, ...], written: Sequence[str]) -> Rights:
    found = NONE
    for right in written:
        match = _RIGHT.fullmatch(right)
        if match is None:
            raise BadMatrix(f"{table}: {right!r} is no right; write SELECT, INSERT (a, b), UPDATE (all but c), DELETE.")
        named = frozenset((match["columns"] or "").split(", ")) if match["columns"] else frozenset(columns)
        if unknown := named - set(columns):
            raise BadMatrix(f"{table}: {right!r} names {', '.join(sorted(unknown))}, which is no column of it.")
        found |= _right(match["act"], frozenset(columns) - named if match["but"] else named)
    return found


def _right(act: str, columns: frozenset[str]) -> Rights:
    match act:
        case "SELECT":
            return Rights(select=columns)
        case "INSERT":
            return Rights(insert=columns)
        case "UPDATE":
            return Rights(update=columns)
    return Rights(delete=True)
