"""The boards: who leads, on which one, among whom, and where the one who asks stands."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, callback_data, display_name, navigation
from apps.gamification.selectors import BOARDS, Board, Look, Segment

SEGMENTS: tuple[Segment, ...] = ("everyone", "vip", "archetype")
BOARDS_A_LINE = 4


class Row(NamedTuple):
    """A place on a board; people of equal points share a rank."""

    rank: int
    person_id: int
    name: str
    points: int


class Choice(NamedTuple):
    """What is looked at: a board, its segment, the first places or those around oneself."""

    board: Board = "total"
    segment: Segment = "everyone"
    around: bool = False

    @property
    def page(self) -> str:
        """The name that buttons carry."""
        return f"top.{self.board}.{self.segment}{'.me' if self.around else ''}"


FIRST = Choice()
CHOICES = [Choice(board, segment, around) for board in BOARDS for segment in SEGMENTS for around in (False, True)]


def top(
    *, person_id: int, choice: Choice, rows: Sequence[Row], own_rank: int | None, look: Look, unseen: bool = False
) -> Screen:
    """Show a board: a list, one's own rank or why there is none, buttons to all other boards. `unseen`: others read it, who
    must not see which place is the person's.
    """
    lines = [f"<b>{_title(choice)}</b>"]
    lines += [_row(row, mine=row.person_id == person_id and not unseen) for row in rows]
    lines += [] if unseen else _remarks(choice, rows, own_rank, look)
    return Screen("top", "\n".join(lines), _keyboard(person_id, choice))


def _title(choice: Choice) -> str:
    titles = {
        "total": _("All time: points"),
        "weekly": _("This week: points"),
        "monthly": _("This month: points"),
        "daily": _("Today: points"),
        "streak": _("Streaks: days in a row"),
        "narrative": _("Stories: chapters read"),
        "trivia": _("Trivia: correct answers"),
        "achievements": _("Achievements"),
    }
    among = {"everyone": "", "vip": _("among VIPs"), "archetype": _("among people who play like you")}[choice.segment]
    return f"{titles[choice.board]} · {among}" if among else titles[choice.board]


def _row(row: Row, *, mine: bool) -> str:
    text = f"{formats.number(row.rank)}. {display_name(row.name, row.person_id)} – {formats.number(row.points)}"
    return f"<b>{text}</b>" if mine else text


def _remarks(choice: Choice, rows: Sequence[Row], own_rank: int | None, look: Look) -> list[str]:
    """Say why a list is empty, and where oneself is."""
    if choice.segment == "archetype" and not look.archetype:
        return [_("How you like to play is not known yet: the quiz finds out.")]
    remarks = [_("Nobody yet: be the first.")] if not rows and not choice.around else []
    if own_rank is not None:
        return [*remarks, _("Your rank: %(rank)s") % {"rank": formats.number(own_rank)}]
    if not look.shown:
        return [*remarks, _("You do not show on boards.")]
    return [*remarks, _("You are not on this board yet.")]


def _keyboard(person_id: int, choice: Choice) -> InlineKeyboardMarkup:
    """Return the buttons: boards, segments, the other view, the other screens."""

    def button(label: str, to: Choice) -> InlineKeyboardButton:
        return InlineKeyboardButton(
            f"• {label}" if to == choice else label, callback_data=callback_data(to.page, "show", str(person_id))
        )

    boards = {
        "total": _("All time"),
        "weekly": _("This week"),
        "monthly": _("This month"),
        "daily": _("Today"),
        "streak": _("Streaks"),
        "narrative": _("Stories"),
        "trivia": _("Trivia"),
        "achievements": _("Achievements"),
    }
    segments = {"everyone": _("Everyone"), "vip": _("VIPs"), "archetype": _("Like me")}
    buttons = [button(boards[board], choice._replace(board=board)) for board in BOARDS]
    lines = [buttons[start : start + BOARDS_A_LINE] for start in range(0, len(buttons), BOARDS_A_LINE)]
    lines.append([button(segments[segment], choice._replace(segment=segment)) for segment in SEGMENTS])
    view = _("First places") if choice.around else _("Around me")
    lines.append([button(view, choice._replace(around=not choice.around))])
    return InlineKeyboardMarkup([*lines, *navigation(person_id, here="top").inline_keyboard])
