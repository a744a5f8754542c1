"""The challenge of the day: its beginning, its steps, and how it went."""

from datetime import date, datetime

from apps.bot.pages.registry import Request, page, verb
from apps.bot.pages.trivia import numbers
from apps.bot.screens import challenge as screen
from apps.bot.screens.layout import Reply
from apps.content import services as content


@page("challenge")
def challenge(request: Request) -> Reply:
    """Show where the person is with today's challenge."""
    return _standing(request, content.todays_challenge(person_id=request.me, now=request.now))


@verb("challenge", "begin")
def begin(request: Request) -> Reply:
    """Begin today's challenge, or try it again."""
    day, attempt = _day(request), (numbers(request.args) + [-1, -1])[1]
    if day is None:
        return challenge(request)
    try:
        standing = content.begin_challenge(person_id=request.me, day=day, attempt=attempt, now=request.now)
    except content.NotThere:
        return challenge(request)
    return _standing(request, standing)


@verb("challenge", "pick")
def pick(request: Request) -> Reply:
    """Take a step; one that was taken already leads to where the person is."""
    day = _day(request)
    _number, attempt, step, place = (numbers(request.args) + [-1] * 4)[:4]
    if day is None:
        return challenge(request)
    try:
        standing = content.take_step(
            person_id=request.me, day=day, attempt=attempt, step=step, place=place, at=request.at, now=request.now
        )
    except content.NotThere:
        return challenge(request)
    return _standing(request, standing)


def _day(request: Request) -> date | None:
    """Return the date that the button names, as in 20261124."""
    try:
        return datetime.strptime(request.args[0], "%Y%m%d").date()  # noqa: DTZ007  # a date has no zone
    except (IndexError, ValueError):
        return None


def _standing(request: Request, standing: content.Standing) -> Reply:
    """Show the step that is next, or how the series went."""
    language = request.person.language
    head = screen.Head(request.me, standing.day, standing.challenge.title.said(language), content.kind_of(standing))
    steps = content.steps_of(request.me, standing, language)
    if standing.score is not None:
        return screen.passed(head=head, score=standing.score)
    if standing.attempt == 0:
        return screen.offer(head=head, steps=len(steps), timed=content.is_timed(standing))
    done = len(standing.marks)
    if done >= len(steps):
        score, left = content.score_so_far(standing), content.attempts_left(standing)
        return screen.missed(head=head, score=score, attempt=standing.attempt, left=left)
    last = steps[done - 1] if done else None
    return screen.step(
        head=head,
        attempt=standing.attempt,
        number=done,
        count=len(steps),
        ask=steps[done].ask,
        options=steps[done].options,
        went=standing.marks[-1:],
        was=last.options[last.right] if last else "",
    )
