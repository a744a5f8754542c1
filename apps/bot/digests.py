"""Keyed digests: a text's tells a repeated message of the same person from a new one, a body's a copy from another update.

Neither gives its content to anybody without the key.
"""

import unicodedata

from django.conf import settings
from django.utils.crypto import salted_hmac

DIGEST_LENGTH = 32


def content_digest(person_id: int, text: str) -> str:
    """Return the keyed hash of the text, blind to case, width and spacing; the key differs for each person."""
    normalized = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).encode(errors="replace")
    keyed = salted_hmac(f"bot.content_digest.{person_id}", normalized, algorithm="sha256")
    return keyed.hexdigest()[:DIGEST_LENGTH]


def body_digest(body: bytes) -> bytes:
    """Return the keyed SHA-256 of an update's body."""
    return _body_digest(body, settings.SECRET_KEY)


def is_body_of(digest: bytes, body: bytes) -> bool:
    """Say whether the digest is that of the body, under the present key or one that it has replaced."""
    return any(_body_digest(body, key) == digest for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _body_digest(body: bytes, key: str) -> bytes:
    return salted_hmac("bot.body_digest", body, key, algorithm="sha256").digest()
