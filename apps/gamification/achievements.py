"""Reads about achievements: what a person has, and how far they have come with the rest."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.gamification import loading
from apps.gamification.decide.achievements.definitions import Definition
from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.levels import CURRENT_TABLE
from apps.gamification.decide.state import State, decode
from apps.gamification.models import Achievement, Progress, Unlock


@dataclass(frozen=True, slots=True)
class Achieved:
    """An achievement as a person sees it. Title and description are English, for gettext.

    `tiers` are the ones held, the best last; `next_tier` is what `value` of `target` leads to, "" when there is none;
    a repeatable one was had `times`. `unlocked_at` is when the best tier was.
    """

    key: str
    title: str
    description: str
    category: str
    secret: bool
    tiers: tuple[str, ...]
    next_tier: str
    value: int
    target: int
    times: int
    unlocked_at: datetime | None


def achievements(person_id: int) -> list[Achieved]:
    """Return the active achievements and what the person has of others, by category and key; four queries.

    Secret ones are there once they are unlocked, not before.
    """
    definitions = {d.key: d for d in _active()}
    lifetime, document = _account(person_id)
    state = decode(document) if document else State()
    unlocked: dict[str, list[Unlock]] = {}
    for row in Unlock.objects.filter(account_id=person_id, revoked_at=None).order_by("unlocked_at", "pk"):
        unlocked.setdefault(row.achievement_id, []).append(row)
    shown = Achievement.objects.filter(Q(active=True) | Q(pk__in=list(unlocked)))
    found = [
        _achieved(row, definitions.get(row.pk), unlocked.get(row.pk, []), state, lifetime)
        for row in shown
        if row.pk in unlocked or not row.secret
    ]
    order = list(Achievement.Category.values)
    return sorted(found, key=lambda a: (order.index(a.category) if a.category in order else len(order), a.key))


def had_by_people() -> Coalesce:
    """Return an expression for querysets of achievements: how many people have each."""
    standing = Unlock.objects.filter(achievement=OuterRef("pk"), revoked_at=None).order_by().values("achievement")
    return Coalesce(Subquery(standing.annotate(n=Count("account_id", distinct=True)).values("n")), 0)


def _active() -> list[Definition]:
    known = loading.rulebook().achievements
    return known.newest() if known else []


def _account(person_id: int) -> tuple[int, str | None]:
    """Return lifetime points and the document of the state."""
    progress = Progress.objects.filter(pk=person_id).select_related("account").first()
    return (progress.account.lifetime, progress.document) if progress else (0, None)


def _achieved(
    row: Achievement, definition: Definition | None, unlocked: list[Unlock], state: State, lifetime: int
) -> Achieved:
    held = {unlock.tier: unlock for unlock in unlocked}
    tiers: tuple[str, ...] = tuple(held)
    next_tier, value, target = "", 0, 0
    if definition is not None:
        # The easiest first, as ranks come the other way round.
        ordered = definition.tiers[::-1] if definition.strategy.periodic else definition.tiers
        tiers = tuple(t.tier for t in ordered if t.tier in held) or tiers
        best = max((n for n, t in enumerate(ordered) if t.tier in held), default=-1)
        if best + 1 < len(ordered):
            towards = ordered[best + 1]
            next_tier = towards.tier
            value, target = definition.strategy.progress(_mark(definition, state, lifetime), towards.target)
    return Achieved(
        row.pk,
        row.title,
        row.description,
        row.category,
        row.secret,
        tiers,
        next_tier,
        value,
        target,
        len(unlocked) if row.repeatable else min(len(unlocked), 1),
        held[tiers[-1]].unlocked_at if tiers else None,
    )


def _mark(definition: Definition, state: State, lifetime: int) -> Mark:
    if definition.strategy.measured:
        return Mark(definition.strategy.measure(lifetime, CURRENT_TABLE))
    return state.marks.get(definition.key) or Mark()
