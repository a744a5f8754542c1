"""Newcomers, the quiz, the tutorial and settings."""

from datetime import timedelta
from typing import get_args

from apps.bot import pages
from apps.bot.screens import choices, groups, invite, joining, menu, quiz, settings, start, tutorial
from apps.bot.screens.quiz_words import ARCHETYPES
from apps.gamification.selectors import Today
from apps.users.selectors import REGIONS, Zone, cities, quiz_order
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


def zones(region: str) -> list[Zone]:
    """Return the zones of a region, their cities as the names that they are."""
    return [zone._replace(city=Written(zone.city)) for zone in cities(region, NOON)]


SAMPLES: list[Sample] = [
    *(sample(start.welcome, case, person_id=ME, name=name) for case, name in NAMES.items()),
    sample(start.help_, "all", person_id=ME),
    sample(start.unknown_command, "all", person_id=ME),
    sample(start.private_only, "all", person_id=ME),
    sample(groups.unpaid, "all", telegram_chat_id=-1_001_234_567_890),
    sample(groups.approved, "all"),
    *(sample(joining.language, case, person_id=ME, name=name, current="en") for case, name in NAMES.items()),
    sample(joining.regions, "a first step", person_id=ME, first_steps=True),
    sample(joining.regions, "a setting", person_id=ME, first_steps=False),
    *(
        sample(
            joining.cities,
            f"{region} {page}",
            person_id=ME,
            region=region,
            zones=zones(region),
            page=page,
            first_steps=page == 0,
        )
        for region in REGIONS
        for page in range(-(-len(cities(region, NOON)) // choices.CITIES_A_PAGE))
    ),
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
        sample(invite.invite, str(n), person_id=ME, link=Written("https://t.me/b?start=r_a&b"), came=n, stayed=n, paid=n)
        for n in (0, 1, 5)
    ),
]  # fmt: skip
