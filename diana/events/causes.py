"""What is being handled right now, so that what it publishes carries its correlation and its cause by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from diana.events.envelope import Envelope

_current: ContextVar[Envelope | None] = ContextVar("diana_cause", default=None)


def current_cause() -> Envelope | None:
    """Return the event whose handler runs in this context, if any."""
    return _current.get()


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Mark everything published inside as set off by this event."""
    token = _current.set(envelope)
    try:
        yield
    finally:
        _current.reset(token)
