"""Types of fields that say what a text means: events.md and the JSON schema tell it, examples stand in the corpus."""

from typing import Annotated

from msgspec import Meta

LocalDate = Annotated[str, Meta(description="a day on the person's wall, ISO 8601", examples=["2026-03-29"])]
Moment = Annotated[str, Meta(description="a moment in UTC, ISO 8601", examples=["2026-03-29T01:00:00+00:00"])]
