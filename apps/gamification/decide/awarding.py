"""The decision itself: a fact, an account, the rules; out come entries and what else follows."""

from apps.gamification.decide import boards, limits, multipliers
from apps.gamification.decide.abuse.judging import BY_TYPE, Verdict, judge
from apps.gamification.decide.achievements.strategies import Seen
from apps.gamification.decide.entries import Standing, append
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.folding import fold
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.outcomes import Awarded, Flagged, Held, LevelRaised, Noticed, Outcome, Reason, Suppressed
from apps.gamification.decide.rules import Multipliers, Rule, Rulebook
from apps.gamification.decide.state import sweep


def decide(standing: Standing, fact: Fact, rulebook: Rulebook) -> list[Outcome]:
    """Move the account on by one fact and return what follows, in order. The same input gives the same output."""
    state, lifetime, shown = standing.state, standing.lifetime, boards.mark(standing.state)
    sweep(state, fact.day, fact.hour)
    outcomes = fold(state, fact)
    boards.fold(state, fact)
    verdict = judge(state, fact, rulebook.multipliers_at(fact.at).detectors) if fact.type in BY_TYPE else None
    if verdict is not None and verdict.flag:
        outcomes += _noticed(verdict)
    for rule in rulebook.rules_for(fact.type, fact.at):
        base = rulebook.base_of(rule, fact.fields, fact.at)
        if base > 0:
            outcomes += _apply(standing, fact, rule, base, rulebook, verdict)
    # What is held may prove honest, and the person is not to notice; what a detector takes away counts for nothing.
    counts = verdict is None or not verdict.suppressed_by
    if (book := rulebook.achievements) is not None and (
        standing.lifetime != lifetime or (counts and fact.type in book.types)
    ):
        outcomes += book.evaluate(Seen(fact, standing, lifetime, rulebook.multipliers_at(fact.at).level_table))
    boards.follow(standing, shown, fact)
    state.position = max(state.position, fact.position)
    return outcomes


def idempotency_key(fact: Fact, rule: Rule) -> str:
    """Return the key under which one event earns points by one rule, once."""
    return f"{fact.event_id.hex}:{rule.key}"


def _noticed(verdict: Verdict) -> list[Outcome]:
    """Say what a detector saw, and once that it raised its flag."""
    noticed: list[Outcome] = [Noticed(verdict.held_by, verdict.score, verdict.flag, verdict.since)]
    return [Flagged(verdict.held_by, verdict.score), *noticed] if verdict.opened else noticed


def _apply(
    standing: Standing, fact: Fact, rule: Rule, base: int, rulebook: Rulebook, verdict: Verdict | None
) -> list[Outcome]:
    """Let the rule pay, as far as suspension, detectors, limits and the daily cap allow."""
    state, config = standing.state, rulebook.multipliers_at(fact.at)
    if fact.at < state.suspended_until:
        return [_suppress(standing, fact, rule, base, "suspended")]
    if verdict is not None:
        if verdict.suppressed_by:
            return [_suppress(standing, fact, rule, base, "abuse", f"abuse={verdict.suppressed_by}")]
        parts = multipliers.components(standing, fact, config) if rule.multiplied else []
        return [Held(verdict.flag, rule.key, rule.version, base, multipliers.canonical(parts))]
    return pay(standing, fact, rule, base, config)


def pay(
    standing: Standing,
    fact: Fact,
    rule: Rule,
    base: int,
    config: Multipliers,
    parts: list[tuple[str, int]] | None = None,
) -> list[Outcome]:
    """Let the rule pay, as far as its limits and the daily cap allow; `parts` are bonuses that were found before."""
    state = standing.state
    if limits.reached(rule, state, fact):
        return [_suppress(standing, fact, rule, base, "limit")]
    counted = base
    if rule.capped:
        used = state.capped.get(fact.day, 0)
        counted = min(base, config.daily_cap - used)
        if counted <= 0:
            return [_suppress(standing, fact, rule, base, "cap")]
        state.capped[fact.day] = used + counted
    limits.count(rule, state, fact)
    if parts is None:
        parts = multipliers.components(standing, fact, config) if rule.multiplied else []
    return _award(standing, fact, rule, base, counted, config, parts)


def _award(
    standing: Standing,
    fact: Fact,
    rule: Rule,
    base: int,
    counted: int,
    config: Multipliers,
    parts: list[tuple[str, int]],
) -> list[Outcome]:
    """Write the award of the counted part of the base; the rest fell to the cap."""
    old = level_of(standing.lifetime, config.level_table)
    entry = append(
        standing,
        kind="award",
        amount=multipliers.multiplied(counted, parts, config.factor_at_most),
        base=base,
        idempotency_key=idempotency_key(fact, rule),
        occurred_at=fact.at,
        rule=rule.key,
        rule_version=rule.version,
        multipliers=multipliers.canonical(parts),
        note=f"cap={base - counted}" if counted < base else "",
        event_id=fact.event_id,
    )
    new = level_of(standing.lifetime, config.level_table)
    return [Awarded(entry), LevelRaised(old, new)] if new > old else [Awarded(entry)]


def _suppress(
    standing: Standing, fact: Fact, rule: Rule, base: int, reason: Reason, note: str | None = None
) -> Suppressed:
    """Take the award away; the ledger keeps the first of its rule and hour, the state counts all."""
    hours = standing.state.suppressed.setdefault(rule.key, {})
    hours[fact.hour] = hours.get(fact.hour, 0) + 1
    if hours[fact.hour] > 1:
        return Suppressed(rule.key, base, reason, None)
    entry = append(
        standing,
        kind="suppressed",
        amount=0,
        base=base,
        idempotency_key=idempotency_key(fact, rule),
        occurred_at=fact.at,
        rule=rule.key,
        rule_version=rule.version,
        note=note or reason,
        event_id=fact.event_id,
    )
    return Suppressed(rule.key, base, reason, entry)
