"""The subscriber that waits for few events in many."""

from bench.large_log.events import Noted, Rare
from diana.events import Envelope, publish, subscribe


@subscribe(Rare.type, name="bench.note")
def note(envelope: Envelope) -> None:
    """Say that it was seen."""
    publish(Noted(user_id=envelope.user_id))
