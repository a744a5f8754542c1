"""The methods of the Bot API that the sandbox speaks: each takes parameters and a time."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from diana.sandbox.answers import RefusalError, bad_request
from diana.sandbox.behaviour import Behaviours
from diana.sandbox.bot_commands import BotCommands
from diana.sandbox.callback_queries import CallbackQueries
from diana.sandbox.chat import bodies
from diana.sandbox.chat.news import News
from diana.sandbox.chat.people import seconds_since_epoch
from diana.sandbox.chat.world import World
from diana.sandbox.files import Files
from diana.sandbox.formatting import check_caption, check_length, read_caption, read_text
from diana.sandbox.found_entities import utf16_length
from diana.sandbox.invoices import read_bill
from diana.sandbox.keyboards import check_buttons, check_pay_button, read_keyboard
from diana.sandbox.messages import Message, Messages, bill_content, document_content, text_content
from diana.sandbox.parameters import Parameters, chat_of, text_of
from diana.sandbox.polling import Polling
from diana.sandbox.stars import Charge, Stars
from diana.sandbox.topics import check_receiver, receiver_of
from diana.sandbox.updates import Updates
from diana.sandbox.webhook import Preset, Webhook

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


Method = Callable[[Parameters, float], Result | Awaitable[Result]]


def bot_of(token: str) -> dict[str, Any]:
    """Return the User object of the bot that has the token."""
    return {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Diana (sandbox)", "username": USERNAME}


class BotApi:
    """One bot and everything it has sent and set, in memory. Times are seconds of the epoch.

    What people see of it becomes news. `on_refund` is called with what the bot has given back.
    """

    def __init__(
        self,
        token: str,
        behaviours: Behaviours,
        world: World,
        news: News,
        preset: Preset = Preset(),  # noqa: B008
    ) -> None:
        self._bot = bot_of(token)
        self._behaviours, self._world, self._news, self._preset = behaviours, world, news, preset
        self._methods: dict[str, tuple[str, Method]] = {name.lower(): (name, call) for name, call in self._all()}
        self.updates = Updates(lambda kind: self.webhook.wants(kind))
        self._polling = Polling(self.updates, lambda: self.webhook)
        self.on_refund: Callable[[Charge, float], int | None] = lambda charge, now: None
        self.forget()

    def forget(self) -> None:
        """Begin again: no messages, no commands, the webhook that was there from the start."""
        self.webhook = Webhook(self._preset)
        self.commands = BotCommands()
        self.updates.forget()
        self.forget_messages()

    def forget_messages(self) -> None:
        """Forget what was said, sent and paid."""
        world = self._world
        self.messages = Messages(self._bot, describe=world.describe, first_id=world.first_message_id, tell=self._tell)
        self.callback_queries = CallbackQueries()
        self.files = Files()
        # The bot remembers the payments from before a restart.
        self.stars = Stars(f"sandbox_charge_{seconds_since_epoch()}_")

    def _tell(self, kind: str, message: Message) -> None:
        chat = message["chat"]["id"]
        if self._world.knows(chat):
            self._news.add(kind, {"chat": chat, "message": self._world.shown(message)})

    def _all(self) -> list[tuple[str, Method]]:
        return [
            ("getMe", self._get_me),
            ("setWebhook", self._set_webhook),
            ("deleteWebhook", self._delete_webhook),
            ("getWebhookInfo", self._get_webhook_info),
            ("getUpdates", self._get_updates),
            ("setMyCommands", self._set_my_commands),
            ("getMyCommands", self._get_my_commands),
            ("sendMessage", self._send_message),
            ("editMessageText", self._edit_message_text),
            ("answerCallbackQuery", self._answer_callback_query),
            ("sendChatAction", self._send_chat_action),
            ("getChatMemberCount", self._get_chat_member_count),
            ("leaveChat", self._leave_chat),
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
        remark = self.webhook.set(parameters)
        return self._webhook_changed(parameters, remark)

    def _delete_webhook(self, parameters: Parameters, now: float) -> Result:
        return self._webhook_changed(parameters, self.webhook.delete())

    def _webhook_changed(self, parameters: Parameters, remark: str) -> Result:
        if parameters.get("drop_pending_updates") is True:
            self.updates.forget()
        self.updates.wake()
        return Result(True, remark)

    def _get_webhook_info(self, parameters: Parameters, now: float) -> Result:
        return Result(self.webhook.info(len(self.updates.pending())))

    async def _get_updates(self, parameters: Parameters, now: float) -> Result:
        return Result(await self._polling.get_updates(parameters))

    def _set_my_commands(self, parameters: Parameters, now: float) -> Result:
        self.commands.set(parameters)
        self._news.add("commands")
        return Result(True)

    def _get_my_commands(self, parameters: Parameters, now: float) -> Result:
        return Result(self.commands.get(parameters))

    # The order of the checks is the Bot API server's: form first, then the chat, then what only Telegram itself knows.

    def _send_message(self, parameters: Parameters, now: float) -> Result:
        text, keyboard = read_text(parameters), read_keyboard(parameters)
        chat = self._reach(parameters)
        check_length(text)
        check_buttons(keyboard)
        return self._add(chat, text_content(text, keyboard), parameters, now)

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
        text = text_of(parameters, "text")
        if utf16_length(text) > MAX_CALLBACK_ANSWER_UTF16_UNITS:
            raise bad_request("MESSAGE_TOO_LONG")
        self._notice(text_of(parameters, "callback_query_id"), text, parameters)
        return Result(True)

    def _notice(self, query: str, text: str, parameters: Parameters) -> None:
        """Tell whoever pressed."""
        person = self._world.presser(query)
        if person is None:
            return
        notice = {"person": person, "query_id": query, "text": text, "alert": parameters.get("show_alert") is True}
        url = text_of(parameters, "url")
        self._news.add("notice", notice | ({"url": url} if url else {}))

    def _send_chat_action(self, parameters: Parameters, now: float) -> Result:
        if text_of(parameters, "action").lower() not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat = self._reach(parameters)
        if self._world.knows(chat):
            self._news.add("typing", {"chat": chat, "action": text_of(parameters, "action").lower()})
        return Result(True)

    def _get_chat_member_count(self, parameters: Parameters, now: float) -> Result:
        group = self._world.groups.get(self._reach(parameters))
        # Of other chats the sandbox has the bot's side only: it and somebody.
        return Result(len(group.members) + 1 if group else 2)

    def _leave_chat(self, parameters: Parameters, now: float) -> Result:
        chat = chat_of(parameters)
        if chat > 0:
            raise bad_request("chat member status can't be changed in private chats")
        self._behaviours.check_reachable(chat)
        group = self._world.groups.get(chat)
        if group and not group.bot_is_member:
            raise RefusalError(403, "Forbidden: bot is not a member of the supergroup chat")
        if group:
            group.bot_is_member = False
            self._news.add("groups")
            told = bodies.membership(group.chat(), self._bot, self._bot, "administrator", "left", seconds=int(now))
            self.updates.add("my_chat_member", told, lane=chat)
        return Result(True)

    def _send_document(self, parameters: Parameters, now: float) -> Result:
        document = self.files.read(parameters, "document")
        caption, keyboard = read_caption(parameters), read_keyboard(parameters)
        chat = self._reach(parameters)
        check_caption(caption)
        check_buttons(keyboard)
        return self._add(chat, document_content(document, caption, keyboard), parameters, now)

    def _send_invoice(self, parameters: Parameters, now: float) -> Result:
        bill, keyboard = read_bill(parameters), read_keyboard(parameters)
        if bill.subscription_seconds:
            raise bad_request("SUBSCRIPTION_EXPORT_MISSING")  # subscriptions are sold by links alone
        chat = self._reach(parameters)
        check_pay_button(keyboard)
        check_buttons(keyboard, of_bill=True)
        self.stars.keep(bill)
        message = self._add(chat, bill_content(bill, keyboard), parameters, now)
        self.stars.hang(bill, chat, message.value["message_id"])
        return message

    def _add(self, chat: int, content: Message, parameters: Parameters, now: float) -> Result:
        check_receiver(chat, parameters)
        answered = self._replied(chat, parameters)
        content |= answered
        content |= self._world.topics.place(
            chat, parameters, answered.get("reply_to_message", {}), own=self._world.knows(chat)
        )
        receiver = receiver_of(parameters)
        if receiver is not None:
            return Result(self.messages.ephemeral(chat, content, receiver, seconds=int(now)))
        return Result(self.messages.add(chat, content, seconds=int(now)))

    def _replied(self, chat: int, parameters: Parameters) -> Message:
        """Return the part of a message that says which one it answers."""
        given = parameters.get("reply_parameters")
        if not isinstance(given, dict) or given.get("ephemeral_message_id"):
            return {}
        answered = self.messages.find(chat, given.get("message_id"))
        if answered is not None:
            return {"reply_to_message": {name: answered[name] for name in answered if name != "reply_to_message"}}
        # Of other chats the sandbox has the bot's side only; no message has the number 0.
        is_missing = self._world.knows(chat) or not given.get("message_id")
        if is_missing and given.get("allow_sending_without_reply") is not True:
            raise bad_request("message to be replied not found")
        return {}

    def _create_invoice_link(self, parameters: Parameters, now: float) -> Result:
        return Result(self.stars.keep(read_bill(parameters)))

    def _answer_pre_checkout_query(self, parameters: Parameters, now: float) -> Result:
        self.stars.answer_pre_checkout(parameters, now=now)
        return Result(True)

    def _refund_star_payment(self, parameters: Parameters, now: float) -> Result:
        self.on_refund(self.stars.refund(parameters, seconds=int(now)), now)
        return Result(True)

    def _get_star_transactions(self, parameters: Parameters, now: float) -> Result:
        return Result({"transactions": self.stars.transactions(parameters)})

    def _edit_user_star_subscription(self, parameters: Parameters, now: float) -> Result:
        self.stars.edit_subscription(parameters)
        return Result(True)

    def _reach(self, parameters: Parameters) -> int:
        chat = chat_of(parameters)
        self._behaviours.check_reachable(chat)
        self._world.check_reachable(chat)
        return chat


def not_found() -> RefusalError:
    """Return the refusal of a method that does not exist, or that the sandbox does not speak."""
    return RefusalError(404, "Not Found")


def unauthorized() -> RefusalError:
    """Return the refusal of a token that is not this bot's."""
    return RefusalError(401, "Unauthorized")
