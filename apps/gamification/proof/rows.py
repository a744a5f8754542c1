"""Checkpoints in their table."""

from collections.abc import Iterator

from apps.gamification.decide.facts import microseconds, moment_of
from apps.gamification.proof.books import LEDGER, Book
from apps.gamification.proof.checkpoints import BINARY, Checkpoint, of_values
from diana.bulk import insert_row

_COLUMNS = {
    "number": "int8",
    "previous": "bytea",
    "after_id": "int8",
    "last_id": "int8",
    "entries": "int8",
    "total": "int8",
    "accounts": "int8",
    "entries_root": "bytea",
    "heads_root": "bytea",
    "sealed_at": "timestamptz",
    "resumes": "int8",
    "key_id": "text",
    "signature": "bytea",
    "hash": "bytea",
    "entry_index": "bytea",
}
_FIELDS = Checkpoint.__struct_fields__


def last(book: Book = LEDGER) -> Checkpoint | None:
    """Return the newest checkpoint."""
    return next(after(None, book), None)


def after(number: int | None, book: Book = LEDGER) -> Iterator[Checkpoint]:
    """Yield the checkpoints above the number in their order; with None the newest alone."""
    stored = book.model._default_manager.all()
    rows = stored.order_by("-number")[:1] if number is None else stored.filter(number__gt=number).order_by("number")
    for values in rows.values(*_FIELDS).iterator(chunk_size=500):
        times = {"sealed_at": microseconds(values["sealed_at"])}
        yield of_values(values | times | {name: bytes(values[name]) for name in BINARY}, book.checkpoint)


def index_of(number: int, book: Book = LEDGER) -> bytes:
    """Return the index that the checkpoint keeps of its entries; empty if the row is gone."""
    found = book.model._default_manager.filter(pk=number).values_list("entry_index", flat=True).first()
    return b"" if found is None else bytes(found)


def add(checkpoint: Checkpoint, index: bytes, book: Book = LEDGER) -> None:
    """Append the row; the database refuses one that does not continue the last."""
    fields = {name: getattr(checkpoint, name) for name in _FIELDS}
    fields |= {"sealed_at": moment_of(checkpoint.sealed_at)}
    insert_row(book.model._meta.db_table, _COLUMNS, [*fields_in_order(fields), checkpoint.hash, index])


def fields_in_order(fields: dict[str, object]) -> list[object]:
    """Return the values in the order of the columns."""
    return [fields[name] for name in _FIELDS]
