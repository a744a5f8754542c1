"""What is known of a person, why and for how long; the rules of the game; and a break from it."""

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens.layout import Screen, callback_data, menu_button


def privacy(*, person_id: int) -> Screen:
    """Say what is kept, what for and how long; with buttons to a copy, a break and deletion."""
    paragraphs = [
        "<b>" + _("What I know of you") + "</b>",
        _(
            "Your name, username and number at Telegram, your language and time zone, when you were here, and what came of"
            " it: points, achievements, streaks, what you bought. It is used for this game and for nothing else."
        ),
        _(
            "What you write where I can read it is kept for a week, so that nothing counts twice: your text, where and when"
            " you wrote it, and your name. Whatever else comes with it (pictures, quotes, messages of others) goes as soon as I"
            " have read it. After the week only the length of your text is left, and a fingerprint from which nobody can read it."
        ),
        _(
            "In a group that the staff of this bot have not approved it is kept for a day and counts for nothing. Who adds me"
            " to a group is shown to the staff, who decide about it."
        ),
        _(
            "I know your names as they are at Telegram now: they come with each of your messages, reactions and presses, and"
            " one that you change or remove there is gone here too. In groups where points count I keep name, username and"
            " number of everybody who writes, reacts or joins, also of those who never wrote to me; in other groups I keep no"
            " names longer than the message."
        ),
        _("You can have a copy of everything: /export. You can take a break, or be forgotten: /deleteme."),
        _(
            "If you are forgotten, name, username, number at Telegram and messages go for ever. Entries of points,"
            " payments and events stay under a number that leads to nobody: without them nobody could prove the points of"
            " the others. A sealed fingerprint of your number at Telegram stays too, so that nobody is paid twice for"
            " bringing you here. Backups forget you when they are replaced."
        ),
        _(
            "If you have a subscription, it is ended at Telegram then; your number is kept until that is done, and until Stars"
            " that are owed to you are back with you. It is used for nothing else."
        ),
    ]
    owner = str(person_id)
    keyboard = [
        [InlineKeyboardButton(_("A copy of my data"), callback_data=callback_data("export", "show", owner))],
        [InlineKeyboardButton(_("Take a break"), callback_data=callback_data("privacy", "pause", owner))],
        [InlineKeyboardButton(_("Forget me"), callback_data=callback_data("deleteme", "show", owner))],
        [menu_button(person_id)],
    ]
    return Screen("privacy", "\n\n".join(paragraphs), InlineKeyboardMarkup(keyboard))


def terms(*, person_id: int) -> Screen:
    """Say what the game is and is not."""
    paragraphs = [
        "<b>" + _("The rules of the game") + "</b>",
        _("Points, levels and ranks are for fun: they are worth no money and cannot be passed on."),
        _(
            "Play yourself. Whoever floods, lets programs play or invents friends loses what that earned and may be"
            " suspended. Every point can be explained, so ask if something seems wrong."
        ),
        _("VIP is bought with Telegram Stars and lasts as long as it said when you paid. About payments: /paysupport."),
        _("What I know of you, and how to have it deleted: /privacy."),
    ]
    privacy_button = InlineKeyboardButton(
        _("Your data"), callback_data=callback_data("privacy", "show", str(person_id))
    )
    return Screen("terms", "\n\n".join(paragraphs), InlineKeyboardMarkup([[privacy_button, menu_button(person_id)]]))


def paused(*, person_id: int) -> Screen:
    """Say how the break ends."""
    text = _(
        "You are on no board now, and I will not write to you. Send me a command or press a button, whenever you like, and"
        " you are back with everything that is yours."
    )
    back = InlineKeyboardButton(_("I am back"), callback_data=callback_data("menu", "show", str(person_id)))
    return Screen("paused", text, InlineKeyboardMarkup([[back]]))
