"""What is told, to whom, and when; pure. A notice holds ids and numbers of the event, the words are the screens'."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from apps.bot.notices.subjects import subject_of
from apps.users.services import Preferences

# From the first on, so long everything of these kinds is gathered into one message.
DIGEST = timedelta(minutes=10)
DIGEST_KINDS = ("achievement", "level", "referral", "points")
# A receipt: told at once whatever the clock says, and whatever the person wants to hear of else.
RECEIPTS = ("payment", "payment_problem", "refund", "refund_points", "refund_declined", "subscription_failed")
# What is older is no news: somebody replays the log, or everything was away for days.
LONGEST_LATE = timedelta(days=3)
# A receipt is told however late: nearly as long as notices are kept, so that none is told twice (settling.KEEP_NOTICES).
RECEIPT_LATE = timedelta(days=29)
# Told by the receipt of the payment itself.
PAID_SOURCES = ("purchase", "subscription")

Fields = Mapping[str, Any]


class Kind(NamedTuple):
    """Which notice an event makes: its fields, and whether this one is told at all."""

    kind: str
    fields: tuple[str, ...] = ()
    told: Callable[[Fields], bool] = lambda fields: True


KINDS = {
    "game.achievement_unlocked": Kind("achievement", ("achievement", "tier"), lambda fields: not fields["quiet"]),
    "game.level_up": Kind("level", ("old", "new")),
    "user.referral_qualified": Kind("referral"),
    "vip.granted": Kind("vip_granted", ("until", "grant"), lambda fields: fields["source"] not in PAID_SOURCES),
    "vip.expiring": Kind("vip_expiring", ("hours", "until")),
    "vip.grace_entered": Kind("vip_grace", ("until",)),
    "vip.expired": Kind("vip_expired", ("until",)),
    "vip.revoked": Kind("vip_revoked", ("until",)),
    "payment.succeeded": Kind("payment", ("stars", "charge")),
    "payment.not_credited": Kind("payment_problem", ("charge", "stars", "problem")),
    "payment.refunded": Kind("refund", ("charge",)),
    "game.payment_taken_back": Kind("refund_points", ("charge", "points", "old", "new")),
    "payment.refund_declined": Kind("refund_declined", ("charge",)),
    "payment.subscription_failed": Kind("subscription_failed"),
    "user.onboarding_abandoned": Kind("reminder"),
}
# What could not be told on the screen that answered the act (apps/bot/outcomes).
LEFT_OVER = {"game.points_awarded": Kind("points", ("amount", "rule"))}


def longest_late(kind: str) -> timedelta:
    """Return how old an event may be and is told still."""
    return RECEIPT_LATE if kind in RECEIPTS else LONGEST_LATE


def may_be_told(kind: str, status: str) -> bool:
    """Say whether somebody of this status is told of this: who has left, is suspended or asked to be erased gets receipts."""
    return status == "active" or (kind in RECEIPTS and status != "erased")


def wanted(kind: str, preferences: Preferences) -> bool:
    """Say whether the person wants to be told of this."""
    subject = subject_of(kind)
    return subject is None or (preferences.notices and bool(getattr(preferences, subject)))


def due_at(
    kind: str,
    now: datetime,
    local: Callable[[datetime], datetime],
    preferences: Preferences,
    open_digest: datetime | None,
) -> datetime:
    """Return when the notice may be told. `local` shows a moment on the person's clock, `open_digest` is when the digest
    that waits for more goes out.
    """
    if kind in RECEIPTS:
        return now
    if kind in DIGEST_KINDS:
        return open_digest if open_digest and open_digest > now else end_of_quiet(now + DIGEST, local, preferences)
    return end_of_quiet(now, local, preferences)


def end_of_quiet(moment: datetime, local: Callable[[datetime], datetime], preferences: Preferences) -> datetime:
    """Return the first moment from this one on at which the person's clock shows no quiet hour, wherever clocks are turned.

    It walks from one whole hour of the clock to the next: clocks are turned by half an hour or more, so no hour is missed.
    """
    for _ in range(50):
        shown = local(moment)
        if not preferences.is_quiet(shown.hour):
            return moment
        past = timedelta(minutes=shown.minute % 30, seconds=shown.second, microseconds=shown.microsecond)
        moment += timedelta(minutes=30) - past
    raise AssertionError(f"no hour of two days is loud: {preferences}")
