"""A text's digest: tells a repeated message of the same person from a new one and gives its content to nobody."""

import unicodedata

from django.utils.crypto import salted_hmac

DIGEST_LENGTH = 32


def content_digest(person_id: int, text: str) -> str:
    """Return the keyed hash of the text, blind to case, width and spacing; the key differs for each person."""
    normalized = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).encode(errors="replace")
    keyed = salted_hmac(f"bot.content_digest.{person_id}", normalized, algorithm="sha256")
    return keyed.hexdigest()[:DIGEST_LENGTH]
