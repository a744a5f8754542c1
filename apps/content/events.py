"""What people do with stories, trivia and challenges, as typed events. Each is named by its key."""

from typing import Any

from diana.events import Event, upcaster


class TriviaCompleted(Event, type="game.trivia_completed", version=2):
    """A question was answered, `milliseconds` after it was shown; nobody reads it in less than `shortest_milliseconds`."""

    question: str
    correct: bool
    milliseconds: int
    shortest_milliseconds: int


@upcaster("game.trivia_completed", from_version=1)
def _three_seconds(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not say: every question had the limit that then stood in the rule."""
    return fields | {"shortest_milliseconds": 3000}


class ChallengeCompleted(Event, type="game.challenge_completed"):
    """A challenge was done, with this score."""

    challenge: str
    score: int


class StoryStarted(Event, type="narrative.story_started"):
    """A story was begun."""

    story: str


class ChapterStarted(Event, type="narrative.chapter_started"):
    """A chapter of a story was begun."""

    story: str
    chapter: str


class DecisionMade(Event, type="narrative.decision_made"):
    """At the decision of a chapter somebody chose."""

    story: str
    chapter: str
    choice: str


class ChapterCompleted(Event, type="narrative.chapter_completed"):
    """A chapter was read to its end, in so many seconds."""

    story: str
    chapter: str
    seconds: int


class StoryCompleted(Event, type="narrative.story_completed"):
    """A story was read to this ending."""

    story: str
    ending: str


class EndingDiscovered(Event, type="narrative.ending_discovered"):
    """An ending was reached that the person had not seen."""

    story: str
    ending: str


class SecretFound(Event, type="narrative.secret_found"):
    """Something hidden was found."""

    secret: str
