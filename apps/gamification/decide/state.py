"""What an account remembers beside its points: counts of limits, the daily cap, streak, VIP. Stored as one document."""

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.streaks import Streak

# Windows so far behind are forgotten; Telegram repeats an update for a day at most.
KEPT_DAYS = 3
KEPT_HOURS = 24 * KEPT_DAYS
MONTH_DAYS = 30

DAY = 86_400_000_000

Windows = dict[int, int]


class State(msgspec.Struct, omit_defaults=True):
    """The document of one account. Field by field: name of a limit -> number of the window -> count.

    `position` is the highest place in the log that was handled; `capped` the base points counted towards the daily
    cap by local date; `suppressed` what was taken away by rule and hour. Moments are microseconds since 1970, days
    and hours numbers since then. `cooling` is the moment of the last award by name of a limit. `streak_days` counts the
    dates with an act of the running streak (0: none), `streak_day` is the last date that it covers; both follow from
    `streak`. `marks` is the way come with each achievement, `unlocked` the tiers held of it, `revoked` those that were
    taken back. `vip_until` is the end of what VIP gives, grace and all. `watch` is what the detectors of abuse remember,
    `flags` their open flags: the place in the log of the event that raised it, and how many acts it holds.
    """

    position: int = 0
    swept: int = 0
    hours: dict[str, Windows] = {}
    days: dict[str, Windows] = {}
    months: dict[str, Windows] = {}
    ever: dict[str, int] = {}
    capped: Windows = {}
    suppressed: dict[str, Windows] = {}
    streak_days: int = 0
    streak_day: int = 0
    vip_until: int = 0
    suspended_until: int = 0
    bonuses: dict[str, int] = {}
    cooling: dict[str, int] = {}
    streak: Streak | None = None
    marks: dict[str, Mark] = {}
    unlocked: dict[str, list[str]] = {}
    revoked: dict[str, list[str]] = {}
    # What boards show (boards.py): digests of chapters read, counts, and how the person is seen.
    chapters: list[str] = []
    correct_answers: int = 0
    unlocks: int = 0
    visibility: str = ""
    away: bool = False
    shown: bool = True
    archetype: str = ""
    watch: dict[str, list[int]] = {}
    flags: dict[str, list[int]] = {}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(State)


def encode(state: State) -> str:
    """Return the document as JSON text."""
    return _encoder.encode(state).decode()


def decode(document: str | bytes) -> State:
    """Return the state of a document; one written by older code lacks what was not known then."""
    return _decoder.decode(document)


def sweep(state: State, day: int, hour: int) -> None:
    """Forget windows that lie too far behind; does something once per local date."""
    if day <= state.swept:
        return
    state.swept = day
    state.hours = _swept(state.hours, hour - KEPT_HOURS)
    state.suppressed = _swept(state.suppressed, hour - KEPT_HOURS)
    state.days = _swept(state.days, day - KEPT_DAYS)
    state.months = _swept(state.months, day - MONTH_DAYS)
    if state.cooling:
        oldest = (day - MONTH_DAYS) * DAY
        state.cooling = {name: at for name, at in state.cooling.items() if at >= oldest}
    state.capped = {window: count for window, count in state.capped.items() if window >= day - KEPT_DAYS}


def _swept(counts: dict[str, Windows], oldest: int) -> dict[str, Windows]:
    kept = {name: {w: count for w, count in windows.items() if w >= oldest} for name, windows in counts.items()}
    return {name: windows for name, windows in kept.items() if windows}
