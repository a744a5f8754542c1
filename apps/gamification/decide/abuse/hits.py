"""What a detector answers, and what all of them have in common: how one is configured, whose acts are people's own."""

from typing import Literal, NamedTuple

# off: it does not look. suppress: the act earns nothing. flag: staff decide, and until then the points are held.
Action = Literal["off", "suppress", "flag"]

# What one person has done, as the detectors remember it: name -> numbers.
Memory = dict[str, list[int]]

# Acts that take a person one tap or message each. Outcomes, several of which may follow from one act, are none of them.
ACTS = frozenset(
    {
        "game.challenge_completed",
        "game.community_participation",
        "game.daily_login",
        "game.message_sent",
        "game.trivia_completed",
        "narrative.chapter_completed",
        "narrative.decision_made",
    }
)


class Hit(NamedTuple):
    """A detector finds this act suspicious: what it counted, and when (microseconds since 1970) the first of it was."""

    score: int
    since: int
