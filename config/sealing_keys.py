"""Lists of keys with ids, as variables hold them: `id:base64,id2:base64`."""

import base64
import binascii
import re

from django.core.exceptions import ImproperlyConfigured


def sealing_keys(name: str, text: str) -> dict[str, bytes]:
    """Return the keys of a variable that reads `id:base64,id2:base64`, in their order; raises ImproperlyConfigured.

    A key is 32 bytes. An error names the place in the list: a key must not come into a log.
    """
    keys: dict[str, bytes] = {}
    for place, part in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", key_id) or len(key) != 32 or key_id in keys:
            raise ImproperlyConfigured(
                f"{name}: entry {place} is no `id:key`. An id is 1 to 32 of A-Z a-z 0-9 _ - and stands once, a key is 32"
                " random bytes in base64: `openssl rand -base64 32` makes one."
            )
        keys[key_id] = key
    return keys
