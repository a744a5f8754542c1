"""The Telegram library's objects for an update, made of its document: whatever else the server sent cannot stop them."""

from datetime import UTC, datetime

import telegram

from apps.bot import reading


class LibraryUpdates:
    """Makes the objects; they call Telegram through the bot."""

    def __init__(self, bot: telegram.Bot) -> None:
        self._bot = bot

    def update(self, document: reading.Update, *, chat_id: int | None, received_at: datetime) -> telegram.Update:
        """Return what the library's handlers take, new messages and buttons; of other kinds an update without anything.

        A message stands in the chat `chat_id`. That may be another one than where it was written, if the group has moved:
        its own number means nothing there. One whose time nobody told is of the time at which it was received.
        """
        said, pressed = document.message, document.callback_query
        found = telegram.Update(
            0,
            message=self._message(said, said.chat.id if chat_id is None else chat_id, received_at) if said else None,
            callback_query=self._query(pressed) if pressed else None,
        )
        found.set_bot(self._bot)
        return found

    def _message(self, said: reading.Message, chat_id: int, received_at: datetime) -> telegram.Message:
        moved = chat_id != said.chat.id
        found = telegram.Message(
            message_id=0 if moved else said.message_id,
            date=datetime.fromtimestamp(said.date, UTC) if said.date else received_at,
            chat=_chat(chat_id, "supergroup" if moved else said.chat.type),
            from_user=_user(said.from_) if said.from_ else None,
            text=said.text,
            caption=said.caption,
            entities=[telegram.MessageEntity(e.type, e.offset, e.length) for e in said.entities or ()],
        )
        found.set_bot(self._bot)
        return found

    def _query(self, pressed: reading.Pressed) -> telegram.CallbackQuery:
        found = telegram.CallbackQuery(
            pressed.id,
            _user(pressed.from_),
            chat_instance="",
            message=self._below(pressed.message) if pressed.message else None,
            data=pressed.data,
        )
        found.set_bot(self._bot)
        return found

    def _below(self, below: reading.Below) -> telegram.MaybeInaccessibleMessage:
        chat = _chat(below.chat.id, below.chat.type)
        if not (below.date and below.message_id):
            return telegram.InaccessibleMessage(chat, below.message_id)
        found = telegram.Message(below.message_id, datetime.fromtimestamp(below.date, UTC), chat)
        found.set_bot(self._bot)
        return found


def _chat(chat_id: int, kind: str) -> telegram.Chat:
    return telegram.Chat(chat_id, kind)


def _user(told: reading.User) -> telegram.User:
    return telegram.User(told.id, told.first_name, told.is_bot, told.last_name, told.username, told.language_code)
