"""The commands of the bot and what each is for: /help, setMyCommands and the handlers read this one list."""

from django.utils.translation import gettext_lazy as _

COMMANDS = {
    "start": _("say hello"),
    "menu": _("what there is to do"),
    "daily": _("take today's reward"),
    "trivia": _("a question to answer"),
    "story": _("a story in which you decide"),
    "challenge": _("the task of the day"),
    "points": _("your balance, and why"),
    "profile": _("your level, streak and rank"),
    "streak": _("your days in a row"),
    "top": _("who leads"),
    "achievements": _("what you have unlocked"),
    "quiz": _("find out how you like to play"),
    "tutorial": _("four steps to know your way around"),
    "invite": _("bring a friend"),
    "vip": _("what VIP gives, and how to get it"),
    "settings": _("language, time zone, boards, notices"),
    "stop": _("mute me, take a break, or leave"),
    "timezone": _("choose your time zone by a city's name"),
    "export": _("a copy of your data"),
    "deleteme": _("be forgotten"),
    "privacy": _("what I know of you"),
    "terms": _("the rules of the game"),
    "paysupport": _("help with payments"),
    "help": _("what I can do"),
}
