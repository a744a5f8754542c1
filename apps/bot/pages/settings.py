"""What people set for themselves. The same buttons take the first steps, as long as there are any."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from apps.bot.pages import joining
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import settings as screen
from apps.bot.screens.formats import clock_time, reader
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("settings", private=True)
def settings(request: Request) -> Reply:
    """Show what is set."""
    person, chosen = request.person, people.preferences([request.me])[request.me]
    return screen.settings(
        screen.SettingsData(
            person_id=request.me,
            language=person.language,
            timezone=people.city_of(person.timezone, person.language),
            local_time=clock_time(person.local(request.now)),
            visibility=people.visibility(request.me),
            notices=chosen.notices,
            reminders=chosen.reminders,
            quiet=(chosen.quiet_from, chosen.quiet_until),
            waiting=_waiting(person, request.now),
        )
    )


def _waiting(person: people.Profile, now: datetime) -> screen.Waiting | None:
    """Return what still counts, if the zone chosen last does not yet."""
    counts_from = person.clock.counts_from(now)
    if counts_from is None:
        return None
    zone = person.clock.zone_at(now)
    return screen.Waiting(people.city_of(zone, person.language), people.local_time(counts_from, zone).date())


@verb("set", "lang")
def language(request: Request) -> Reply:
    """Set the language, and speak it at once."""
    try:
        users.set_language(person_id=request.me, language=_word(request), now=request.now)
    except users.UnknownLanguage:
        return _shown(request)
    return _shown(request, "language")


@verb("set", "tz")
def timezone(request: Request) -> Reply:
    """Set the time zone; the settings say from when it counts."""
    try:
        users.set_timezone(person_id=request.me, timezone=_word(request), now=request.now)
    except users.UnknownTimezone:
        return _shown(request)
    return _shown(request, "timezone")


@verb("set", "vis")
def visibility(request: Request) -> Reply:
    """Set how boards show the person."""
    try:
        users.set_visibility(person_id=request.me, mode=_word(request), now=request.now)
    except users.UnknownVisibility:
        return _shown(request)
    return _shown(request, "visibility")


@verb("set", "notices")
def notices(request: Request) -> Reply:
    """Switch notices on or off."""
    return _change(request, {"notices": _word(request) == "on"})


@verb("set", "reminders")
def reminders(request: Request) -> Reply:
    """Switch reminders on or off."""
    return _change(request, {"reminders": _word(request) == "on"})


@verb("set", "quiet")
def quiet(request: Request) -> Reply:
    """Set the hours in which no notices come."""
    hours = [int(word) for word in request.args if word.isascii() and word.isdecimal() and len(word) <= 2]
    if len(hours) != 2:
        return _shown(request)
    return _change(request, {"quiet_from": hours[0], "quiet_until": hours[1]})


def _change(request: Request, changes: Mapping[str, object]) -> Reply:
    with suppress(users.InvalidPreferences):  # somebody made the button up: show what holds
        users.change_preferences(person_id=request.me, changes=changes, now=request.now, key=request.key("preferences"))
    return _shown(request)


def _word(request: Request) -> str:
    """Return what the button carries; a zone's name may not have a dot, so it is one word."""
    return request.args[0] if request.args else ""


def _shown(request: Request, step: str = "") -> Reply:
    """Show the first step that waits, having taken this one, or the settings; in the language that holds now."""
    fresh = replace(request, person=people.profile(request.me), args=())
    with reader(fresh.person.language, fresh.person.timezone, request.now):
        return joining.go_on(fresh, step) if joining.is_joining(fresh) else settings(fresh)
