"""Stories: the shelf, and wherever somebody is in one of them."""

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import story as screen
from apps.bot.screens.layout import Reply
from apps.content import selectors
from apps.content import services as content
from apps.users import services as users


@page("story")
def shelf(request: Request) -> Reply:
    """Show the stories there are."""
    language = request.person.language
    lines = [
        screen.Line(
            book.story.key,
            book.story.title.said(language),
            book.story.about.said(language),
            (book.chapters, len(book.story.chapters)),
            (book.endings, len(book.story.endings)),
            (book.secrets, len(book.story.secrets)),
            book.open,
        )
        for book in selectors.shelf(request.me)
    ]
    return screen.shelf(person_id=request.me, lines=lines)


@verb("story", "open")
def open_(request: Request) -> Reply:
    """Begin a story, or go on with it."""
    (story,) = _args(request, 1)
    try:
        place = content.open_story(person_id=request.me, story=story, now=request.at)
    except content.NotThere:
        return shelf(request)
    return _place(request, place)


@verb("story", "again")
def again(request: Request) -> Reply:
    """Read a story from the beginning that was read to an end."""
    (story,) = _args(request, 1)
    try:
        place = content.open_story(person_id=request.me, story=story, now=request.at, again=True)
    except content.NotThere:
        return shelf(request)
    return _place(request, place)


@verb("story", "turn")
def turn(request: Request) -> Reply:
    """Turn a page."""
    story, chapter, number = _args(request, 3)
    try:
        place = content.turn_page(
            person_id=request.me, story=story, chapter=chapter, page=_number(number), now=request.at
        )
    except content.NotThere:
        return shelf(request)
    return _place(request, place)


@verb("story", "page")
def look_back(request: Request) -> Reply:
    """Look at a page that was read on the way here."""
    story, chapter, number = _args(request, 3)
    try:
        place = content.look_back(
            person_id=request.me, story=story, chapter=chapter, page=_number(number), now=request.at
        )
    except content.NotThere:
        return shelf(request)
    return _place(request, place)


@verb("story", "look")
def look(request: Request) -> Reply:
    """Look closer at what a small button hides."""
    story, chapter = _args(request, 2)
    try:
        place = content.look_closer(person_id=request.me, story=story, chapter=chapter, now=request.at)
    except content.NotThere:
        return shelf(request)
    return _place(request, place)


@verb("story", "choose")
def choose(request: Request) -> Reply:
    """Decide; where that leads is shown, or where the person is if they had decided already."""
    story, chapter, choice = _args(request, 3)
    try:
        place, _decided = content.choose(
            person_id=request.me, story=story, chapter=chapter, choice=choice, now=request.at
        )
    except content.NotThere:
        return open_(request)
    users.take_tutorial_step(person_id=request.me, step="story", now=request.at)
    return _place(request, place)


def _args(request: Request, count: int) -> tuple[str, ...]:
    """Return so many words of the button; those that are not there are "", which is no key of anything."""
    return (*request.args, *[""] * count)[:count]


def _number(said: str) -> int:
    """Return the number of a page that a button carries; what is none is no page of anything."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else -1


def _place(request: Request, place: content.Place) -> Reply:
    language = request.person.language
    came_by = place.came_by.then.said(language) if place.came_by else ""
    if place.ending:
        ending = place.story.endings[place.ending]
        return screen.ending(
            person_id=request.me,
            story=place.story.key,
            came_by=came_by,
            title=ending.title.said(language),
            text=ending.text.said(language),
            number=place.number_of_ending,
            endings=len(place.story.endings),
            found=place.endings_found,
            back=place.before,
        )
    return _page(request, place, came_by if place.page == 0 else "")


def _page(request: Request, place: content.Place, came_by: str) -> Reply:
    language = request.person.language
    chapter = place.story.chapters[place.chapter]
    pages, hint = chapter.pages.said(language), chapter.hint
    leaf = screen.Leaf(
        place.story.key, place.chapter, chapter.title.said(language), place.page, len(pages), pages[place.page]
    )
    found = hint.text.said(language) if hint and place.looked else ""
    if place.past:
        return screen.past(
            person_id=request.me,
            leaf=leaf,
            came_by=came_by,
            ask=chapter.ask.said(language) if place.taken else "",
            chosen=place.taken.say.said(language) if place.taken else "",
            found=found,
            back=place.before,
            forward=place.after,
        )
    if not place.at_decision:
        return screen.leaf(person_id=request.me, leaf=leaf, came_by=came_by, back=place.before)
    return screen.decision(
        person_id=request.me,
        leaf=leaf,
        came_by=came_by,
        ask=chapter.ask.said(language),
        choices=[(key, choice.say.said(language)) for key, choice in place.choices.items()],
        hint=hint.button if hint and not place.looked else "",
        found=found,
        back=place.before,
    )
