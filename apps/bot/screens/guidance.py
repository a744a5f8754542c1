"""The line above the menu where it answers a message that is no command."""

from django.utils.translation import gettext as _


def lead() -> str:
    """Say that messages here are not read as a conversation, and what helps."""
    return _("I can't chat, but there is plenty to do here. Tap a button, or write <i>help</i>.")
