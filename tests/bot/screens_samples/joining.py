"""Newcomers, the quiz, the tutorial and settings."""

from datetime import timedelta
from typing import get_args

from apps.bot import pages
from apps.bot.screens import choices, groups, invite, joining, menu, quiz, settings, start, tutorial
from apps.bot.screens.quiz_words import ARCHETYPES
from apps.gamification.selectors import Today
from apps.users.selectors import Zone, offsets, quiz_order, zones_at
from tests.bot.screens_samples.sample import (
    ADA,
    HTML,
    LONGEST_ID,
    LONGEST_NAME,
    ME,
    NOON,
    RIGHT_TO_LEFT,
    Sample,
    Written,
    sample,
)

PAGES = list(pages.PAGES)
STEPS = ("daily", "story", "board", "achievement")
NAMES = {"a name": ADA, "html": HTML, "right to left": RIGHT_TO_LEFT, "the longest": LONGEST_NAME, "none": ""}
MOMENT = menu.Moment("Explorer", PAGES, ("daily", "story"), "open", timedelta(hours=49))
SET = settings.SettingsData(ME, "es", Written("Europe/Madrid"), "14:05", "alias", True, False, (22, 8))


MOSCOW = Zone("Europe/Moscow", Written("Москва"), 180)


def zones(minutes: int) -> list[Zone]:
    """Return the zones of a clock, their cities as the names that they are."""
    return [zone._replace(city=Written(zone.city)) for zone in zones_at(minutes, "ru", NOON)]


SAMPLES: list[Sample] = [
    *(sample(start.welcome, case, person_id=ME, name=name) for case, name in NAMES.items()),
    sample(start.help_, "all", person_id=ME),
    sample(start.unknown_command, "all", person_id=ME),
    sample(start.private_only, "all", person_id=ME),
    sample(start.private_only, "a link", person_id=ME, link="https://t.me/diana_bot?start=p_menu"),
    sample(groups.unpaid, "all", telegram_chat_id=-1_001_234_567_890),
    sample(groups.approved, "all"),
    *(sample(joining.language, case, person_id=ME, name=name, current="en") for case, name in NAMES.items()),
    *(
        sample(
            joining.times,
            f"{page} {first}",
            person_id=ME,
            current=MOSCOW,
            offsets=offsets(NOON),
            page=page,
            now=NOON,
            first_steps=first,
        )
        for page in (0, 1)
        for first in (True, False)
    ),
    *(
        sample(
            joining.cities,
            f"{minutes} {page}",
            person_id=ME,
            zones=zones(minutes),
            page=page,
            now=NOON,
            first_steps=page == 0,
            word=choices.word_of(minutes),
        )
        for minutes in offsets(NOON)
        for page in range(-(-len(zones_at(minutes, "en", NOON)) // choices.CITIES_A_PAGE))
    ),
    sample(joining.unknown_city, "all", person_id=ME),
    *(
        sample(joining.visibility, case, person_id=ME, name=name, alias=Written("Quiet Otter 12"), current=current)
        for (case, name), current in zip(NAMES.items(), ("name", "alias", "hidden", "name", "name"), strict=True)
    ),
    sample(joining.consent, "all", person_id=ME),
    sample(joining.quiz_offer, "all", person_id=ME),
    sample(settings.settings, "usual", SET),
    sample(
        settings.settings,
        "a zone that does not count yet",
        SET._replace(waiting=settings.Waiting(Written("Pacific/Niue"), NOON.date())),
    ),
    sample(
        settings.settings,
        "all else",
        SET._replace(
            language="ru",
            timezone=Written("America/Argentina/ComodRivadavia"),
            visibility="hidden",
            notices=False,
            reminders=True,
            quiet=(0, 0),
        ),
    ),
    sample(settings.settings, "hours of one's own", SET._replace(language="en", visibility="name", quiet=(1, 5))),
    *(
        sample(screen, f"{archetype or 'unknown'} {len(paying)}", person_id=ME, moment=moment)
        for archetype in ("", *ARCHETYPES)
        for paying in (menu.PAYING, ("quiz",), ())
        for moment in [menu.Moment(archetype, PAGES, paying, "taken", timedelta(hours=15, minutes=34))]
        for screen in (menu.menu, menu.more)
    ),
    *(sample(menu.menu, state, person_id=ME, moment=MOMENT._replace(today=state)) for state in get_args(Today)),
    sample(menu.menu, "joined", person_id=ME, moment=MOMENT, joined=True),
    sample(menu.menu, "leaving", person_id=ME, moment=MOMENT._replace(leaves_at=NOON, paying=menu.PAYING)),
    sample(menu.menu, "few pages", person_id=ME, moment=MOMENT._replace(pages=["help"])),
    sample(quiz.intro, "all", person_id=ME),
    *(
        sample(
            quiz.question,
            str(number),
            person_id=ME,
            attempt_id=LONGEST_ID,
            number=number,
            order=quiz_order(ME, number),
        )
        for number in range(quiz.QUESTIONS)
    ),
    *(sample(quiz.result, main, person_id=ME, archetype=main, side="", again=None) for main in ARCHETYPES),
    sample(quiz.result, "side", person_id=ME, archetype="Explorer", side="Connector", again=NOON.date()),
    *(
        sample(tutorial.tutorial, f"{count} done", person_id=ME, steps=STEPS, done=STEPS[:count], pages=PAGES)
        for count in range(len(STEPS) + 1)
    ),
    sample(tutorial.tutorial, "no page", person_id=ME, steps=STEPS, done=["daily"], pages=[]),
    sample(tutorial.skipped, "all", person_id=ME),
    *(
        sample(
            invite.invite,
            f"{n} {'by link' if link else 'by command'}",
            person_id=ME,
            link=link,
            command=Written("/start r_a&b"),
            came=n,
            stayed=n,
            paid=n,
        )
        for n, link in ((0, Written("https://t.me/b?start=r_a&b")), (5, Written("https://t.me/b?start=r_a&b")), (1, ""))
    ),
]  # fmt: skip
