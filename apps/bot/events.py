"""The events that the bot publishes: what people did, and what became of an update. Never what they wrote."""

from typing import Any, Literal

from apps.bot.chat_kinds import GROUP, place_of_chat
from diana.events import Event, upcaster
from diana.events.fields import LocalDate

Place = Literal["private", "group"]


class UpdateReceived(Event, type="bot.update_received"):
    """Telegram delivered an update that may be answered; `update` is the id of our row, `kind` the Bot API's name of it."""

    update: int
    kind: str


class MessageReceived(Event, type="bot.message_received"):
    """Telegram delivered what nobody answers: a message that is no command, a reaction, somebody's joining a chat.

    `update` is the id of our row.
    """

    update: int


class UpdateFailed(Event, type="bot.update_failed"):
    """An update can never be handled; `reason` is the name of the error."""

    update: int
    reason: str


class AnswerPutOff(Event, type="bot.answer_put_off"):
    """An answer steps aside: it waits for a group or a method, or fails again and again, and holds up nothing of its person.

    `event` is the id of the event to be answered, `subscriber` whose answer it is.
    """

    event: int
    subscriber: str


class ReplySent(Event, type="bot.message_sent"):
    """The bot sent or redrew a message; `template` is the name of its screen."""

    template: str


class ScreenShown(Event, type="bot.screen_shown"):
    """The answer to an act that may earn something is out; `shown` is our id of the message with its screen."""

    shown: int


class NoticesDue(Event, type="bot.notices_due"):
    """The person may be told of `notice` now, our id of it; in a digest of whatever else there is to be told with it."""

    notice: int


class GuidanceDue(Event, type="bot.guidance_due"):
    """Somebody wrote in their own chat what is no command, the first time in an hour; `update` is the id of our row."""

    update: int


class DailyLogin(Event, type="game.daily_login", version=2):
    """The person took the daily reward of that day; `answered` by a screen that tells itself what came of it."""

    local_date: LocalDate
    answered: bool = False


@upcaster("game.daily_login", from_version=1)
def _answered_when_it_was_awarded(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had no screen: a message of its own told what came of it."""
    return fields | {"answered": False}


class MessageSent(Event, type="game.message_sent", version=2):
    """The person wrote a message. `chat` is our id of the chat, `place` is private or group, `length` counts characters.

    `content_digest` tells a repeated text of the same person from a new one, and nothing else to anybody without the key.
    """

    chat: int
    length: int
    content_digest: str
    place: Place = GROUP


@upcaster("game.message_sent", from_version=1)
def _written_where_the_chat_is(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not say where: the kind of the chat does, and a chat that is not there any more counts as a group."""
    return fields | {"place": place_of_chat(fields["chat"])}


class BlockedBot(Event, type="user.blocked_bot"):
    """The person's private chat does not take messages of the bot any more."""


class CommunityParticipation(Event, type="game.community_participation"):
    """The person took part in a chat; `kind` is reaction or join, `chat` our id of it.

    A reaction is told of if it was given to a message of somebody else that was seen within seven days.
    """

    kind: str
    chat: int


class GroupApproved(Event, type="bot.group_approved"):
    """Staff approved a group: what is done there counts from now on. `chat` is our id of it; `actor` the login, if any."""

    chat: int
    actor: int | None
    audit: int


class GroupRefused(Event, type="bot.group_refused"):
    """Staff refused a group: nothing counts there, and the bot says nothing."""

    chat: int
    actor: int | None
    audit: int


class GroupLeaveRequested(Event, type="bot.group_leave_requested"):
    """Staff want the bot out of a group, which it may have been let into again since: then `audit` is empty."""

    chat: int
    actor: int | None
    audit: int | None
