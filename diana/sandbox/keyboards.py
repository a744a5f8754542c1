"""Checks the keyboards of a call as Telegram does; only inline keyboards come back in a message."""

from typing import Any

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters

MAX_CALLBACK_DATA_BYTES = 64
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
    return {"inline_keyboard": [row for row in rows if row]} if any(rows) else None


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


def check_buttons(keyboard: Keyboard | None) -> None:
    """Raise RefusalError for callback data beyond 64 bytes, which Telegram notices later than a wrong structure."""
    for row in keyboard["inline_keyboard"] if keyboard else []:
        for button in row:
            if len(str(button.get("callback_data", "")).encode()) > MAX_CALLBACK_DATA_BYTES:
                raise bad_request("BUTTON_DATA_INVALID")


def check_pay_button(keyboard: Keyboard | None) -> None:
    """Raise RefusalError for the keyboard of a bill that does not begin with its Pay button."""
    if keyboard and not keyboard["inline_keyboard"][0][0].get("pay"):
        raise bad_request("BUTTON_TYPE_INVALID")
