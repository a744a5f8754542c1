"""The codes of a second factor: those that a device computes for each half minute, and those that are kept on paper.

Numbers and texts only; what is used up stands in the database (apps/staff/devices.py).
"""

import hashlib
import hmac
import secrets
from datetime import datetime

from pyotp import TOTP, random_base32

STEP_SECONDS = 30
# A device's clock may be a step off.
DRIFT_STEPS = 1
RECOVERY_CODES = 10
# Without what looks like something else; 16 of 32 letters are 80 bits, which nobody tries out.
ALPHABET = "abcdefghjkmnpqrstuvwxyz023456789"
RECOVERY_LETTERS = 16


def new_secret() -> str:
    """Return a new secret, in base32 as apps take it."""
    return str(random_base32())


def address(secret: str, username: str) -> str:
    """Return the otpauth:// address that the QR code shows to an app."""
    return str(TOTP(secret).provisioning_uri(name=username, issuer_name="Diana"))


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of 30 seconds that this is the code of, the present one or a neighbour; None if it is none's."""
    present, device = int(now.timestamp()) // STEP_SECONDS, TOTP(secret)
    found = None
    # All are compared, however early one fits.
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(device.generate_otp(step).encode(), code.encode(errors="replace")):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return ten new codes as they are shown, in groups of four letters."""
    return [_grouped("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LETTERS))) for _ in range(RECOVERY_CODES)]


def recovery_digest(login_id: int, code: str) -> str:
    """Return what is kept of a recovery code; case, spaces and hyphens do not matter."""
    letters = "".join(letter for letter in code.lower() if letter in ALPHABET)
    return hashlib.sha256(f"staff.recovery_code:{login_id}:{letters}".encode()).hexdigest()


def plain(code: str) -> str:
    """Return a code as it was typed, without the spaces that apps show in it."""
    return "".join(code.split())


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
