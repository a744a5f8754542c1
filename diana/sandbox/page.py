"""The page at the sandbox's root: the last messages of every chat, everything escaped."""

from collections import defaultdict
from datetime import UTC, datetime
from html import escape

from diana.sandbox.messages import Message, Messages

SHOWN_MESSAGES = 500
SHOWN_PER_CHAT = 20
_STYLE = "body{font:15px sans-serif;margin:2em;max-width:50em}pre{white-space:pre-wrap;font:inherit;margin:0}"


def render_page(messages: Messages) -> str:
    """Return the page; the chat with the newest message comes first."""
    chats: dict[int, list[Message]] = defaultdict(list)
    for message in messages.newest(SHOWN_MESSAGES):
        chats[message["chat"]["id"]].append(message)
    body = "".join(_chat(shown[:SHOWN_PER_CHAT]) for shown in chats.values()) or "<p>Nothing has been sent yet.</p>"
    head = f'<meta charset="utf-8"><title>Sandbox</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>Sandbox</h1>{body}</body></html>'


def _chat(shown: list[Message]) -> str:
    chat = shown[0]["chat"]
    name = escape(chat.get("title") or chat["first_name"])
    return f"<h2>{name} <small>({chat['id']})</small></h2><ul>{''.join(map(_message, shown))}</ul>"


def _message(message: Message) -> str:
    when = datetime.fromtimestamp(message["date"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = "".join(f" [{escape(str(button['text']))}]" for row in rows for button in row)
    return f"<li><small>#{message['message_id']} {when}</small><pre>{escape(_words(message))}</pre>{buttons}</li>"


def _words(message: Message) -> str:
    """Return the text of a message; of a file its name and caption, of a bill what it costs."""
    if "document" in message:
        return f"[{message['document'].get('file_name', 'file')}] {message.get('caption', '')}".strip()
    if "invoice" in message:
        bill = message["invoice"]
        return f"[{bill['title']}: {bill['total_amount']} {bill['currency']}] {bill['description']}"
    return str(message["text"])
