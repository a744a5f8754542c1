"""Switching notices off and on again, all or one subject, by the buttons below each of them and in the settings."""

from apps.bot.notices.subjects import SUBJECTS
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import notices as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("notices", private=True)
def notices(request: Request) -> Reply:
    """Show what comes without being asked for."""
    chosen = people.preferences([request.me])[request.me]
    subjects = {subject: bool(getattr(chosen, subject)) for subject in SUBJECTS}
    return screen.switches(person_id=request.me, notices=chosen.notices, subjects=subjects)


@verb("notices", "mute")
def mute(request: Request) -> Reply:
    """Tell the person nothing more that they have not asked for, of the subject of the button or of all."""
    subject = _subject(request)
    if subject is None:
        return notices(request)
    _set(request, subject or "notices", on=False)
    return screen.muted(person_id=request.me, subject=subject)


@verb("notices", "unmute")
def unmute(request: Request) -> Reply:
    """Tell them again."""
    subject = _subject(request)
    if subject is None:
        return notices(request)
    _set(request, subject or "notices", on=True)
    return screen.unmuted(person_id=request.me, subject=subject)


@verb("notices", "set")
def set_(request: Request) -> Reply:
    """Switch a subject, or all, as the button says."""
    match request.args:
        case (key, "on" | "off" as state) if key == "all" or key in SUBJECTS:
            _set(request, "notices" if key == "all" else key, on=state == "on")
    return notices(request)


def _subject(request: Request) -> str | None:
    """Return the subject that the button carries, "" for all; None for one that somebody made up."""
    match request.args:
        case ():
            return ""
        case (subject,) if subject in SUBJECTS:
            return subject
    return None


def _set(request: Request, key: str, *, on: bool) -> None:
    users.change_preferences(person_id=request.me, changes={key: on}, now=request.now, key=request.key("notices"))
