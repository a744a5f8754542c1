"""What the tests of the strategies have in common: one achievement, and a person to whom things happen."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.gamification.decide import chain, facts, state
from apps.gamification.decide.achievements.definitions import Definition, define
from apps.gamification.decide.achievements.evaluation import Achievements
from apps.gamification.decide.achievements.strategies import Seen
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.levels import CURRENT_TABLE
from apps.gamification.decide.outcomes import AchievementProgressed, AchievementUnlocked, Outcome

# A Wednesday.
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
METALS = ("bronze", "silver", "gold")


def achievement(strategy: str, targets: Iterable[int] = (1,), **config: Any) -> Definition:
    """Define an achievement that always was there; three targets are bronze, silver and gold."""
    numbers = list(targets)
    names = ("single",) if len(numbers) == 1 else METALS
    repeatable = config.pop("repeatable", False)
    return define(
        key=config.pop("key", "it"),
        version=1,
        active_from=config.pop("active_from", facts.EPOCH),
        strategy=strategy,
        config=config,
        tiers=[{"tier": name, "target": number} for name, number in zip(names, numbers, strict=False)],
        bonuses=config.pop("bonuses", {}),
        repeatable=repeatable,
    )


def on(event_type: str, **equals: Any) -> dict[str, Any]:
    """Return a trigger."""
    return {"type": event_type, "conditions": [{"field": name, "equals": value} for name, value in equals.items()]}


class Player:
    """An account and all that became of it."""

    def __init__(self, *definitions: Definition) -> None:
        self.book = Achievements(definitions)
        self.standing = Standing(7, 0, 0, 0, chain.genesis(7), state.State())
        self.outcomes: list[Outcome] = []
        self._position = 0

    @property
    def state(self) -> state.State:
        """What the account remembers."""
        return self.standing.state

    def does(
        self, event_type: str, *, at: datetime | float = NOON, offset: int = 0, gains: int = 0, **fields: Any
    ) -> list[Outcome]:
        """Let something happen, at a moment or so many hours after noon; return what came of it."""
        self._position += 1
        moment = at if isinstance(at, datetime) else NOON + timedelta(hours=at)
        fact = facts.fact(
            position=self._position,
            event_id=UUID(int=self._position),
            type=event_type,
            at=facts.microseconds(moment),
            utc_offset_minutes=offset,
            fields=fields,
        )
        return self.sees(fact, gains)

    def sees(self, fact: Fact, gains: int = 0) -> list[Outcome]:
        """Let a fact happen that brings so many lifetime points."""
        before = self.standing.lifetime
        self.standing.lifetime += gains
        made = self.book.evaluate(Seen(fact, self.standing, before, CURRENT_TABLE))
        self.outcomes += made
        return made

    @property
    def unlocked(self) -> list[str]:
        """The tiers in the order in which they were unlocked, with their periods."""
        return [f"{o.tier} {o.period}".strip() for o in self.outcomes if isinstance(o, AchievementUnlocked)]

    @property
    def told(self) -> list[tuple[int, int]]:
        """What was told of the way."""
        return [(o.value, o.target) for o in self.outcomes if isinstance(o, AchievementProgressed)]
