"""What an invitation has to become before it is paid; and the codes of links; pure but for chance."""

import re
import secrets
from datetime import timedelta

ACTIVE_DAYS = 3
POINTS = 300
PAID_AFTER = timedelta(days=7)
# Within this time of being paid it is taken back if the invited person is suspended or erased.
TAKEN_BACK_WITHIN = timedelta(days=30)
PAYLOAD = "r_"
_CODE = re.compile(r"[A-Za-z0-9_-]{12}", re.ASCII)


def is_earned(*, tutorial: bool, active_days: int, points: int) -> bool:
    """Say whether the invited person has stayed: the tutorial, three local dates, 300 points."""
    return tutorial and active_days >= ACTIVE_DAYS and points >= POINTS


def new_code() -> str:
    """Return a code that nobody can guess: 72 random bits as 12 characters that a start link takes."""
    return secrets.token_urlsafe(9)


def code_in(payload: str) -> str | None:
    """Return the invite code of a start link's payload, or None if it holds none."""
    code = payload.removeprefix(PAYLOAD)
    return code if payload.startswith(PAYLOAD) and _CODE.fullmatch(code) else None
