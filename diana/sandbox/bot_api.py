"""The methods of the Bot API that the sandbox speaks: each takes parameters and a time."""

from collections.abc import Callable
from typing import Any, NamedTuple

from diana.sandbox.answers import RefusalError, bad_request
from diana.sandbox.behaviour import Behaviours
from diana.sandbox.bot_commands import BotCommands
from diana.sandbox.callback_queries import CallbackQueries
from diana.sandbox.files import Files
from diana.sandbox.formatting import check_caption, check_length, read_caption, read_text, utf16_length
from diana.sandbox.invoices import read_bill
from diana.sandbox.keyboards import check_buttons, check_pay_button, read_keyboard
from diana.sandbox.messages import Messages, document_content, text_content
from diana.sandbox.parameters import Parameters, chat_of, text_of
from diana.sandbox.stars import Stars
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
        self._files = Files()
        self.stars = Stars()

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
            ("sendDocument", self._send_document),
            ("sendInvoice", self._send_invoice),
            ("createInvoiceLink", self._create_invoice_link),
            ("answerPreCheckoutQuery", self._answer_pre_checkout_query),
            ("refundStarPayment", self._refund_star_payment),
            ("getStarTransactions", self._get_star_transactions),
            ("editUserStarSubscription", self._edit_user_star_subscription),
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
        return Result(self.messages.add(chat, text_content(text, keyboard), seconds=int(now)))

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

    def _send_document(self, parameters: Parameters, now: float) -> Result:
        document = self._files.read(parameters, "document")
        caption, keyboard = read_caption(parameters), read_keyboard(parameters)
        chat = self._reach(parameters)
        check_caption(caption)
        check_buttons(keyboard)
        return Result(self.messages.add(chat, document_content(document, caption, keyboard), seconds=int(now)))

    def _send_invoice(self, parameters: Parameters, now: float) -> Result:
        bill, keyboard = read_bill(parameters), read_keyboard(parameters)
        if bill.subscription_seconds:
            raise bad_request("SUBSCRIPTION_EXPORT_MISSING")  # subscriptions are sold by links alone
        chat = self._reach(parameters)
        check_pay_button(keyboard)
        check_buttons(keyboard)
        self.stars.keep(bill)
        content: dict[str, Any] = {"invoice": bill.shown()} | ({"reply_markup": keyboard} if keyboard else {})
        return Result(self.messages.add(chat, content, seconds=int(now)))

    def _create_invoice_link(self, parameters: Parameters, now: float) -> Result:
        return Result(self.stars.keep(read_bill(parameters)))

    def _answer_pre_checkout_query(self, parameters: Parameters, now: float) -> Result:
        self.stars.answer_pre_checkout(parameters, now=now)
        return Result(True)

    def _refund_star_payment(self, parameters: Parameters, now: float) -> Result:
        self.stars.refund(parameters, seconds=int(now))
        return Result(True)

    def _get_star_transactions(self, parameters: Parameters, now: float) -> Result:
        return Result({"transactions": self.stars.transactions(parameters)})

    def _edit_user_star_subscription(self, parameters: Parameters, now: float) -> Result:
        self.stars.edit_subscription(parameters)
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
