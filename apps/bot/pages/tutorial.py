"""The tutorial: asked for, it begins; its steps are noted where they are done (acts.py)."""

from apps.bot.pages.registry import PAGES, Request, page, verb
from apps.bot.screens import tutorial as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("tutorial", private=True)
def tutorial(request: Request) -> Reply:
    """Begin the tutorial, or go on with it, and show its steps."""
    users.begin_tutorial(person_id=request.me, now=request.now)
    standing = people.tutorial_standing(request.me)
    return screen.tutorial(person_id=request.me, steps=standing.steps, done=standing.done, pages=PAGES)


@verb("tutorial", "skip")
def skip(request: Request) -> Reply:
    """Leave the tutorial at the step that is next."""
    step = people.tutorial_standing(request.me).next_step
    if step is None:
        return tutorial(request)
    users.skip_tutorial(person_id=request.me, step=step, now=request.now)
    return screen.skipped(person_id=request.me)
