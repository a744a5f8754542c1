"""Giving achievements to those who deserved them before these were there: quietly, and each once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _

from apps.gamification import backfilling, events, loading, storing, unlocks
from apps.gamification.backfilling import Found, Reader, Stretch
from apps.gamification.decide.achievements.definitions import Definition
from apps.gamification.decide.achievements.evaluation import unlock
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import moment_of
from apps.gamification.services.errors import UnknownAchievement
from diana import audit
from diana.events import Publication, publish_many
from diana.events.identifiers import uuid7


@dataclass
class Backfill:
    """What was given, or would be: by achievement and tier; whose marks were put right; the most for one person."""

    people: int = 0
    unlocked: Counter[tuple[str, str]] = field(default_factory=Counter)
    marks: int = 0
    most_for_one: int = 0

    def add(self, new: Sequence[Found]) -> None:
        """Count one person."""
        self.people += 1
        self.unlocked.update((one.achievement, one.tier) for one in new)
        self.most_for_one = max(self.most_for_one, len(new))


def backfill_achievements(
    *,
    keys: Sequence[str] = (),
    reason: str,
    actor: audit.Actor,
    now: datetime,
    dry_run: bool = False,
    progress: backfilling.Progress | None = None,
) -> Backfill:
    """Give the active achievements of these keys (all, if none) to everyone who deserved them, by their newest versions.

    The unlocks are quiet: nobody is told, but they earn what others earn for them. Marks become what they would be had
    the achievement always been there. A second call finds nothing. Works in batches, each in a transaction of its own
    that locks its accounts: what was done stays done. Raises UnknownAchievement.
    """
    reader = Reader(_chosen(keys))
    done = Backfill()
    if dry_run:
        for _person, _found, new in backfilling.survey(reader, now, progress=progress):
            done.add(new)
        return done
    record = _Record(sorted(reader.definitions), reason, actor)
    for stretch in reader.stretches(progress=progress):
        ids = iter(sorted(stretch.pasts))
        while some := list(islice(ids, backfilling.BATCH)):
            with transaction.atomic():
                _give(reader, stretch, some, record, done, now)
    return done


class _Record:
    """The audit record of a run, written with the first change."""

    def __init__(self, keys: Sequence[str], reason: str, actor: audit.Actor) -> None:
        self._keys, self._reason, self._actor = keys, reason, actor
        self._id: int | None = None

    def id(self) -> int:
        """Return the record's id."""
        if self._id is None:
            target = ("gamification.Achievement", "backfill")
            after = {"achievements": list(self._keys)}
            written = audit.record(
                actor=self._actor,
                act="backfill_achievements",
                target=target,
                before=None,
                after=after,
                reason=self._reason,
            )
            self._id = written.pk
        return self._id


def _give(reader: Reader, stretch: Stretch, ids: Sequence[int], record: _Record, done: Backfill, now: datetime) -> None:
    """Bring one batch of people to where they would be."""
    standings, _rulebook = loading.lock_standings(ids)
    reader.catch_up(stretch, standings)
    known = backfilling.known_periods(reader, ids)
    rows: list[unlocks.Row] = []
    changed: list[Standing] = []
    for person, standing in sorted(standings.items()):
        past = stretch.pasts[person]
        new = backfilling.missing(reader.judged(past, standing, now), standing.state, person, known)
        done.add(new)
        corrected = _correct_marks(reader, past, standing)
        done.marks += corrected
        for one in new:
            unlock(standing.state, reader.definitions[one.achievement], one.tier)
            rows.append(_row(person, one, record.id()))
        if new or corrected:
            changed.append(standing)
    if changed:
        record.id()
    unlocks.write_rows(rows)
    storing.save_states(changed)
    publish_many([_told(row, now) for row in rows])


def _correct_marks(reader: Reader, past: backfilling.Past, standing: Standing) -> bool:
    """Set the marks of the achievements concerned to what all of history makes them; say whether that changed one."""
    marks, changed = standing.state.marks, False
    for key in reader.definitions:
        was, shall_be = marks.get(key), past.marks.get(key)
        if was != shall_be:
            changed = True
            if shall_be is None:
                del marks[key]
            else:
                marks[key] = shall_be
    return changed


def _row(person: int, one: Found, record: int) -> unlocks.Row:
    at = moment_of(one.at)
    return unlocks.Row(person, one.achievement, one.version, one.tier, one.period, uuid7(), at, True, record)


def _told(row: unlocks.Row, now: datetime) -> Publication:
    told = events.AchievementUnlocked(
        user_id=row.account_id, achievement=row.achievement_id, tier=row.tier, period=row.period, quiet=True
    )
    return Publication(event=told, occurred_at=now, event_id=row.event_id)


def _chosen(keys: Iterable[str]) -> list[Definition]:
    achievements = loading.rulebook().achievements
    active = {definition.key: definition for definition in (achievements.newest() if achievements else ())}
    unknown = sorted(set(keys) - set(active))
    if unknown:
        raise UnknownAchievement(_("Not active, or not there: %(keys)s.") % {"keys": ", ".join(unknown)})
    return [active[key] for key in sorted(set(keys) or set(active))]
