"""The questions of the quiz, version 1: six scenes with an answer for each dimension, and a statement for each.

A change of what is asked needs a new version (apps/users/personality.py); a better wording does not.
"""

import html

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# The answers in the order of the dimensions: exploration, competition, narrative, social.
SCENES = (
    (
        _("You come to a town that you do not know. What do you do first?"),
        (
            _("Walk until I am lost"),
            _("Find out what can be won here"),
            _("Ask what happened here long ago"),
            _("See who is around"),
        ),
    ),
    (
        _("A free evening. Which game is on the table?"),
        (
            _("One that I have never played"),
            _("One that I can win"),
            _("One that tells a story"),
            _("One for many people"),
        ),
    ),
    (
        _("You find a locked box."),
        (
            _("I look for every way into it"),
            _("I open it faster than anybody"),
            _("I imagine who locked it, and why"),
            _("I call the others, and we open it together"),
        ),
    ),
    (
        _("What stays with you from a good book?"),
        (
            _("Its world"),
            _("How the hero beat the odds"),
            _("Its turns, and how it ended"),
            _("The friends in it"),
        ),
    ),
    (
        _("You win a prize. What pleases you most?"),
        (
            _("It opens something new"),
            _("I was the best"),
            _("There is a story behind it"),
            _("I can share it"),
        ),
    ),
    (
        _("What makes you come back tomorrow?"),
        (
            _("Something is still hidden"),
            _("I am not the first yet"),
            _("I want to know how it goes on"),
            _("People wait for me"),
        ),
    ),
)
STATEMENTS = (
    _("I try things just to see what happens."),
    _("I like to compare my results with those of others."),
    _("I remember a good story for years."),
    _("I have more fun together than alone."),
)
ARCHETYPES = {
    "Explorer": _("Explorer"),
    "Challenger": _("Challenger"),
    "Storyteller": _("Storyteller"),
    "Connector": _("Connector"),
    "All-rounder": _("All-rounder"),
}
MEANINGS = {
    "Explorer": _("You like to find what nobody has shown you."),
    "Challenger": _("You like to measure yourself, and to win."),
    "Storyteller": _("You like to know how it goes on."),
    "Connector": _("You like to play with others."),
    "All-rounder": _("You like a bit of everything."),
}


def named(archetype: str, side: str) -> str:
    """Return what a style of play is called, with its side if it has one."""
    main = html.escape(str(ARCHETYPES.get(archetype, archetype)))
    if not side:
        return main
    return gettext("%(main)s, with a touch of %(side)s") % {"main": main, "side": str(ARCHETYPES[side])}
