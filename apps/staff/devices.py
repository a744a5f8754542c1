"""Devices and recovery codes of logins: enrolling, using a code once, making new recovery codes, resetting.

Secrets never leave the database unsealed: the keys are those of sealed payloads (EVENTS_SEALING_KEYS), and what was
sealed for one login does not open for another. Nothing of them stands in records or logs.
"""

import secrets
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import transaction

from apps.staff import codes
from apps.staff.models import Device, RecoveryCode
from apps.users.models import Staff
from diana import audit
from diana.events.sealing import Sealed, SealingFailed, seal, unseal

log = structlog.get_logger()
REASON = "On the pages of the second factor, where no reason is asked for."


class UnknownLogin(LookupError):
    """There is no login of this name: `manage.py` takes it as it is typed on the login page."""


class Reset(NamedTuple):
    """What a reset takes away."""

    device: bool
    recovery_codes: int


def seal_secret(login: Staff, secret: str) -> Sealed:
    """Return the secret as it is kept; raises NoKey where EVENTS_SEALING_KEYS is empty."""
    return seal(secret, _associated(login))


def open_secret(login: Staff, sealed: Sealed) -> str | None:
    """Return what was sealed for this login; None, and an error in the log, where the key is missing or another one."""
    try:
        return unseal(sealed.payload, sealed.key_id, _associated(login))
    except SealingFailed as error:
        log.error("second_factor_unreadable", login=login.pk, error=str(error))
        return None


def enrol(login: Staff, secret: str, code: str, now: datetime) -> bool:
    """Keep the device if this is its code: the login's former device and recovery codes are gone, its sessions end.

    Must run in the transaction of the login.
    """
    step = codes.find_step(secret, codes.plain(code), now)
    if step is None:
        return False
    locked = Staff.objects.select_for_update().get(pk=login.pk)
    sealed = seal_secret(login, secret)
    kept = {"sealed": sealed.payload, "key_id": sealed.key_id, "confirmed_at": now, "last_step": step}
    Device.objects.update_or_create(login=locked, defaults=kept)
    RecoveryCode.objects.filter(login=locked).delete()
    _record_own(login, "enrol_second_factor", {"since": locked.second_factor_at}, {"since": now})
    _change(login, since=now, due=None)
    return True


def use_code(login: Staff, code: str, now: datetime) -> bool:
    """Use up a code of the device, or a recovery code, which leaves a record; False for one that is wrong or used."""
    typed = codes.plain(code)
    if typed.isascii() and typed.isdigit():
        return _use_code_of_device(login, typed, now)
    digest = codes.recovery_digest(login.pk, typed)
    with transaction.atomic():
        if not RecoveryCode.objects.filter(login=login, digest=digest, used_at=None).update(used_at=now):
            return False
        left = codes_left(login)
        _record_own(login, "use_recovery_code", {"left": left + 1}, {"left": left})
    return True


def codes_left(login: Staff) -> int:
    """Return how many recovery codes were not used yet."""
    return RecoveryCode.objects.filter(login=login, used_at=None).count()


def renew_recovery_codes(login: Staff) -> list[str]:
    """Return new recovery codes, which are never shown again; those of before are void."""
    made = codes.new_recovery_codes()
    with transaction.atomic():
        left = codes_left(login)
        RecoveryCode.objects.filter(login=login).delete()
        kept = [RecoveryCode(login=login, digest=codes.recovery_digest(login.pk, code)) for code in made]
        RecoveryCode.objects.bulk_create(kept)
        _record_own(login, "renew_recovery_codes", {"left": left}, {"left": len(made)})
    return made


def reset(name: str, *, reason: str, actor: audit.Actor) -> Reset:
    """Take device and recovery codes from the login and end its sessions: with the password alone it can but enrol anew.

    Raises UnknownLogin, ReasonMissing.
    """
    with transaction.atomic():
        login = Staff.objects.select_for_update().filter(username=name).first()
        if login is None:
            raise UnknownLogin(f"{name!r} is no login: it is taken as it is typed on the login page.")
        done = Reset(login.second_factor_at is not None, codes_left(login))
        Device.objects.filter(login=login).delete()
        RecoveryCode.objects.filter(login=login).delete()
        _change(login, since=None, due=None)
        audit.record(
            actor=actor,
            act="reset_second_factor",
            target=("users.Staff", login.pk),
            before=done._asdict(),
            after={"device": False, "recovery_codes": 0},
            reason=reason,
        )
    return done


def _use_code_of_device(login: Staff, code: str, now: datetime) -> bool:
    device = Device.objects.filter(login=login).first()
    secret = device and open_secret(login, Sealed(bytes(device.sealed), device.key_id))
    step = codes.find_step(secret, code, now) if secret else None
    if device is None or step is None:
        return False
    # Of two that come with one code, one finds the step used up; so does a code of a device that was just replaced.
    unused = Device.objects.filter(login=login, confirmed_at=device.confirmed_at, last_step__lt=step)
    return unused.update(last_step=step, **_sealed_anew(login, device, str(secret))) == 1


def _sealed_anew(login: Staff, device: Device, secret: str) -> dict[str, object]:
    """Return what changes with the first of the keys, so that the former one can be put away; nothing if it is that one."""
    sealed = seal_secret(login, secret)
    return {} if sealed.key_id == device.key_id else {"sealed": sealed.payload, "key_id": sealed.key_id}


def _change(login: Staff, *, since: datetime | None, due: datetime | None) -> None:
    """Note since when there is a device, and end the sessions of before."""
    login.second_factor_at, login.second_factor_due_at = since, due
    login.session_salt = secrets.token_hex(16)
    login.save(update_fields=["second_factor_at", "second_factor_due_at", "session_salt"])


def _record_own(login: Staff, act: str, before: dict[str, object], after: dict[str, object]) -> None:
    audit.record(
        actor=audit.Actor.staff(login),
        act=act,
        target=("users.Staff", login.pk),
        before=before,
        after=after,
        reason=REASON,
    )


def _associated(login: Staff) -> bytes:
    return f"staff.device:{login.pk}".encode()
