"""What people do with stories, trivia and challenges, as typed events. Each is named by its key."""

from diana.events import Event


class TriviaCompleted(Event, type="game.trivia_completed"):
    """A question was answered, `milliseconds` after it was shown."""

    question: str
    correct: bool
    milliseconds: int


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
