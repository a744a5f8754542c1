"""The commands of the bot and what each is for: /help, setMyCommands and the handlers read this one list."""

from django.utils.translation import gettext_lazy as _

COMMANDS = {
    "start": _("say hello"),
    "daily": _("take today's reward"),
    "points": _("your balance, and why"),
    "profile": _("your level, streak and rank"),
    "streak": _("your days in a row"),
    "top": _("who leads"),
    "achievements": _("what you have unlocked"),
    "trivia": _("a question to answer"),
    "challenge": _("the task of the day"),
    "story": _("a story in which you decide"),
    "help": _("what I can do"),
}
