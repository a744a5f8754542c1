"""The balance and the last entries, each with its why."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, navigation
from apps.bot.screens.start import to_own_chat
from apps.bot.screens.words import bonus, entry_title, note


class Line(NamedTuple):
    """An entry. `bonuses` are keys with basis points; `note` says, in the ledger's word, why it is nothing or less.

    `factor_at_most` is the clamp in basis points where it cut the bonuses, else 0.
    """

    amount: int
    kind: str
    rule: str
    title: str
    base: int
    bonuses: Sequence[tuple[str, int]] = ()
    note: str = ""
    rule_version: int = 0
    factor_at_most: int = 0


def points(*, person_id: int, balance: int, level: int, lines: Sequence[Line]) -> Screen:
    """Show the balance, and where the last points came from."""
    parts = [_head(balance, level), ""]
    parts += [_entry(line) for line in lines] or [_("No points yet. Start with /daily.")]
    return Screen("points", "\n".join(parts), navigation(person_id, here="points"))


def short(*, level: int, balance: int | None, link: str) -> Screen:
    """Show what a group may read: balance and level; the level alone for who is not shown by name on boards."""
    text = _("Your level: %(level)s") % {"level": level} if balance is None else _head(balance, level)
    return Screen("points_short", text, to_own_chat(link))


def _head(balance: int, level: int) -> str:
    shown = _("Balance: %(balance)s") % {"balance": formats.number(balance)}
    return f"<b>{shown}</b> · " + _("level %(level)s") % {"level": level}


def _entry(line: Line) -> str:
    why = _why(line)
    title = entry_title(line.kind, line.rule, line.title)
    return f"<b>{formats.signed(line.amount)}</b> {title}" + (f" – {why}" if why else "")


def _why(line: Line) -> str:
    """Say how the amount came about: the rule, its base, each bonus, the clamp, what fell away."""
    parts: list[str] = []
    if line.kind in ("award", "suppressed"):
        parts = [_("base %(base)s") % {"base": formats.number(line.base)}, *(bonus(*pair) for pair in line.bonuses)]
    elif line.kind == "reversal":
        parts = [_("takes %(base)s back") % {"base": formats.signed(line.base)}]
    if line.factor_at_most:
        parts.append(_("at most ×%(factor)s") % {"factor": formats.factor(line.factor_at_most)})
    if line.note:
        parts.append(note(line.note, line.kind))
    if line.rule_version:
        parts.append(_("rule, version %(version)s") % {"version": line.rule_version})
    return " · ".join(parts)
