"""Who has deserved what: all active achievements, found by the event that could move them."""

from collections.abc import Iterable, Mapping, Sequence

from apps.gamification.decide.achievements.definitions import Definition
from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import Seen, Tier
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.outcomes import AchievementProgressed, AchievementUnlocked, Outcome
from apps.gamification.decide.state import State

QUARTERS = 4
NOTHING: list[Outcome] = []


class Achievements:
    """The active achievements. Newer versions come first inside."""

    def __init__(self, definitions: Iterable[Definition] = ()) -> None:
        versions: dict[str, list[Definition]] = {}
        for definition in sorted(definitions, key=lambda d: (d.key, -d.version)):
            versions.setdefault(definition.key, []).append(definition)
        self._versions = versions
        self._measured = [of_one for of_one in versions.values() if of_one[0].strategy.measured]
        self._by_type: dict[str, list[list[Definition]]] = {}
        for of_one in versions.values():
            if not of_one[0].strategy.measured:
                for event_type in sorted({t.type for v in of_one for t in v.strategy.triggers()}):
                    self._by_type.setdefault(event_type, []).append(of_one)
        self._measuring = {t.type for of_one in self._measured for v in of_one for t in v.strategy.triggers()}
        # What could change something by its type alone.
        self.types = frozenset(self._by_type) | self._measuring | frozenset(_TOLD)

    def newest(self) -> list[Definition]:
        """Return the newest version of each, by key."""
        return [of_one[0] for of_one in self._versions.values()]

    def evaluate(self, seen: Seen) -> list[Outcome]:
        """Move all marks on that the fact concerns and return what it unlocks. Suspended people do not come forward."""
        fact, standing = seen.fact, seen.standing
        if (told := _TOLD.get(fact.type)) is not None:
            told(self._versions, standing.state, fact)
        wanted = self._by_type.get(fact.type)
        gained = self._measured and (standing.lifetime != seen.lifetime_before or fact.type in self._measuring)
        if (wanted is None and not gained) or fact.at < standing.state.suspended_until:
            return NOTHING
        outcomes: list[Outcome] = []
        for versions in wanted or ():
            _advance(version_at(versions, fact.at), seen, outcomes)
        if gained:
            for versions in self._measured:
                self.measure(version_at(versions, fact.at), seen, outcomes)
        return outcomes

    def measure(self, definition: Definition, seen: Seen, outcomes: list[Outcome]) -> None:
        """Judge by the lifetime points that are there now."""
        if not _done(definition, seen.standing.state):
            measure, table = definition.strategy.measure, seen.level_table
            after = measure(seen.standing.lifetime, table)
            _settle(definition, seen, measure(seen.lifetime_before, table), Mark(after), outcomes)


def version_at(versions: Sequence[Definition], at: int) -> Definition:
    """Return the version of that moment. What lies before the first counts too, as it would have: see _settle."""
    for version in versions:
        if version.active_from_at <= at:
            return version
    return versions[-1]


def _done(definition: Definition, state: State) -> bool:
    """Say whether every tier was had before: then nothing can come of it."""
    key = definition.key
    if definition.repeatable or (key not in state.unlocked and key not in state.revoked):
        return False
    return len(state.unlocked.get(key, ())) + len(state.revoked.get(key, ())) >= len(definition.tiers)


def _advance(definition: Definition, seen: Seen, outcomes: list[Outcome]) -> None:
    state = seen.standing.state
    if _done(definition, state):
        return
    known = state.marks.get(definition.key)
    mark = known or Mark()
    before = mark.value
    if definition.strategy.advance(mark, seen, definition.most):
        if known is None:
            state.marks[definition.key] = mark
        _settle(definition, seen, before, mark, outcomes)


def _settle(definition: Definition, seen: Seen, before: int, mark: Mark, outcomes: list[Outcome]) -> None:
    """Unlock the tiers reached that were never had; before its beginning a version counts but unlocks nothing."""
    state, key = seen.standing.state, definition.key
    if seen.fact.at < definition.active_from_at:
        return
    period = definition.strategy.period(seen.fact) if definition.repeatable else ""
    for tier in definition.strategy.reached(mark, definition.tiers):
        if period or not had(state, key, tier.tier):
            unlock(state, definition, tier.tier)
            outcomes.append(AchievementUnlocked(key, definition.version, tier.tier, period))
    if definition.strategy.told and (towards := _next(definition.tiers, mark.value)):
        quarters = mark.value * QUARTERS // towards.target
        if quarters > before * QUARTERS // towards.target:
            outcomes.append(AchievementProgressed(key, mark.value, towards.target))


def _next(tiers: Sequence[Tier], value: int) -> Tier | None:
    for tier in tiers:
        if tier.target > value:
            return tier
    return None


def had(state: State, key: str, tier: str) -> bool:
    """Say whether the tier was ever unlocked, also if it was revoked since."""
    return tier in state.unlocked.get(key, ()) or tier in state.revoked.get(key, ())


def unlock(state: State, definition: Definition, tier: str) -> None:
    """Note that the tier is held; a second time changes nothing."""
    key = definition.key
    _move(state.revoked, state.unlocked, key, tier)
    _set_bonus(state, key, definition.bonus_of(state.unlocked[key]))


def revoke(state: State, key: str, tier: str, definition: Definition | None) -> None:
    """Note that the tier is not held any more, and does not come again by itself; its bonus ends."""
    _move(state.unlocked, state.revoked, key, tier)
    _set_bonus(state, key, definition.bonus_of(state.unlocked.get(key, ())) if definition else 0)


def _move(source: dict[str, list[str]], target: dict[str, list[str]], key: str, tier: str) -> None:
    if tier in source.get(key, ()):
        source[key] = [name for name in source[key] if name != tier]
        if not source[key]:
            del source[key]
    if tier not in target.get(key, ()):
        target[key] = [*target.get(key, ()), tier]


def _set_bonus(state: State, key: str, basis_points: int) -> None:
    if basis_points:
        state.bonuses[key] = basis_points
    elif key in state.bonuses:
        del state.bonuses[key]


Versions = Mapping[str, Sequence[Definition]]


def _told_unlocked(versions: Versions, state: State, fact: Fact) -> None:
    """An unlock passes by. Those of decisions and services are in the state already; this is for a fold from the log."""
    key, tier = fact.fields["achievement"], fact.fields["tier"]
    if key in versions and not had(state, key, tier):
        unlock(state, version_at(versions[key], fact.at), tier)


def _told_granted(versions: Versions, state: State, fact: Fact) -> None:
    """Staff gave a tier, perhaps one that had been revoked."""
    key, tier = fact.fields["achievement"], fact.fields["tier"]
    if key in versions and tier not in state.unlocked.get(key, ()):
        unlock(state, version_at(versions[key], fact.at), tier)


def _told_revoked(versions: Versions, state: State, fact: Fact) -> None:
    """Staff took a tier back. Of a repeatable one others may stand: the service knows, and has seen to it."""
    if not fact.fields.get("period"):
        key = fact.fields["achievement"]
        known = versions.get(key)
        revoke(state, key, fact.fields["tier"], version_at(known, fact.at) if known else None)


_TOLD = {
    "game.achievement_unlocked": _told_unlocked,
    "admin.achievement_granted": _told_granted,
    "game.achievement_revoked": _told_revoked,
}
