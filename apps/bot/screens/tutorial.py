"""The tutorial: its steps, what each asks for, which are done."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices
from apps.bot.screens.layout import Screen, menu_button, navigation

# The page that is the step.
PAGES = {"board": "top", "achievement": "achievements", "story": "story", "daily": "daily"}


def tutorial(*, person_id: int, steps: Sequence[str], done: Collection[str], pages: Collection[str]) -> Screen:
    """Show the steps in the person's order; a button for the next one, if a page of these is it, and one to skip the rest."""
    texts = {
        "daily": _("Take the daily reward: /daily"),
        "story": _("Make a choice in a story: /story"),
        "board": _("See who is leading: /top"),
        "achievement": _("Look at an achievement: /achievements"),
    }
    lines = ["<b>" + _("Four steps to know your way around") + "</b>", ""]
    lines += [f"{'✅' if step in done else '▫️'} {texts[step]}" for step in steps]
    following = next((step for step in steps if step not in done), None)
    if following is None:
        lines += ["", _("All done: you know your way around.")]
        return Screen("tutorial", "\n".join(lines), navigation(person_id))
    row = [choices.button(_("Skip the rest"), "tutorial", "skip", person_id)]
    page = PAGES.get(following, "")
    if page in pages:
        row.insert(0, choices.button(_("Go on"), page, "take" if page == "daily" else "show", person_id))
    return Screen("tutorial", "\n".join(lines), InlineKeyboardMarkup([row, [menu_button(person_id)]]))


def skipped(*, person_id: int) -> Screen:
    """Say that the tutorial waits."""
    return Screen("tutorial_skipped", _("Skipped. /tutorial goes on with it when you like."), navigation(person_id))
