"""Who else takes this bot's updates, and what ends a poller for good: a webhook, another poller, a wrong token."""

import msgspec

from apps.bot.polling.bot_api import BotApi, TelegramRefused

WRONG_TOKEN = (401, 404)
CONFLICT = 409


class PollingRefused(Exception):
    """Updates cannot be fetched as things stand; the text says what to change."""


class _WebhookInfo(msgspec.Struct):
    url: str


class _Me(msgspec.Struct):
    username: str


def username(api: BotApi) -> str:
    """Return the bot's name at Telegram. Raises PollingRefused for a wrong token, and what calls raise."""
    try:
        return msgspec.json.decode(api.call("getMe"), type=_Me).username
    except TelegramRefused as error:
        raise _explained(error) from None


def refuse_webhook(api: BotApi) -> None:
    """Raise PollingRefused while a webhook is set, or for a wrong token."""
    try:
        url = msgspec.json.decode(api.call("getWebhookInfo"), type=_WebhookInfo).url
    except TelegramRefused as error:
        raise _explained(error) from None
    if url:
        raise PollingRefused(
            f"A webhook is set, {url}, and Telegram gives updates to that alone. If nothing needs it any more:"
            " manage.py poll --remove-webhook removes it and polls (with --check: removes it and ends)."
        )


def remove_webhook(api: BotApi) -> None:
    """Remove the webhook; updates that wait stay."""
    try:
        api.call("deleteWebhook", drop_pending_updates=False)
    except TelegramRefused as error:
        raise _explained(error) from None


def refuse_conflict(api: BotApi, error: TelegramRefused) -> None:
    """Raise PollingRefused if the error will not pass: somebody else takes the updates, or the token is wrong."""
    if error.status == CONFLICT:
        refuse_webhook(api)
        raise PollingRefused(
            "Another program fetches updates with this token: a Diana with another database, or another bot program."
            " End that one; if it is not yours, have @BotFather make a new token."
        )
    if error.status in WRONG_TOKEN:
        raise _explained(error)


def _explained(error: TelegramRefused) -> Exception:
    if error.status in WRONG_TOKEN:
        return PollingRefused("Telegram does not know this token: correct TELEGRAM_BOT_TOKEN.")
    return error


def sentence(error: Exception) -> str:
    """Return an error in one line for the log."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
