"""The methods of the Bot API that the sandbox speaks: each takes parameters and a time."""

from collections.abc import Callable
from typing import Any, NamedTuple

from diana.sandbox.answers import RefusalError, bad_request
from diana.sandbox.behaviour import Behaviours
from diana.sandbox.bot_commands import BotCommands
from diana.sandbox.callback_queries import CallbackQueries
from diana.sandbox.formatting import check_length, read_text, utf16_length
from diana.sandbox.keyboards import check_buttons, read_keyboard
from diana.sandbox.messages import Messages
from diana.sandbox.parameters import Parameters, chat_of, text_of
from diana.sandbox.webhook import Webhook

USERNAME = "diana_sandbox_bot"
MAX_CALLBACK_ANSWER_UTF16_UNITS = 200
_ACTIONS = frozenset(
    {"typing", "cancel", "choose_sticker", "pick_up_location", "find_location"}
    | {"upload_photo", "upload_video", "upload_audio", "upload_voice", "upload_document", "upload_video_note"}
    | {"record_video", "record_audio", "record_voice", "record_video_note"}
)


class Result(NamedTuple):
    """What a method returned, and the remark that some of them make."""

    value: Any
    remark: str | None = None


Method = Callable[[Parameters, float], Result]


class BotApi:
    """One bot and everything it has sent and set, in memory. Times are seconds of the epoch."""

    def __init__(self, token: str, behaviours: Behaviours) -> None:
        self._bot: dict[str, Any] = {"id": int(token.partition(":")[0]), "is_bot": True}
        self._bot |= {"first_name": "Diana (sandbox)", "username": USERNAME}
        self._behaviours = behaviours
        self._methods: dict[str, tuple[str, Method]] = {name.lower(): (name, call) for name, call in self._all()}
        self.forget()

    def forget(self) -> None:
        """Begin again: no messages, no webhook, no commands."""
        self.messages = Messages(self._bot)
        self.callback_queries = CallbackQueries()
        self._webhook = Webhook()
        self._commands = BotCommands()

    def _all(self) -> list[tuple[str, Method]]:
        return [
            ("getMe", self._get_me),
            ("setWebhook", self._set_webhook),
            ("deleteWebhook", self._delete_webhook),
            ("getWebhookInfo", self._get_webhook_info),
            ("setMyCommands", self._set_my_commands),
            ("getMyCommands", self._get_my_commands),
            ("sendMessage", self._send_message),
            ("editMessageText", self._edit_message_text),
            ("answerCallbackQuery", self._answer_callback_query),
            ("sendChatAction", self._send_chat_action),
        ]

    def find(self, name: str) -> tuple[str, Method] | None:
        """Return a method with its name as documented, by its name in any case; None for one it does not speak."""
        return self._methods.get(name.lower())

    def _get_me(self, parameters: Parameters, now: float) -> Result:
        abilities = dict.fromkeys(
            ("can_read_all_group_messages", "supports_inline_queries", "can_connect_to_business", "has_main_web_app"),
            False,
        )
        return Result(self._bot | {"can_join_groups": True} | abilities)

    def _set_webhook(self, parameters: Parameters, now: float) -> Result:
        return Result(True, self._webhook.set(parameters))

    def _delete_webhook(self, parameters: Parameters, now: float) -> Result:
        return Result(True, self._webhook.delete())

    def _get_webhook_info(self, parameters: Parameters, now: float) -> Result:
        return Result(self._webhook.info())

    def _set_my_commands(self, parameters: Parameters, now: float) -> Result:
        self._commands.set(parameters)
        return Result(True)

    def _get_my_commands(self, parameters: Parameters, now: float) -> Result:
        return Result(self._commands.get(parameters))

    # The order of the checks is the Bot API server's: form first, then the chat, then what only Telegram itself knows.

    def _send_message(self, parameters: Parameters, now: float) -> Result:
        text, keyboard = read_text(parameters), read_keyboard(parameters)
        chat = self._reach(parameters)
        check_length(text)
        check_buttons(keyboard)
        return Result(self.messages.add(chat, text, keyboard, seconds=int(now)))

    def _edit_message_text(self, parameters: Parameters, now: float) -> Result:
        text, keyboard = read_text(parameters), read_keyboard(parameters)
        if not parameters.get("message_id"):
            # Inline messages do not exist here.
            known = text_of(parameters, "inline_message_id")
            raise bad_request("MESSAGE_ID_INVALID" if known else "message identifier is not specified")
        chat = self._reach(parameters)
        check_length(text)
        check_buttons(keyboard)
        return Result(self.messages.edit(chat, parameters["message_id"], text, keyboard, seconds=int(now)))

    def _answer_callback_query(self, parameters: Parameters, now: float) -> Result:
        self.callback_queries.check_answerable(text_of(parameters, "callback_query_id"), now=now)
        if utf16_length(text_of(parameters, "text")) > MAX_CALLBACK_ANSWER_UTF16_UNITS:
            raise bad_request("MESSAGE_TOO_LONG")
        return Result(True)

    def _send_chat_action(self, parameters: Parameters, now: float) -> Result:
        if text_of(parameters, "action").lower() not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        self._reach(parameters)
        return Result(True)

    def _reach(self, parameters: Parameters) -> int:
        chat = chat_of(parameters)
        self._behaviours.check_reachable(chat)
        return chat


def not_found() -> RefusalError:
    """Return the refusal of a method that does not exist, or that the sandbox does not speak."""
    return RefusalError(404, "Not Found")


def unauthorized() -> RefusalError:
    """Return the refusal of a token that is not this bot's."""
    return RefusalError(401, "Unauthorized")
