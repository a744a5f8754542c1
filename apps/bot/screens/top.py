"""The boards: who leads in a period, on which board, among whom, and where the one who asks stands."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, display_name, menu_button
from apps.bot.screens.words import duration
from apps.gamification.selectors import BOARDS, Board, Segment

SEGMENTS: tuple[Segment, ...] = ("everyone", "vip", "archetype")
PERIODS: tuple[Board, ...] = ("daily", "weekly", "monthly", "total")
OTHERS: tuple[Board, ...] = ("streak", "narrative", "trivia", "achievements")
MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}
# Why somebody has no rank; "" for who has one.
Absence = Literal["", "hidden", "not_shown", "not_vip", "no_archetype", "no_points"]


class Row(NamedTuple):
    """A place on a board; people of equal points share a rank."""

    rank: int
    person_id: int
    name: str
    points: int


class Choice(NamedTuple):
    """What is looked at: a board, its segment, the places from the top or those around oneself."""

    board: Board = "total"
    segment: Segment = "everyone"
    around: bool = False

    @property
    def page(self) -> str:
        """The name that buttons carry."""
        return f"top.{self.board}.{self.segment}{'.me' if self.around else ''}"


class View(NamedTuple):
    """What of a board is shown: its rows on page `number`, from 1, and whether there is another one; the rank of the one who
    asks or why there is none; how long the period lasts still, None for a board without periods.
    """

    rows: Sequence[Row]
    own_rank: int | None
    absence: Absence = ""
    ends_in: timedelta | None = None
    number: int = 1
    has_more: bool = False


FIRST = Choice()
CHOICES = [Choice(board, segment, around) for board in BOARDS for segment in SEGMENTS for around in (False, True)]


def top(*, person_id: int, choice: Choice, view: View, private: bool = True, unseen: bool = False) -> Screen:
    """Show a board: a list, one's own rank or why there is none, buttons to other periods and boards. `unseen`: others read it,
    who must not see which place is the person's.
    """
    lines = [f"<b>🏆 {_title(choice)}</b>"]
    if view.ends_in is not None:
        lines.append(_("Ends in %(time)s") % {"time": duration(view.ends_in)})
    lines += ["", *(_row(row, choice.board, mine=row.person_id == person_id and not unseen) for row in view.rows)]
    if not view.rows and not choice.around:
        lines.append(_("Nobody yet: the first place is free."))
    if unseen:
        # Nor does a button say whether they have a place: the other view leads to their own chat.
        view = view._replace(own_rank=1, absence="")
    else:
        lines += ["", _own(view)]
    return Screen("top", "\n".join(lines), _keyboard(person_id, choice, view, private))


def boards(*, person_id: int, choice: Choice) -> Screen:
    """Offer the other boards, and the people among whom one is ranked."""
    segments: dict[Segment, str] = {"everyone": _("Everyone"), "vip": _("VIPs"), "archetype": _("My style")}
    kinds: dict[Board, str] = {
        "total": "💠 " + _("Points"),
        "streak": "🔥 " + _("Streaks"),
        "narrative": "📖 " + _("Stories"),
        "trivia": "❓ " + _("Trivia"),
        "achievements": "🏅 " + _("Achievements"),
    }
    first = [
        _to(person_id, choices.marked(label, segment == choice.segment), choice._replace(segment=segment))
        for segment, label in segments.items()
    ]
    others = [_to(person_id, label, choice._replace(board=board)) for board, label in kinds.items()]
    others += [_to(person_id, "‹ " + _("Back"), choice), menu_button(person_id)]
    lines = ["<b>🏆 " + _("Other boards") + "</b>", "", _("Among whom, and in what?")]
    rows = [first, *(others[start : start + 2] for start in range(0, len(others), 2))]
    return Screen("boards", "\n".join(lines), InlineKeyboardMarkup(rows))


def appears(*, person_id: int, alias: str) -> Screen:
    """Say that boards show the person again."""
    text = _("Boards show you as %(alias)s from now on. /settings changes that.")
    top_button = choices.button("🏆 " + _("Boards"), "top", "show", person_id)
    shown = text % {"alias": display_name(alias, person_id)}
    return Screen("top_appears", shown, InlineKeyboardMarkup([[top_button, menu_button(person_id)]]))


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


def _row(row: Row, board: Board, *, mine: bool) -> str:
    place = MEDALS.get(row.rank, f"{formats.number(row.rank)}.")
    text = f"{place} {display_name(row.name, row.person_id)} – {_counted(board, row.points)}"
    return f"<b>{text}</b>" if mine else text


def _counted(board: Board, n: int) -> str:
    match board:
        case "streak":
            text = ngettext("%(count)s day", "%(count)s days", n)
        case "narrative":
            text = ngettext("%(count)s chapter", "%(count)s chapters", n)
        case "trivia":
            text = ngettext("%(count)s answer", "%(count)s answers", n)
        case "achievements":
            text = ngettext("%(count)s achievement", "%(count)s achievements", n)
        case _:
            text = ngettext("%(count)s point", "%(count)s points", n)
    return text % {"count": formats.number(n)}


def _own(view: View) -> str:
    """Say where the one who asks stands, or why nowhere."""
    if view.own_rank is not None:
        return _("Your rank: %(rank)s") % {"rank": formats.number(view.own_rank)}
    match view.absence:
        case "hidden":
            return _("You are hidden, so you are on no board.")
        case "not_shown":
            return _("Your account is on no board at the moment.")
        case "not_vip":
            return _("Only VIPs are on this board.")
        case "no_archetype":
            return _("How you like to play is not known yet: the quiz finds out.")
    return _("You are not on this board yet: you have nothing that counts here.")


def _keyboard(person_id: int, choice: Choice, view: View, private: bool) -> InlineKeyboardMarkup:
    """Return the buttons: periods, the other view, other boards, pages, what brings one onto the board, the menu."""
    rows: list[list[InlineKeyboardButton]] = []
    if choice.board in PERIODS:
        labels = {"daily": _("Today"), "weekly": _("This week"), "monthly": _("This month"), "total": _("All time")}
        periods = [
            _to(person_id, choices.marked(labels[board], board == choice.board), choice._replace(board=board))
            for board in PERIODS
        ]
        rows += [periods[:2], periods[2:]]
    other = _("First places") if choice.around else _("Around me")
    shown = [_to(person_id, other, choice._replace(around=not choice.around))] if _has_around(choice, view) else []
    rows.append([*shown, choices.button(_("Other boards"), "boards", "show", person_id, choice.board, choice.segment)])
    if pages := _pages(person_id, choice, view):
        rows.append(pages)
    last = _remedy(person_id, choice, view, private)
    return InlineKeyboardMarkup([*rows, [*last, menu_button(person_id)]])


def _has_around(choice: Choice, view: View) -> bool:
    """Say whether the other view shows something: there is nobody around who has no place."""
    return choice.around or view.own_rank is not None


def _pages(person_id: int, choice: Choice, view: View) -> list[InlineKeyboardButton]:
    pages = []
    if view.number > 1:
        pages.append(_to(person_id, "‹ " + _("Higher"), choice, view.number - 1))
    if view.has_more:
        pages.append(_to(person_id, _("Lower") + " ›", choice, view.number + 1))
    return pages


def _remedy(person_id: int, choice: Choice, view: View, private: bool) -> list[InlineKeyboardButton]:
    """Return a button to what changes that one is not on the board; in a group only to what can be shown there."""
    match view.absence:
        case "hidden" if private:
            return [choices.button("👁 " + _("Show me"), "top", "appear", person_id)]
        case "not_vip" if private:
            return [choices.button("⭐ " + _("VIP"), "vip", "show", person_id)]
        case "no_archetype" if private:
            return [choices.button("🎭 " + _("Quiz"), "quiz", "show", person_id)]
        case "no_points":
            return _play(person_id, choice.board)
    return []


def _play(person_id: int, board: Board) -> list[InlineKeyboardButton]:
    match board:
        case "narrative":
            return [choices.button("📖 " + _("Stories"), "story", "show", person_id)]
        case "trivia":
            return [choices.button("❓ " + _("Trivia"), "trivia", "show", person_id)]
        case "achievements":
            return [choices.button("🏅 " + _("Achievements"), "achievements", "show", person_id)]
    return [choices.button("🎁 " + _("Today's reward"), "daily", "take", person_id)]


def _to(person_id: int, label: str, choice: Choice, number: int = 1) -> InlineKeyboardButton:
    args = (number,) if number > 1 else ()
    return choices.button(label, choice.page, "show", person_id, *args)
