"""Mistakes in what event classes declare (versions, sealing), found at start as Django system checks."""

import base64
from typing import Any

from django.conf import settings
from django.core import checks

from diana.events import catalogue, evolution, subscriptions


def register_checks() -> None:
    """Register the checks; none of them asks the database."""
    checks.register(check_sealing, "events")
    checks.register(check_versions, "events")


def check_sealing(**_: Any) -> list[checks.CheckMessage]:
    """What is sealed can be sealed, by a key that is a secret, and nobody filters by what it holds."""
    sealed = [t for t in catalogue.event_types() if catalogue.event_class(t).sealed]
    found: list[checks.CheckMessage] = []
    keys = settings.EVENTS_SEALING_KEYS
    if sealed and not keys:
        hint = "Set EVENTS_SEALING_KEYS to id:key; `openssl rand -base64 32` makes a key. See docs/operations.md."
        found.append(checks.Error(f"No key is there to seal {', '.join(sealed)}.", hint=hint, id="events.E020"))
    elif sealed and settings.PRODUCTION and next(iter(keys.values())) == _development_key():
        hint = "Put a key of your own in front in EVENTS_SEALING_KEYS, under another id."
        found.append(checks.Error("Events are sealed with the key of development.", hint=hint, id="events.E021"))
    hint = "Take where= away and let the handler look: the database cannot see into sealed payloads."
    found += [
        checks.Error(f"{subscriber.name}: {t} is sealed, so where= cannot filter it.", hint=hint, id="events.E022")
        for subscriber in subscriptions.subscribers()
        for t in subscriber.types
        if subscriber.where and t in sealed
    ]
    return found


def check_versions(**_: Any) -> list[checks.CheckMessage]:
    """From version 1 of each class a chain of upcasters leads to the present one; no stray upcasters, no name taken twice."""
    gap = "Write it beside the class, with @upcaster(type, from_version=...): events of that version may be in the log."
    stray = "Raise the version of the class, correct the upcaster's type or version, or remove it."
    found: list[checks.CheckMessage] = [checks.Error(text, hint=gap, id="events.E023") for text in evolution.gaps()]
    found += [checks.Error(text, hint=stray, id="events.E024") for text in evolution.strays()]
    reused = "Take another name: rows of the retired type may be in the log."
    return found + [
        checks.Error(f"The type {t} is retired and has a class.", hint=reused, id="events.E025")
        for t in sorted(catalogue.RETIRED & set(catalogue.event_types()))
    ]


def _development_key() -> bytes:
    return base64.b64decode(settings.DEVELOPMENT_SEALING_KEYS.partition(":")[2])
