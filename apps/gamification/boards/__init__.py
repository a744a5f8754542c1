"""Who leads: lists and ranks by board, period and segment; the cache of ranks; the end of periods."""

from apps.gamification.boards.places import Look, Place, around, ends_at, look, rank_of, top
from apps.gamification.boards.scope import Segment, week_of
from apps.gamification.decide.boards import BOARDS, PERIODIC, Board

__all__ = [
    "BOARDS",
    "PERIODIC",
    "Board",
    "Look",
    "Place",
    "Segment",
    "around",
    "ends_at",
    "look",
    "rank_of",
    "top",
    "week_of",
]
