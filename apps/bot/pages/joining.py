"""The first steps: each is kept as it is taken, and /start goes on where they were left."""

from apps.bot.pages import menu, quiz
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import choices, start
from apps.bot.screens import joining as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("welcome")
def welcome(request: Request) -> Reply:
    """Begin the first steps, or go on with them; who has taken them gets the menu, and a group a greeting."""
    if not request.private:
        return start.welcome(person_id=request.me, name=request.person.name)
    return show(request, users.begin_onboarding(person_id=request.me, now=request.now))


@page("zone", private=True)
def zone(request: Request) -> Reply:
    """Show what clocks say now, or the cities of one: `args` are what its button carries and the page."""
    first_steps = is_joining(request)
    word, number = (*request.args, "", "")[:2]
    page_number = int(number[:4]) if number.isascii() and number.isdecimal() else None
    minutes = choices.minutes_of(word)
    zones = people.zones_at(minutes, request.person.language, request.now) if minutes is not None else []
    if not zones:
        return _times(request, page_number, first_steps=first_steps)
    return screen.cities(
        person_id=request.me,
        zones=zones,
        page=page_number or 0,
        now=request.now,
        first_steps=first_steps,
        word=word,
    )


@page("timezone", private=True)
def named_zone(request: Request) -> Reply:
    """Show the zones of the city or country that was named behind the command; without a name what clocks say."""
    text = " ".join(request.args)
    if not text:
        return zone(request)
    zones = people.find_zones(text, request.person.language, request.now)
    if not zones:
        return screen.unknown_city(person_id=request.me)
    return screen.cities(person_id=request.me, zones=zones, page=0, now=request.now, first_steps=is_joining(request))


@verb("first", "language")
def language(request: Request) -> Reply:
    """Go back to the language, from a later one of the first steps."""
    return show(request, "language")


def _times(request: Request, page_number: int | None, *, first_steps: bool) -> Reply:
    """Show the page of times that was asked for, else that with the person's own."""
    offsets, current = (
        people.offsets(request.now),
        people.zone_of(request.person.timezone, request.person.language, request.now),
    )
    page_number = choices.page_of(offsets, current.offset_minutes) if page_number is None else page_number
    return screen.times(
        person_id=request.me,
        current=current,
        offsets=offsets,
        page=page_number,
        now=request.now,
        first_steps=first_steps,
    )


@verb("first", "agree")
def agree(request: Request) -> Reply:
    """Keep that the person agrees, and go on."""
    users.give_consent(person_id=request.me, now=request.now)
    return go_on(request, "consent")


@verb("first", "quiz")
def take_quiz(request: Request) -> Reply:
    """End the first steps with the quiz."""
    step = users.take_onboarding_step(person_id=request.me, step="quiz", now=request.now)
    return quiz.begin(request) if step == "done" else show(request, step)


@verb("first", "later")
def later(request: Request) -> Reply:
    """End the first steps without the quiz."""
    return go_on(request, "quiz")


def is_joining(request: Request) -> bool:
    """Say whether first steps are left."""
    return people.onboarding_step(request.me) not in (None, "done")


def go_on(request: Request, step: str) -> Reply:
    """Note that the step was taken and show the one that waits: who takes one again goes on where they were."""
    before = people.onboarding_step(request.me)
    waiting = users.take_onboarding_step(person_id=request.me, step=step, now=request.now)
    if waiting == "done":
        return menu.build(request, joined=before == step)
    return show(request, waiting)


def show(request: Request, step: str) -> Reply:
    """Show a first step, the menu after the last."""
    me, person = request.me, request.person
    match step:
        case "language":
            return screen.language(person_id=me, name=person.name, current=person.language)
        case "timezone":
            return _times(request, None, first_steps=True)
        case "visibility":
            return screen.visibility(
                person_id=me, name=person.name, alias=people.alias(me, person.language), current=people.visibility(me)
            )
        case "consent":
            return screen.consent(person_id=me)
        case "quiz":
            return screen.quiz_offer(person_id=me)
    return menu.build(request)
