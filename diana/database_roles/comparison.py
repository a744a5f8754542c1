"""The matrix held against the catalogue: which rights are missing, which are there beside it. No database here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from diana.database_roles.catalogue import Catalogue
from diana.database_roles.matrix import NONE, Matrix


class Difference(NamedTuple):
    """What is otherwise for a role at a table, a sequence or the values of new rows; `former` rights are beside it for now."""

    role: str
    where: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [(self.missing, "may not"), (self.surplus, "may also"), (self.former, "may still")]
        return "; ".join(f"{self.role} {may} {', '.join(what)} on {self.where}" for what, may in said if what)


def compare(matrix: Matrix, roles: Mapping[str, Sequence[str]], found: Catalogue) -> list[Difference]:
    """Return the differences for these roles, each with the parts that it serves.

    Relations that the matrix does not name are left out: a later release may have made them, or an extension.
    """
    return [
        difference
        for role, parts in roles.items()
        for difference in (
            *_tables(matrix, role, parts, found),
            *_sequences(matrix, role, parts, found.sequences[role]),
            *_values(matrix, role, parts, found.only[role]),
        )
        if difference.missing or difference.surplus or difference.former
    ]


def unknown(matrix: Matrix, found: Catalogue) -> list[str]:
    """Return the tables and columns that only the catalogue knows, or only the matrix."""
    tables = next(iter(found.tables.values()))
    listed = {f"{table.name}.{column}" for table in matrix.tables.values() for column in table.columns}
    there = {f"{name}.{column}" for name, table in tables.items() for column in table.columns}
    return sorted(listed ^ there)


def _tables(matrix: Matrix, role: str, parts: Sequence[str], found: Catalogue) -> Iterator[Difference]:
    tables = found.tables[role]
    for name in matrix.tables:
        if name not in tables:
            yield Difference(role, name, missing=("anything (there is no such table)",))
            continue
        rights, beyond, columns = tables[name]
        wanted = matrix.rights(name, parts)
        too_much = rights.without(wanted)
        former = matrix.former(name, parts) if found.former else NONE
        yield Difference(
            role,
            name,
            tuple(wanted.without(rights).written(columns)),
            (*too_much.without(former).written(columns), *beyond),
            tuple(too_much.common(former).written(columns)),
        )


def _sequences(
    matrix: Matrix, role: str, parts: Sequence[str], found: Mapping[str, frozenset[str]]
) -> Iterator[Difference]:
    wanted = matrix.sequence_rights(parts)
    for name in sorted(set(found) | set(wanted)):
        has, needs = found.get(name, frozenset()), wanted.get(name, frozenset())
        yield Difference(role, name, tuple(sorted(needs - has)), tuple(sorted(has - needs)))


def _values(matrix: Matrix, role: str, parts: Sequence[str], found: frozenset[tuple[str, str]]) -> Iterator[Difference]:
    """Say for each table which values the role may give new rows otherwise than it should; no values at all mean any."""
    wanted = matrix.only(parts)
    for table in sorted({name for name, _ in wanted | found}):
        may = {value for name, value in found if name == table}
        should = {value for name, value in wanted if name == table}
        missing = (should - may if should else {"any value"}) if may else set()
        surplus = (may - should if may else {"any value"}) if should else set()
        yield Difference(role, f"new rows of {table}", tuple(sorted(missing)), tuple(sorted(surplus)))
