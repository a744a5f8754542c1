"""Gift codes: they follow from a random number in the database and a key that is not there, so that no reader of the
database can redeem one; pure.
"""

import base64
import hmac
import re
from collections.abc import Iterable


class KeyMissing(LookupError):
    """No key makes the code of this gift: put the key that it was bought under into SECRET_KEY_FALLBACKS, or refund it."""


SALT_BYTES = 16
CODE = re.compile(r"[A-Z2-7]{16}")


def code_of(salt: bytes, secret: str) -> str:
    """Return the code of a gift: 16 letters and digits, 80 bits."""
    return base64.b32encode(_keyed(secret, b"code|" + salt)[:10]).decode()


def digest_of(code: str, secret: str) -> bytes:
    """Return what is kept of a code to know it again."""
    return _keyed(secret, b"digest|" + code.encode())


def code_under(salt: bytes, digest: bytes, secrets: Iterable[str]) -> str:
    """Return the code of a gift that is kept under the digest, by whichever key it was made with. Raises KeyMissing."""
    for secret in secrets:
        code = code_of(salt, secret)
        if hmac.compare_digest(digest_of(code, secret), digest):
            return code
    raise KeyMissing(KeyMissing.__doc__)


def read_code(text: str) -> str | None:
    """Return the code that somebody typed, blind to case and hyphens; None if it cannot be one."""
    typed = text.strip().replace("-", "")
    # Upper case makes ASCII letters of some others, too.
    return code if typed.isascii() and CODE.fullmatch(code := typed.upper()) else None


def digests_of(code: str, secrets: Iterable[str]) -> list[bytes]:
    """Return the digests that the code may be kept under: by the present key, or by one that it took the place of."""
    return [digest_of(code, secret) for secret in secrets]


def _keyed(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"payments.gift|" + message, "sha256")
