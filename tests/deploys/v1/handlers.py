"""The first version: one subscriber, one type."""

from diana.events import Envelope, subscribe
from tests.deploys.happenings import HAPPENED, note


@subscribe(HAPPENED, name="deploys.counting")
def counting(envelope: Envelope) -> None:
    """Leave a trace."""
    note("counting", envelope, "v1")
