"""A scope: one board, one period of it, one segment of its people; and the SQL condition that leads along an index."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from apps.gamification.decide.boards import ARCHETYPES, BOARDS, CODES, Board, beginning, following

# `archetype` is the asking person's own.
Segment = Literal["everyone", "vip", "archetype"]
SEGMENTS: tuple[Segment, ...] = ("everyone", "vip", "archetype")
# How long rows of ended periods are kept, to be looked at and corrected.
KEPT_DAYS = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """Which list is meant. `segment` is everyone, vip, or the name of an archetype."""

    board: Board
    period: date
    segment: str = "everyone"

    @property
    def key(self) -> str:
        """The name of its sorted set; the braces keep it and its shadow in one slot of a cluster."""
        return f"diana:board:{{{self.board}:{self.period}:{self.segment}}}"

    def condition(self, now: datetime) -> tuple[str, list[Any]]:
        """Return the SQL that holds for its rows, and its parameters; VIP is who has it now."""
        sql = "board = %s AND period = %s AND shown AND score > 0"
        values: list[Any] = [CODES[self.board], self.period]
        if self.segment == "vip":
            return f"{sql} AND vip_until > %s", [*values, now]
        if self.segment != "everyone":
            return f"{sql} AND archetype = %s", [*values, self.segment]
        return sql, values


def scope_of(board: Board, now: datetime, segment: str = "everyone") -> Scope:
    """Return the scope of the board's period that `now` lies in."""
    return Scope(board, beginning(board, now.astimezone(UTC).date()), segment)


def current_scopes(now: datetime, boards: tuple[Board, ...] = BOARDS) -> list[Scope]:
    """Return every scope that somebody may look at now."""
    segments = ("everyone", "vip", *ARCHETYPES)
    return [scope_of(board, now, segment) for board in boards for segment in segments]


def end_of(board: Board, period: date) -> datetime:
    """Return the moment with which the period is over."""
    return datetime.combine(following(board, period), time(), UTC)


def week_of(now: datetime) -> date:
    """Return the Monday, in UTC, with which the week began."""
    return beginning("weekly", now.astimezone(UTC).date())
