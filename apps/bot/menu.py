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
    "vip": _("what VIP gives, and how to get it"),
    "paysupport": _("help with payments"),
    "help": _("what I can do"),
}
