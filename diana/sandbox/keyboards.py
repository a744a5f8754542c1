"""Checks the keyboards of a call as Telegram does; only inline keyboards come back in a message."""

from typing import Any

import msgspec

from diana.sandbox.answers import bad_request
from diana.sandbox.html_text import is_address
from diana.sandbox.parameters import Parameters

MAX_CALLBACK_DATA_BYTES = 64
# Documented nowhere; what people report is 100 buttons, and about ten kilobytes in all.
MAX_BUTTONS = 100
MAX_KEYBOARD_BYTES = 10_240
_FILLED = ("url", "callback_data")
_PRESENT = (
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat",
    "login_url",
    "web_app",
    "copy_text",
)
Keyboard = dict[str, Any]


def read_keyboard(parameters: Parameters) -> Keyboard | None:
    """Return the inline keyboard, None for none or another kind; raise RefusalError where its structure is wrong."""
    markup = parameters.get("reply_markup")
    if markup is None or markup == "":
        return None
    if isinstance(markup, str):
        raise bad_request("can't parse reply keyboard markup JSON object")
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    for row in rows:
        for button in row:
            _check_button(button)
    # Buttons without words, and rows without buttons, are left out.
    kept = [row for row in ([one for one in row if one["text"].strip()] for row in rows) if row]
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: Any) -> None:
    reason = ""
    if not isinstance(button, dict):
        reason = "InlineKeyboardButton must be an Object"
    elif not isinstance(button.get("text"), str):
        reason = 'Can\'t find field "text"'
    elif not any(button.get(action) for action in _FILLED) and not any(action in button for action in _PRESENT):
        reason = "Text buttons are unallowed in the inline keyboard"
    if reason:
        raise bad_request(f"can't parse inline keyboard button: {reason}")


def check_buttons(keyboard: Keyboard | None, *, of_bill: bool = False) -> None:
    """Raise RefusalError for what Telegram notices later than a wrong structure: too much of it, wrong data, wrong links."""
    buttons = [button for row in keyboard["inline_keyboard"] for button in row] if keyboard else []
    for button in buttons:
        if button.get("url") and not is_address(str(button["url"])):
            raise bad_request(
                f"inline keyboard button URL '{button['url']}' is invalid: {_problem(str(button['url']))}"
            )
        if len(str(button.get("callback_data", "")).encode()) > MAX_CALLBACK_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
        if button.get("pay") and not of_bill:
            raise bad_request("BUTTON_TYPE_INVALID")
    if len(buttons) > MAX_BUTTONS or len(msgspec.json.encode(keyboard, enc_hook=str)) > MAX_KEYBOARD_BYTES:
        raise bad_request("reply markup is too long")


def _problem(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    known = not separator or scheme.lower() in ("http", "https")
    return "Wrong HTTP URL" if known else "Unsupported URL protocol"


def check_pay_button(keyboard: Keyboard | None) -> None:
    """Raise RefusalError for the keyboard of a bill that does not begin with its Pay button."""
    if keyboard and not keyboard["inline_keyboard"][0][0].get("pay"):
        raise bad_request("BUTTON_TYPE_INVALID")
