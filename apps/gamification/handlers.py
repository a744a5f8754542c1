"""What points react to. One subscriber folds everything about an account, in order."""

from collections.abc import Sequence

from apps.gamification.awards import award
from diana.events import Envelope, subscribe

# Types that a rule pays for or that change what later awards are worth (decide/folding.py). An active rule for
# another type is an error of `manage.py check`.
AWARDED_TYPES = (
    "game.daily_login",
    "game.login",
    "game.message_sent",
    "game.streak_extended",
    "user.active_day",
    "vip.granted",
    "vip.revoked",
)


@subscribe(*AWARDED_TYPES, batch=True, ordered=True, start="beginning")
def award_points(envelopes: Sequence[Envelope]) -> None:
    """Award what the events earn; each account's events in their order, each once."""
    award(envelopes)
