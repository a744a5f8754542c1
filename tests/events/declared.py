"""Event types that only the tests of the bus publish."""

from diana.events import Event


class Happened(Event, type="test.happened"):
    """Something numbered happened."""

    number: int = 0
    text: str = ""


class Followed(Event, type="test.followed"):
    """Something was set off by something else."""

    number: int = 0


class Elsewhere(Event, type="test.elsewhere.happened"):
    """Something with one more segment in its type."""

    number: int = 0


class Confided(Event, type="sealed.confided", sealed=True):
    """Something numbered was confided: its payload is sealed."""

    number: int = 0
    text: str = ""
