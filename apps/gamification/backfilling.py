"""What lies back, seen with the eyes of an achievement: who would have it, and giving it to them.

The log is read lane by lane, in stretches, and folded through the same code that decides live; a stretch of people at a
time is kept in memory. What was not handled yet is left to the award subscriber.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from apps.gamification.awards import SUBSCRIBER, fact_of
from apps.gamification.decide.achievements.combining import Composite
from apps.gamification.decide.achievements.definitions import Definition
from apps.gamification.decide.achievements.evaluation import Achievements, had
from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import Seen
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import EPOCH, Fact, microseconds
from apps.gamification.decide.folding import fold
from apps.gamification.decide.levels import CURRENT_TABLE
from apps.gamification.decide.outcomes import AchievementUnlocked, Outcome
from apps.gamification.decide.state import State, decode
from apps.gamification.loading import array_text
from apps.gamification.models import Unlock
from diana.events import Envelope
from diana.events.envelope import COLUMNS
from diana.events.lanes import LANES, lane_of
from diana.events.models import Cursor, Failure

# People whose marks are in memory at once, and rows of the log read at once.
PEOPLE = 50_000
ROWS = 5_000
# Accounts that are looked at, and locked, at once.
BATCH = 200
SUSPENSIONS = frozenset({"admin.user_suspended", "admin.user_unsuspended"})

Progress = Callable[[int, int], None]


class Found(NamedTuple):
    """A tier that somebody has deserved, and when (microseconds since 1970)."""

    achievement: str
    version: int
    tier: str
    period: str
    at: int


@dataclass
class Past:
    """What the log says of one person: marks of a state of their own, and the tiers found on the way."""

    standing: Standing
    found: list[Found] = field(default_factory=list)

    @property
    def marks(self) -> dict[str, Mark]:
        """How far they have come with each."""
        return self.standing.state.marks


class Stretch(NamedTuple):
    """People of one lane with their pasts up to a position of the log."""

    lane: int
    upto: int
    pasts: dict[int, Past]


class Reader:
    """Folds the log for some achievements, by their newest versions, whatever the date these begin at."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        ever = [msgspec.structs.replace(d, active_from=EPOCH) for d in definitions]
        # Others are looked at in the end, when it is known what was unlocked.
        self.composites = [(d, d.strategy) for d in ever if isinstance(d.strategy, Composite)]
        self.measured = [d for d in ever if d.strategy.measured]
        self.folded = [d for d in ever if not isinstance(d.strategy, Composite) and not d.strategy.measured]
        self.definitions = {d.key: d for d in ever}
        self._achievements = Achievements(self.folded)
        wanted = {t.type for d in self.folded for t in d.strategy.triggers()}
        self._types = sorted(wanted | SUSPENSIONS if wanted else wanted)

    def stretches(
        self, *, people: int = PEOPLE, most: int | None = None, progress: Progress | None = None
    ) -> Iterator[Stretch]:
        """Yield everyone with an account, folded up to where the award subscriber has come in their lane.

        At most `most` people in all. `progress` is told how many people of how many are done.
        """
        everyone = _people_by_lane(most)
        total, done = sum(map(len, everyone.values())), 0
        for lane, ids in everyone.items():
            upto = _handled_up_to(lane)
            rest = iter(ids)
            while some := list(islice(rest, people)):
                pasts = {person: Past(Standing(person, 0, 0, 0, b"", State())) for person in some}
                for envelope in self._read(lane, 0, upto, set(some)):
                    self._fold(pasts, envelope)
                done += len(some)
                if progress:
                    progress(done, total)
                yield Stretch(lane, upto, pasts)

    def catch_up(self, stretch: Stretch, standings: Mapping[int, Standing]) -> None:
        """Fold what these people did since. They must be locked: what their lane handled up to the last of them is all."""
        upto = max(standing.state.position for standing in standings.values())
        for envelope in self._read(stretch.lane, stretch.upto, upto, set(standings)):
            self._fold(stretch.pasts, envelope)

    def judged(self, past: Past, standing: Standing, now: datetime) -> list[Found]:
        """Return all that the person has deserved: what the log showed, and what the account shows as it stands."""
        at = microseconds(now)
        moment = Seen(Fact(0, _NOBODY, "", at, 0, 0, {}), past.standing, 0, CURRENT_TABLE)
        past.standing.lifetime = standing.lifetime
        found = list(past.found)
        for definition in self.measured:
            outcomes: list[Outcome] = []
            self._achievements.measure(definition, moment, outcomes)
            found += _unlocks(outcomes, at)
        return found + self._composed(past, standing.state, at)

    def _composed(self, past: Past, present: State, at: int) -> list[Found]:
        """Judge composites by what is held now or was just found; those of composites too."""
        found: list[Found] = []
        view = State(unlocked={key: list(tiers) for key, tiers in present.unlocked.items()})
        for key, tiers in past.standing.state.unlocked.items():
            lost = present.revoked.get(key, ())
            view.unlocked[key] = [*view.unlocked.get(key, ()), *(tier for tier in tiers if tier not in lost)]
        for _round in self.composites:
            for definition, composite in self.composites:
                mark = Mark(sum(part.held(view) for part in composite.parts))
                if mark.value:
                    past.marks[definition.key] = mark
                for tier in composite.reached(mark, definition.tiers):
                    one = Found(definition.key, definition.version, tier.tier, "", at)
                    if one not in found:
                        found.append(one)
                        view.unlocked[one.achievement] = [*view.unlocked.get(one.achievement, ()), one.tier]
        return found

    def _fold(self, pasts: Mapping[int, Past], envelope: Envelope) -> None:
        past = pasts[envelope.user_id or 0]
        fact = fact_of(envelope)
        if fact.type in SUSPENSIONS:
            fold(past.standing.state, fact)
        outcomes = self._achievements.evaluate(Seen(fact, past.standing, 0, CURRENT_TABLE))
        past.found += _unlocks(outcomes, fact.at)

    def _read(self, lane: int, after: int, upto: int, people: set[int]) -> Iterator[Envelope]:
        """Yield what these people did in a stretch of their lane, in order, but what failed and waits."""
        waiting = _waiting(lane) if self._types else set()
        while self._types and after < upto:
            with connection.cursor() as cursor:
                cursor.execute(_READ, [lane, after, upto, self._types, ROWS])
                rows = [Envelope(*row) for row in cursor.fetchall()]
            yield from (e for e in rows if e.user_id in people and e.position not in waiting)
            if len(rows) < ROWS:
                return
            after = rows[-1].position


_READ = (
    f"SELECT {COLUMNS} FROM event_log WHERE lane = %s AND id > %s AND id <= %s AND type = ANY(%s) ORDER BY id LIMIT %s"
)
_NOBODY = UUID(int=0)


# Without locks: what is written meanwhile may be seen or not.
_STANDINGS = """
SELECT person_id, lifetime, document::text FROM gamification_account JOIN gamification_progress ON account_id = person_id
WHERE person_id = ANY(%s::bigint[])
"""


def survey(
    reader: Reader, now: datetime, *, most: int | None = None, progress: Progress | None = None
) -> Iterator[tuple[int, list[Found], list[Found]]]:
    """Yield each person with all that they have deserved, and what of it they do not have yet. Locks and writes nothing."""
    for stretch in reader.stretches(most=most, progress=progress):
        ids = iter(stretch.pasts)
        while some := list(islice(ids, BATCH)):
            with connection.cursor() as cursor:
                cursor.execute(_STANDINGS, [array_text(some)])
                standings = {p: Standing(p, 0, lifetime, 0, b"", decode(text)) for p, lifetime, text in cursor}
            known = known_periods(reader, some)
            for person, standing in standings.items():
                found = reader.judged(stretch.pasts[person], standing, now)
                yield person, found, missing(found, standing.state, person, known)


def missing(found: Sequence[Found], state: State, person: int, known: set[tuple[int, str, str, str]]) -> list[Found]:
    """Return what of it the person never had: by the state, and of those with periods by the unlocks that are known."""
    return [
        one
        for one in found
        if not (
            (person, one.achievement, one.tier, one.period) in known
            if one.period
            else had(state, one.achievement, one.tier)
        )
    ]


def known_periods(reader: Reader, people: Sequence[int]) -> set[tuple[int, str, str, str]]:
    """Return person, achievement, tier and period of the repeatable ones that these people have or had."""
    keys = [key for key, definition in reader.definitions.items() if definition.repeatable]
    if not keys:
        return set()
    rows = Unlock.objects.filter(account_id__in=people, achievement_id__in=keys)
    return set(rows.values_list("account_id", "achievement_id", "tier", "period"))


def _unlocks(outcomes: Sequence[Outcome], at: int) -> list[Found]:
    return [
        Found(o.achievement, o.version, o.tier, o.period, at) for o in outcomes if isinstance(o, AchievementUnlocked)
    ]


def _people_by_lane(most: int | None) -> dict[int, list[int]]:
    """Return the ids of all accounts, or of the first so many, by lane."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM gamification_account ORDER BY person_id LIMIT %s", [most])
        lanes: dict[int, list[int]] = {lane: [] for lane in range(LANES)}
        while rows := cursor.fetchmany(10_000):
            for (person,) in rows:
                lanes[lane_of(str(person))].append(person)
    return lanes


def _handled_up_to(lane: int) -> int:
    found = Cursor.objects.filter(subscriber=SUBSCRIBER, lane=lane).values_list("position", flat=True).first()
    return found or 0


def _waiting(lane: int) -> set[int]:
    """Return the positions of events that are not handled although the cursor has passed them."""
    done = (Failure.Status.DONE,)
    failed = Failure.objects.filter(subscriber=SUBSCRIBER, lane=lane).exclude(status__in=done)
    return set(failed.values_list("position", flat=True))
