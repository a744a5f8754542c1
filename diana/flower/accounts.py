"""Who may do what in Flower: operators everything, viewers read."""

import base64
import binascii
import hmac
from collections.abc import Sequence


class Accounts:
    """The accounts, each `user:password`. `viewers` may only read; raises ValueError where they cannot be told apart."""

    def __init__(self, operators: Sequence[str], viewers: Sequence[str]) -> None:
        for account in viewers:
            user, _, password = account.partition(":")
            if not user or not password:
                raise ValueError("FLOWER_VIEWER_AUTH: write user:password, several of them by comma.")
        if set(operators) & set(viewers):
            raise ValueError("FLOWER_VIEWER_AUTH names an account of FLOWER_BASIC_AUTH: give it one of its own.")
        self.operators, self.viewers = list(operators), list(viewers)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self.operators or self.viewers)

    def is_operator(self, header: str) -> bool:
        """Say whether an Authorization header shows an operator's account."""
        return _is_one_of(header, self.operators)

    def is_viewer(self, header: str) -> bool:
        """Say whether an Authorization header shows a viewer's account."""
        return _is_one_of(header, self.viewers)


def is_token(header: str, token: str) -> bool:
    """Say whether an Authorization header shows the token; without a token none does."""
    scheme, _, given = header.partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _is_one_of(header: str, accounts: Sequence[str]) -> bool:
    scheme, _, encoded = header.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    # All are compared, so that the time does not tell which one it was.
    verdicts = [hmac.compare_digest(given, account.encode()) for account in accounts]
    return scheme.lower() == "basic" and any(verdicts)
