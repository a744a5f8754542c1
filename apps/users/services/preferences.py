"""Setting one's preferences; concurrent changes of different keys both survive."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.users import events as facts
from apps.users import preferences
from apps.users.services.rows import about, lock_person
from diana.events import publish_many


def change_preferences(
    *, person_id: int, changes: Mapping[str, object], now: datetime, key: str | None = None
) -> preferences.Preferences:
    """Set these preferences, leave the others as they are, and return all; publishes user.preferences_changed with the keys.

    Locks the person. What is set to what it was already publishes nothing, so a second call does nothing. Raises
    InvalidPreferences, then nothing was changed, and PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        before = preferences.read(person.preferences)
        stored = preferences.merged(person.preferences, changes)
        after = preferences.read(stored)
        changed = [name for name in preferences.KEYS if getattr(before, name) != getattr(after, name)]
        if changed:
            person.preferences = stored
            person.save(update_fields=["preferences"])
            publish_many([about(person, facts.PreferencesChanged(user_id=person_id, keys=changed), now, key)])
    return after
