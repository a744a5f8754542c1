"""The balance and the last entries, each with its why."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.bot.screens.layout import Screen, navigation
from apps.bot.screens.words import bonus, entry_title, note


class Line(NamedTuple):
    """An entry. `bonuses` are keys with basis points; `note` says, in the ledger's word, why it is nothing or less."""

    amount: int
    kind: str
    rule: str
    title: str
    base: int
    bonuses: Sequence[tuple[str, int]] = ()
    note: str = ""


def points(*, person_id: int, balance: int, level: int, lines: Sequence[Line]) -> Screen:
    """Show the balance, and where the last points came from."""
    head = (
        "<b>" + _("Balance: %(balance)s") % {"balance": balance} + "</b> · " + _("level %(level)s") % {"level": level}
    )
    parts = [head, ""]
    parts += [_entry(line) for line in lines] or [_("No points yet. Start with /daily.")]
    return Screen("points", "\n".join(parts), navigation(person_id, here="points"))


def _entry(line: Line) -> str:
    why = _why(line)
    title = entry_title(line.kind, line.rule, line.title)
    return f"<b>{line.amount:+d}</b> {title}" + (f" – {why}" if why else "")


def _why(line: Line) -> str:
    """Say how the amount came about."""
    parts = [_("base %(base)s") % {"base": line.base}, *(bonus(*pair) for pair in line.bonuses)] if line.bonuses else []
    if line.note:
        parts.append(note(line.note))
    return " · ".join(parts)
