"""The balance and the entries that moved it, page by page; and why each is what it is."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.bars import way_up
from apps.bot.screens.layout import Screen, menu_button
from apps.bot.screens.start import to_own_chat
from apps.bot.screens.words import bonus, entry_title, note


class Line(NamedTuple):
    """An entry; `at` by the clock of the person. `bonuses` are keys with basis points; `note` says, in the ledger's word, why it
    is less. `factor_at_most` is the clamp in basis points where it cut the bonuses, else 0.
    """

    at: datetime
    amount: int
    kind: str
    rule: str
    title: str
    base: int
    bonuses: Sequence[tuple[str, int]] = ()
    note: str = ""
    rule_version: int = 0
    factor_at_most: int = 0


class Standing(NamedTuple):
    """The balance and the level: points since it began, points to the next one, None at the highest."""

    balance: int
    level: int
    in_level: int
    to_next_level: int | None


class Page(NamedTuple):
    """A page of entries, the newest first, on the person's date `today`. `here`, `older` and `newer` are what buttons carry: the
    numbers of the entries with which this page and those beside it begin; None for the newest entries, and for no page.
    """

    lines: Sequence[Line]
    today: date
    here: int | None = None
    older: int | None = None
    newer: int | None = None


def points(*, person_id: int, standing: Standing, page: Page) -> Screen:
    """Show the balance, the way to the next level, and where points came from."""
    parts = [_head(standing.balance, standing.level)]
    parts.append(f"{way_up(standing.in_level, standing.to_next_level)} {_to_next(standing.to_next_level)}")
    if not page.lines:
        parts += ["", _("No points yet. Start with /daily.")]
        return Screen("points", "\n".join(parts), InlineKeyboardMarkup([[menu_button(person_id)]]))
    for day, lines in _by_day(page.lines):
        parts += ["", f"<b>{_day(day, page.today)}</b>", *map(_entry, lines)]
    why = choices.button(_("Why?"), "why", "show", person_id, *_carried(page.here))
    rows = [*_turns(person_id, "points", page), [why, menu_button(person_id)]]
    return Screen("points", "\n".join(parts), InlineKeyboardMarkup(rows))


def why(*, person_id: int, page: Page) -> Screen:
    """Show of the same entries how each came about: rule, base, bonuses, what fell away."""
    parts = ["<b>" + _("Why these points") + "</b>"]
    for day, lines in _by_day(page.lines):
        parts += ["", f"<b>{_day(day, page.today)}</b>"]
        parts += [_entry(line) + (f"\n   {said}" if (said := _why(line)) else "") for line in lines]
    back = choices.button("‹ " + _("Points"), "points", "show", person_id, *_carried(page.here))
    rows = [*_turns(person_id, "why", page), [back, menu_button(person_id)]]
    return Screen("why", "\n".join(parts), InlineKeyboardMarkup(rows))


def _turns(person_id: int, screen: str, page: Page) -> list[list[InlineKeyboardButton]]:
    """Return a row of buttons to the pages beside, no row if there are none."""
    row = []
    if page.newer is not None:
        row.append(choices.button("‹ " + _("Newer"), screen, "show", person_id, page.newer))
    if page.older is not None:
        row.append(choices.button(_("Older") + " ›", screen, "show", person_id, page.older))
    return [row] if row else []


def _carried(here: int | None) -> tuple[int, ...]:
    return () if here is None else (here,)


def _by_day(lines: Sequence[Line]) -> Iterator[tuple[date, list[Line]]]:
    for day in dict.fromkeys(line.at.date() for line in lines):
        yield day, [line for line in lines if line.at.date() == day]


def _day(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    return _("Yesterday") if day == today - timedelta(days=1) else formats.day(day)


def _to_next(points: int | None) -> str:
    if points is None:
        return _("You are at the highest level.")
    text = ngettext("%(count)s point to the next level", "%(count)s points to the next level", points)
    return text % {"count": formats.number(points)}


def short(*, level: int, balance: int | None, link: str) -> Screen:
    """Show what a group may read: balance and level; the level alone for who is not shown by name on boards."""
    text = _("Your level: %(level)s") % {"level": level} if balance is None else _head(balance, level)
    return Screen("points_short", text, to_own_chat(link))


def _head(balance: int, level: int) -> str:
    shown = _("Balance: %(balance)s") % {"balance": formats.number(balance)}
    return f"<b>{shown}</b> · " + _("level %(level)s") % {"level": level}


def _entry(line: Line) -> str:
    title = entry_title(line.kind, line.rule, line.title)
    return f"{formats.clock_time(line.at)} <b>{formats.signed(line.amount)}</b> {title}"


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
