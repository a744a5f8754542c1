"""The second version: the subscriber wants another type too, and there is one that reads from the beginning."""

from diana.events import Envelope, subscribe
from tests.deploys.happenings import HAPPENED, MORE, note


@subscribe(HAPPENED, MORE, name="deploys.counting")
def counting(envelope: Envelope) -> None:
    """Leave a trace."""
    note("counting", envelope, "v2")


@subscribe(HAPPENED, name="deploys.added", start="beginning")
def added(envelope: Envelope) -> None:
    """Leave a trace."""
    note("added", envelope, "v2")
