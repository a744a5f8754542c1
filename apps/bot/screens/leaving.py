"""Taking a copy of one's data, and being deleted: asked twice, and taken back with one tap for a week."""

from datetime import datetime

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Document, Screen, callback_data, menu_button


def copy(*, person_id: int, content: bytes, compressed: bool) -> Document:
    """Hand over the copy."""
    name = f"diana-{person_id}.json" + (".gz" if compressed else "")
    return Document("export", name, content, _("This is everything that I know of you. Give it to nobody else."))


def confirm(*, person_id: int, due: datetime) -> Screen:
    """Say what goes, what stays and until when it can be undone; `due` in the person's zone."""
    paragraphs = [
        "<b>" + _("Delete all that says who you are?") + "</b>",
        _("These go for ever: your name, username and number at Telegram, your settings, your messages, our chat."),
        _("These stay under a number that leads to nobody: entries of points, payments, events. /privacy says why."),
        _(
            "You can change your mind until %(date)s. Until then you are on no board and I do not write to you; after that"
            " there is no way back, for nobody."
        )
        % {"date": formats.moment(due)},
        _(
            "If you have a subscription, it is ended at Telegram when you are deleted. It may renew before that: you can cancel"
            " it yourself in Telegram's settings."
        ),
        _("Your number is kept until that is done, and until Stars that are owed to you are back with you."),
    ]
    keyboard = [
        [InlineKeyboardButton(_("Yes, delete me"), callback_data=callback_data("deleteme", "yes", str(person_id)))],
        [InlineKeyboardButton(_("No"), callback_data=callback_data("deleteme", "keep", str(person_id)))],
        [menu_button(person_id)],
    ]
    return Screen("deletion_confirm", "\n\n".join(paragraphs), InlineKeyboardMarkup(keyboard))


def requested(*, person_id: int, due: datetime) -> Screen:
    """Say when it will happen and how to undo it; `due` in the person's zone."""
    text = _("You will be deleted on %(date)s. Until then this button, or /deleteme, takes it back.") % {
        "date": formats.moment(due)
    }
    button = InlineKeyboardButton(_("Keep me"), callback_data=callback_data("deleteme", "keep", str(person_id)))
    return Screen("deletion_requested", text, InlineKeyboardMarkup([[button], [menu_button(person_id)]]))


def kept(*, person_id: int) -> Screen:
    """Say that nothing will be deleted."""
    text = _("You stay, and so does everything that is yours.")
    return Screen("deletion_cancelled", text, InlineKeyboardMarkup([[menu_button(person_id)]]))
