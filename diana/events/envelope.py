"""What surrounds an event in the log: who, when, what caused it. Handlers are given envelopes."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec

from diana.events import catalogue, evolution, sealing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One row of the log. `position` orders it within its lane; 0 until it has been read from the log.

    The payload stands in `open_payload`, or sealed in `sealed_payload`: it is opened when somebody reads it, so that
    whoever does not needs no key. `occurred_microseconds` count from 1970 in UTC: a number, because a lane is read by
    the thousand and only few readers need a datetime; with `utc_offset_minutes` it gives the local time of the act.
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
    open_payload: str | None
    sealed_payload: bytes | None = None
    key_id: str | None = None
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
    def payload(self) -> str:
        """The payload as it was written, JSON text of the stored version; raises SealingFailed if it cannot be opened."""
        if self.open_payload is not None:
            return self.open_payload
        assert self.sealed_payload is not None
        assert self.key_id is not None
        return sealing.unseal(self.sealed_payload, self.key_id, self.associated_data)

    @property
    def fields(self) -> dict[str, Any]:
        """The payload as a dictionary in its present shape, whatever the stored version; the class is not asked: cheap.

        Raises NewerVersion, and SealingFailed if it cannot be opened.
        """
        text = self.open_payload
        decoded: dict[str, Any] = msgspec.json.decode(self.payload if text is None else text)
        if self.version == catalogue.versions.get(self.type):
            return decoded
        return evolution.upcast(self.type, self.version, decoded)

    @property
    def event(self) -> catalogue.Event:
        """The typed event; raises InvalidEvent if the payload does not fit its class, and what `fields` raises."""
        return catalogue.build(self.type, self.user_id, self.fields)

    @property
    def associated_data(self) -> bytes:
        """What a sealed payload is bound to: everything else that was said when the event was published."""
        return msgspec.json.encode(
            [
                "diana.event.1",
                self.event_id,
                self.former_type or self.type,
                self.version,
                self.key,
                self.user_id,
                self.occurred_microseconds,
                self.utc_offset_minutes,
                self.correlation_id,
                self.causation_id,
            ]
        )

    def sealed(self) -> "Envelope":
        """Return it with its payload sealed."""
        payload, key_id = sealing.seal(self.payload, self.associated_data)
        return msgspec.structs.replace(self, open_payload=None, sealed_payload=payload, key_id=key_id)

    @property
    def local_time(self) -> datetime:
        """When it happened by the clock on the person's wall."""
        return self.occurred_at.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))


# The columns of an envelope in the order of its fields.
COLUMNS = (
    "id, event_id, type, version, key, user_id, (extract(epoch FROM occurred_at) * 1000000)::bigint,"
    " utc_offset_minutes, correlation_id, causation_id, payload::text, sealed_payload, key_id"
)


def microseconds(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)
