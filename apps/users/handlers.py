"""What the users app does when something happened: follow those who came by somebody's link, let usernames be one person's."""

from collections.abc import Sequence

from apps.users import services
from diana import clock
from diana.events import Envelope, subscribe


@subscribe(
    "game.points_awarded",
    "user.active_day",
    "user.tutorial_completed",
    "user.erased",
    "admin.user_suspended",
    batch=True,
    ordered=True,
)
def follow_referrals(envelopes: Sequence[Envelope]) -> None:
    """Count towards invitations what invited people do, and note who of them is lost."""
    services.follow_referrals(envelopes, now=clock.now())


@subscribe("user.registered", "user.profile_updated", "user.active_day", batch=True)
def release_usernames(envelopes: Sequence[Envelope]) -> None:
    """Take usernames from who had them before; somebody's first names come with their first day."""
    services.release_usernames(envelopes)
