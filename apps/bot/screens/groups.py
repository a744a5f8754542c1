"""What is said in a group that is not paid, and in one that was approved."""

from django.utils.translation import gettext as _

from apps.bot.screens.layout import Screen


def unpaid(*, telegram_chat_id: int) -> Screen:
    """Say that nothing counts here, and the group's id, which staff need to change that. Plain text: a notice shows it too."""
    sentence = _(
        "Nothing that is done in this group counts yet: the staff of this bot have not approved it (its id is %(id)s)."
    )
    return Screen("unpaid_group", sentence % {"id": telegram_chat_id})


def approved() -> Screen:
    """Say that staff have approved the group."""
    return Screen(
        "approved_group", _("The staff of this bot have approved this group: what you do here counts from now on.")
    )
