"""Bonuses in basis points: which ones apply, and what they make of a base."""

from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.rules import Multipliers

WHOLE = 10_000


def components(standing: Standing, fact: Fact, config: Multipliers) -> list[tuple[str, int]]:
    """Return the bonuses that are not zero, by name in alphabetical order; the level is the one before the award."""
    state = standing.state
    found: list[tuple[str, int]] = []
    if state.bonuses and (bonus := min(sum(state.bonuses.values()), config.bonuses_at_most)):
        found.append(("bonus", bonus))
    if config.windows and (running := _running(config, fact.at)):
        found.append(("event", running))
    if level := config.level.of(level_of(standing.lifetime, config.level_table)):
        found.append(("level", level))
    if state.streak_days and fact.day - state.streak_day <= 1 and (streak := config.streak.of(state.streak_days)):
        found.append(("streak", streak))
    if fact.at < state.vip_until and config.vip:
        found.append(("vip", config.vip))
    return found


def _running(config: Multipliers, at: int) -> int:
    """Return the basis points of the windows that are open at this moment."""
    return min(sum(w.basis_points for w in config.windows if w.span[0] <= at < w.span[1]), config.windows_at_most)


def canonical(parts: list[tuple[str, int]]) -> str:
    """Return the text that the ledger keeps, as in `level=100,vip=5000`."""
    return ",".join([f"{name}={basis_points}" for name, basis_points in parts]) if parts else ""


def parse(text: str) -> list[tuple[str, int]]:
    """Return the bonuses of a canonical text."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    return [(name, int(basis_points)) for name, _, basis_points in pairs]


def multiplied(base: int, parts: list[tuple[str, int]], factor_at_most: int) -> int:
    """Return base x (1 + bonuses), the factor clamped, rounded half up once; at least 1 if the base is positive."""
    if not parts:
        return base
    factor = min(WHOLE + sum([basis_points for _, basis_points in parts]), factor_at_most)
    return max((base * factor + WHOLE // 2) // WHOLE, 1 if base > 0 else 0)
