"""What levels are called: a title for every five of them."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

LEVELS_PER_TITLE = 5
TITLES = (
    gettext_noop("Newcomer"),
    gettext_noop("Wanderer"),
    gettext_noop("Regular"),
    gettext_noop("Adept"),
    gettext_noop("Pathfinder"),
    gettext_noop("Storykeeper"),
    gettext_noop("Champion"),
    gettext_noop("Master"),
    gettext_noop("Luminary"),
    gettext_noop("Legend"),
    gettext_noop("Immortal"),
)


def title_of(level: int) -> str:
    """Return the title of a level, in English; `localized` says it in the language of the moment."""
    return TITLES[min(level // LEVELS_PER_TITLE, len(TITLES) - 1)]


def localized(level: int) -> str:
    """Return the title of a level in the language of the moment."""
    return str(_(title_of(level)))
