"""What people may set for themselves, and nothing else: a closed schema, so that no setting reaches what is not one; pure."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

LONGEST_NAME_TOLD = 40

Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]


class InvalidPreferences(ValueError):
    """The preferences cannot be set: the message says which one, and what it may be."""


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every preference with what holds for who set nothing. Hours are of the person's own clock, 0 to 23.

    `quiet_from` and `quiet_until` being the same hour means that no hour is quiet. `reminders`: the one reminder of first
    steps that were left. `notices` off mutes all that nobody asked for; `achievements`, `levels`, `referrals`, `vip_changes` and
    `reminders` one subject each. Receipts of payments come whatever is set.
    """

    notices: bool = True
    quiet_from: Hour = 22
    quiet_until: Hour = 8
    reminders: bool = True
    achievements: bool = True
    levels: bool = True
    referrals: bool = True
    vip_changes: bool = True

    def is_quiet(self, hour: int) -> bool:
        """Say whether notices wait at this hour of the person's clock; quiet hours may go over midnight."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= hour < self.quiet_until
        return hour >= self.quiet_from or hour < self.quiet_until


KEYS = Preferences.__struct_fields__


def merged(stored: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return what to store after the changes. Raises InvalidPreferences for keys and values that are none."""
    for key, value in changes.items():
        _check(key, value)
    return {**stored, **changes}


def read(stored: Mapping[str, object]) -> Preferences:
    """Return the preferences of a stored document. What another release wrote and this one does not know is left out."""
    known = {key: value for key, value in stored.items() if key in KEYS and _is_valid(key, value)}
    return msgspec.convert(known, Preferences)


def _check(key: object, value: object) -> None:
    if key not in KEYS:
        told = repr(key)[:LONGEST_NAME_TOLD]
        raise InvalidPreferences(f"There is no preference {told}: use one of {', '.join(KEYS)}.")
    if not _is_valid(str(key), value):
        kind = "true or false" if isinstance(getattr(Preferences(), str(key)), bool) else "a whole hour, 0 to 23"
        raise InvalidPreferences(f"{key} must be {kind}.")


def _is_valid(key: str, value: object) -> bool:
    try:
        msgspec.convert({key: value}, Preferences)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True
