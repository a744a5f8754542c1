"""Why an act of staff was refused; the message is for whoever tried it."""

from django.utils.translation import gettext_lazy as _


class PointsError(Exception):
    """An act on points or rules that is not possible; nothing was changed."""


class KeyTaken(PointsError):
    """The key was used for another act before."""

    def __init__(self, key: str) -> None:
        super().__init__(_("The key %(key)s was used for another act: choose a new one.") % {"key": key})


class UnknownEntry(PointsError):
    """There is no such entry."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(_("There is no entry %(id)s.") % {"id": entry_id})


class NotReversible(PointsError):
    """Only awards that gave something and penalties can be reversed."""

    def __init__(self, entry_id: int, kind: str) -> None:
        text = _("Entry %(id)s (%(kind)s) cannot be reversed: it changed nothing, or is a reversal itself.")
        super().__init__(text % {"id": entry_id, "kind": kind})


class AlreadyReversed(PointsError):
    """An entry is reversed once."""

    def __init__(self, entry_id: int, reversal_id: int) -> None:
        text = _("Entry %(id)s was reversed before, by entry %(reversal)s.")
        super().__init__(text % {"id": entry_id, "reversal": reversal_id})


class UnknownRule(PointsError):
    """There is no such rule."""

    def __init__(self, key: str) -> None:
        super().__init__(_("There is no rule %(key)s.") % {"key": key})


class InvalidRule(PointsError):
    """A version that could not work; the message says why."""


class DayNotOver(PointsError):
    """A day is decided anew once it has begun for everybody: give a date that is not in the future."""

    def __init__(self, day: object) -> None:
        super().__init__(_("%(day)s lies in the future: there is nothing to decide anew.") % {"day": day})


class NothingToRepair(PointsError):
    """A streak is repaired within two dates of the one that broke it, and once in thirty days."""

    def __init__(self) -> None:
        text = _(
            "There is nothing to repair: no streak broke in the last 48 hours, or one was repaired in the last 30 days."
        )
        super().__init__(text)


class InvalidWindow(PointsError):
    """A time in which everything earns more that could not work; the message says why."""


class UnknownAchievement(PointsError):
    """There is no such achievement, tier or unlock."""


class InvalidAchievement(PointsError):
    """A version that could never be unlocked; the message says why."""


class NotGrantable(PointsError):
    """The tier cannot be given, or given again, or taken back; the message says why."""
