"""What handlers read of an update that was kept: its document. No other module looks at bodies."""

from apps.bot import incoming, reading
from apps.bot.models import Update
from apps.bot.reading import Unreadable


def document_of(row: Update) -> reading.Update:
    """Return the update's document; of a row from before there were any, that of its body. Raises Unreadable."""
    document = bytes(row.document)
    return reading.read(document if document else _reduced(bytes(row.body)))


def _reduced(body: bytes) -> bytes:
    try:
        return incoming.decode(body).document
    except incoming.Malformed:
        raise Unreadable("the body is no update") from None


def press_of(row: Update) -> reading.Pressed | None:
    """Return the button that was pressed and the message that it hangs on; None if that cannot be read."""
    try:
        return document_of(row).callback_query
    except Unreadable:
        return None
