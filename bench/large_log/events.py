"""The event types of this measurement."""

from diana.events import Event


class Passed(Event, type="bench.passed"):
    """Something that nobody wants to know."""


class Rare(Event, type="bench.rare"):
    """Something that one subscriber waits for."""


class Noted(Event, type="bench.noted"):
    """The subscriber has seen the rare event."""
