"""The decision itself: a fact, an account, the rules; out come entries and what else follows."""

from apps.gamification.decide import boards, limits, multipliers
from apps.gamification.decide.achievements.strategies import Seen
from apps.gamification.decide.entries import Standing, append
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.folding import fold
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.outcomes import Awarded, LevelRaised, Outcome, Reason, Suppressed
from apps.gamification.decide.rules import Multipliers, Rule, Rulebook
from apps.gamification.decide.state import sweep


def decide(standing: Standing, fact: Fact, rulebook: Rulebook) -> list[Outcome]:
    """Move the account on by one fact and return what follows, in order. The same input gives the same output."""
    state, lifetime, shown = standing.state, standing.lifetime, boards.mark(standing.state)
    sweep(state, fact.day, fact.hour)
    outcomes = fold(state, fact)
    boards.fold(state, fact)
    for rule in rulebook.rules_for(fact.type, fact.at):
        base = rule.base_for(fact.fields)
        if base > 0:
            outcomes += _apply(standing, fact, rule, base, rulebook)
    if (book := rulebook.achievements) is not None and (standing.lifetime != lifetime or fact.type in book.types):
        outcomes += book.evaluate(Seen(fact, standing, lifetime, rulebook.multipliers_at(fact.at).level_table))
    boards.follow(standing, shown, fact)
    state.position = max(state.position, fact.position)
    return outcomes


def idempotency_key(fact: Fact, rule: Rule) -> str:
    """Return the key under which one event earns points by one rule, once."""
    return f"{fact.event_id.hex}:{rule.key}"


def _apply(standing: Standing, fact: Fact, rule: Rule, base: int, rulebook: Rulebook) -> list[Outcome]:
    """Let the rule pay, as far as suspension, limits and the daily cap allow."""
    state, config = standing.state, rulebook.multipliers_at(fact.at)
    if fact.at < state.suspended_until:
        return [_suppress(standing, fact, rule, base, "suspended")]
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
    return _award(standing, fact, rule, base, counted, config)


def _award(standing: Standing, fact: Fact, rule: Rule, base: int, counted: int, config: Multipliers) -> list[Outcome]:
    """Write the award of the counted part of the base; the rest fell to the cap."""
    parts = multipliers.components(standing, fact, config) if rule.multiplied else []
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


def _suppress(standing: Standing, fact: Fact, rule: Rule, base: int, reason: Reason) -> Suppressed:
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
        note=reason,
        event_id=fact.event_id,
    )
    return Suppressed(rule.key, base, reason, entry)
