"""What surrounds an event in the log: who, when, what caused it. Handlers are given envelopes."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec

from diana.events import catalogue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One row of the log. `position` orders it within its lane; 0 until it has been read from the log.

    `payload` is JSON text. `occurred_microseconds` count from 1970 in UTC: a number, because a lane is read by the
    thousand and only few readers need a datetime; with `utc_offset_minutes` it gives the local time of the act.
    """

    position: int
    event_id: UUID
    type: str
    version: int
    key: str
    user_id: int | None
    occurred_microseconds: int
    utc_offset_minutes: int
    correlation_id: UUID
    causation_id: UUID | None
    payload: str
    # Under which name the row stands in the log, if its type has another one now.
    former_type: str = ""

    def __post_init__(self) -> None:
        """Read a row of a renamed type under its present name."""
        if self.type in catalogue.renamed:
            msgspec.structs.force_setattr(self, "former_type", self.type)
            msgspec.structs.force_setattr(self, "type", catalogue.renamed[self.type])

    @property
    def occurred_at(self) -> datetime:
        """When it happened, aware, in UTC."""
        return EPOCH + timedelta(microseconds=self.occurred_microseconds)

    @property
    def fields(self) -> dict[str, Any]:
        """The payload as a dictionary, without the class being asked: cheap."""
        decoded: dict[str, Any] = msgspec.json.decode(self.payload)
        return decoded

    @property
    def event(self) -> catalogue.Event:
        """The typed event; raises InvalidEvent if the payload does not fit its class."""
        return catalogue.decode(self.type, self.user_id, self.payload)

    @property
    def local_time(self) -> datetime:
        """When it happened by the clock on the person's wall."""
        return self.occurred_at.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))


# The columns of an envelope in the order of its fields.
COLUMNS = (
    "id, event_id, type, version, key, user_id, (extract(epoch FROM occurred_at) * 1000000)::bigint,"
    " utc_offset_minutes, correlation_id, causation_id, payload::text"
)


def microseconds(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)
