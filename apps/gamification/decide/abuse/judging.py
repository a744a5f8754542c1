"""All detectors together: which look at an act, and what it comes to if one of them finds it suspicious."""

from typing import Any, NamedTuple, Protocol

from apps.gamification.decide.abuse import fast_answers, long_session, rapid_fire, referral_burst, same_content
from apps.gamification.decide.abuse.config import Detectors
from apps.gamification.decide.abuse.hits import Hit, Memory
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.state import State


class Watch(Protocol):
    """A detector: moves the account's memory on by one act, and answers if that is one too many."""

    def __call__(self, config: Any, memory: Memory, fact: Fact, /) -> Hit | None:
        """Look at one act."""


# A new detector is a module, its configuration in config.py, and a line here.
DETECTORS: dict[str, tuple[frozenset[str], Watch]] = {
    "fast_answers": (fast_answers.TYPES, fast_answers.watch),
    "long_session": (long_session.TYPES, long_session.watch),
    "rapid_fire": (rapid_fire.TYPES, rapid_fire.watch),
    "referral_burst": (referral_burst.TYPES, referral_burst.watch),
    "same_content": (same_content.TYPES, same_content.watch),
}


def by_type(detectors: dict[str, tuple[frozenset[str], Watch]]) -> dict[str, list[tuple[str, Watch]]]:
    """Return which detectors look at acts of each type. Money is never looked at: what was paid for is given."""
    types = frozenset[str]().union(*(types for types, _ in detectors.values()))
    return {
        event_type: [(name, watch) for name, (watched, watch) in detectors.items() if event_type in watched]
        for event_type in sorted(types)
        if not event_type.startswith("payment.")
    }


BY_TYPE = by_type(DETECTORS)
# What a flag holds at most; whoever goes on earns nothing, so that a script cannot fill the tables.
HELD_AT_MOST = 500


class Verdict(NamedTuple):
    """What the detectors make of an act. `flag` is the place in the log of the event that raised the flag, 0 without one.

    `suppressed_by` and `held_by` name the detector that takes the points away or has them wait; `opened` says that the
    flag was raised by this act.
    """

    suppressed_by: str = ""
    held_by: str = ""
    flag: int = 0
    score: int = 0
    since: int = 0
    opened: bool = False


def judge(state: State, fact: Fact, detectors: Detectors) -> Verdict | None:
    """Let every detector that is on look at the act; None if nobody minds. Moves the state on.

    Suppressing outdoes holding. Of several that flag, the first by name has the flag.
    """
    looking = BY_TYPE.get(fact.type)
    if looking is None or not detectors.watching:
        return None
    suppressed_by, flagged_by, found = "", "", Hit(0, 0)
    for name, watch in looking:
        config = getattr(detectors, name)
        if config.action == "off":
            continue
        hit = watch(config, state.watch, fact)
        if hit is None:
            continue
        if config.action == "suppress":
            suppressed_by = suppressed_by or name
        elif not flagged_by:
            flagged_by, found = name, hit
    if flagged_by:
        return _flagged(state, fact, flagged_by, found, suppressed_by)
    return Verdict(suppressed_by=suppressed_by) if suppressed_by else None


def _flagged(state: State, fact: Fact, detector: str, hit: Hit, suppressed_by: str) -> Verdict:
    """Raise the detector's flag, or find it raised already."""
    opened = detector not in state.flags
    flag, held = state.flags.get(detector, (fact.position, 0))
    full = held >= HELD_AT_MOST
    state.flags[detector] = [flag, held if full or suppressed_by else held + 1]
    return Verdict(
        suppressed_by=suppressed_by or (detector if full else ""),
        held_by=detector,
        flag=flag,
        score=hit.score,
        since=hit.since,
        opened=opened,
    )
