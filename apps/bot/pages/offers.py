"""What pays the person now: what the menu offers first, and what other pages lead on to."""

from collections.abc import Iterator
from datetime import datetime

from apps.bot.pages.registry import PAGES, Request
from apps.bot.screens.menu import Moment
from apps.content import selectors as content
from apps.content import services as playing
from apps.gamification import selectors as ledger
from apps.users import selectors as people


def moment(request: Request) -> Moment:
    """Return what the menu goes by; a fixed number of queries. In a group only what can be shown there."""
    me, person, now = request.me, request.person, request.now
    quiz = people.quiz_standing(me)
    today = ledger.daily_reward(me, person.date_of(now), now, days=1).today
    pages = [name for name, page in PAGES.items() if request.private or not (page.private or name == "welcome")]
    return Moment(
        archetype=people.main_archetype(quiz.archetype),
        pages=pages,
        paying=frozenset(_paying(request, quiz, today)) & frozenset(pages),
        today=today,
        wait=person.clock.next_date(now) - now,
        leaves_at=_leaves_at(request),
    )


def _leaves_at(request: Request) -> datetime | None:
    due = people.erasure_due(request.me) if request.private else None
    return None if due is None else request.person.local(due)


def _paying(request: Request, quiz: people.QuizStanding, today: ledger.Today) -> Iterator[str]:
    """Yield the pages on which there is something to earn that was not earned yet."""
    me, now = request.me, request.now
    if today == "suspended":
        return
    if today == "open":
        yield "daily"
    if people.onboarding_step(me) != "done":
        yield "welcome"
    if people.tutorial_standing(me).next_step is not None:
        yield "tutorial"
    if not quiz.archetype:
        yield "quiz"
    # These share the points of the day.
    if today == "spent":
        return
    challenge = playing.todays_challenge(person_id=me, now=now)
    if challenge.score is None and (playing.is_under_way(challenge) or playing.may_begin(challenge)):
        yield "challenge"
    if content.has_question(me, now):
        yield "trivia"
    if any(book.open or not book.begun for book in content.shelf(me)):
        yield "story"
