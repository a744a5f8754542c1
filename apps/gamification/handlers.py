"""What points react to. One subscriber folds everything about an account, in order; another takes back what was refunded."""

from collections.abc import Sequence

from apps.gamification.awards import award
from apps.gamification.services import reverse_payment
from diana import clock
from diana.events import Envelope, subscribe

# Types that a rule pays for or that change what later awards are worth (decide/folding.py). An active rule for
# another type is an error of `manage.py check`.
AWARDED_TYPES = (
    "admin.achievement_granted",
    "admin.points_force_awarded",
    "admin.abuse_resolved",
    "admin.user_suspended",
    "admin.user_unsuspended",
    "admin.vip_overridden",
    "game.achievement_revoked",
    "game.achievement_unlocked",
    "game.action_performed",
    "game.challenge_completed",
    "game.community_participation",
    "game.daily_login",
    "game.day_ended",
    "game.login",
    "game.message_sent",
    "game.rank_closed",
    "game.streak_extended",
    "game.streak_frozen",
    "game.trivia_completed",
    "narrative.chapter_completed",
    "narrative.decision_made",
    "narrative.ending_discovered",
    "narrative.secret_found",
    "narrative.story_completed",
    "narrative.story_started",
    "payment.succeeded",
    "user.active_day",
    "user.deactivated",
    "user.erased",
    "user.onboarding_completed",
    "user.personality_detected",
    "user.reactivated",
    "user.referral_completed",
    "user.referral_qualified",
    "user.registered",
    "user.returned",
    "user.timezone_changed",
    "user.tutorial_completed",
    "user.tutorial_step_completed",
    "user.visibility_changed",
    "vip.expired",
    "vip.grace_entered",
    "vip.granted",
    "vip.renewed",
    "vip.revoked",
)


@subscribe(*AWARDED_TYPES, batch=True, ordered=True, start="beginning")
def award_points(envelopes: Sequence[Envelope]) -> None:
    """Award what the events earn; each account's events in their order, each once."""
    award(envelopes)


@subscribe("payment.refunded", ordered=True, start="beginning")
def take_back_refunded(envelope: Envelope) -> None:
    """Reverse what a payment had earned, once Telegram has given it back."""
    if envelope.user_id is not None:
        reverse_payment(
            person_id=envelope.user_id,
            charge=envelope.fields["charge"],
            position=envelope.position,
            now=clock.now(),
        )
