"""The boards: who leads over all and this week, and where the one who asks stands."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.bot.screens.layout import Screen, display_name, navigation


class Row(NamedTuple):
    """A place on a board; people of equal points share a rank."""

    rank: int
    person_id: int
    name: str
    points: int


class Board(NamedTuple):
    """The first places and one's own rank; None while one has no points there."""

    rows: Sequence[Row]
    own_rank: int | None


def top(*, person_id: int, total: Board, weekly: Board) -> Screen:
    """Show both boards."""
    parts = [_board(_("All time"), total, person_id), _board(_("This week"), weekly, person_id)]
    return Screen("top", "\n\n".join(parts), navigation(person_id, here="top"))


def _board(title: str, board: Board, person_id: int) -> str:
    lines = [f"<b>{title}</b>"]
    lines += [_row(row, mine=row.person_id == person_id) for row in board.rows]
    if not board.rows:
        lines.append(_("Nobody yet: be the first."))
    if board.own_rank is None:
        lines.append(_("You are not on this board yet."))
    else:
        lines.append(_("Your rank: %(rank)s") % {"rank": board.own_rank})
    return "\n".join(lines)


def _row(row: Row, *, mine: bool) -> str:
    text = f"{row.rank}. {display_name(row.name, row.person_id)} – {row.points}"
    return f"<b>{text}</b>" if mine else text
