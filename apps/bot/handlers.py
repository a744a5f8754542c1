"""What the bot does when something happened: take a message, answer an update, at once or aside, tell what it earned, give
notice, show what there is to do, tell a group of its approval, leave a group, show a gift's code, give a payment back.

Those that answer or tell talk to Telegram, whose library takes longer to import than all the rest: only the processes
that answer pay for it. Most of what a community does gets no answer: the batch takes it, without the library.
"""

from collections.abc import Sequence

from apps.bot.notices.making import note
from apps.bot.notices.planning import KINDS
from apps.bot.taking import take
from diana import clock
from diana.events import Envelope, subscribe


@subscribe("bot.message_received", batch=True, start="beginning")
def take_messages(envelopes: Sequence[Envelope]) -> None:
    """Let the messages be acts of those who wrote them."""
    take(envelopes, now=clock.now())


@subscribe("bot.update_received", external=True)
async def handle_update(envelope: Envelope) -> None:
    """Do what the update asks for and reply. Done again, it changes nothing; only the reply may come twice."""
    from apps.bot.answering import answer_update

    await answer_update(envelope)


@subscribe("bot.answer_put_off", external=True)
async def answer_put_off(envelope: Envelope) -> None:
    """Give an answer that stepped aside."""
    from apps.bot.answering import answer_aside

    await answer_aside(envelope)


@subscribe("game.points_awarded", "game.points_suppressed", external=True, where={"rule": "daily_login"})
async def answer_daily(envelope: Envelope) -> None:
    """Tell the person what came of a /daily that a release before took; by now its screen tells that itself."""
    from apps.bot.daily_answers import tell_daily

    await tell_daily(envelope)


@subscribe("bot.screen_shown", external=True)
async def tell_outcome(envelope: Envelope) -> None:
    """Tell on the screen what the act that it answers has earned."""
    from apps.bot.outcomes.delivery import tell

    await tell(envelope)


@subscribe("bot.group_approved", external=True)
async def tell_group(envelope: Envelope) -> None:
    """Tell the group that it was approved."""
    from apps.bot.group_calls import tell_approved

    await tell_approved(envelope)


@subscribe("bot.group_leave_requested", external=True)
async def leave_group(envelope: Envelope) -> None:
    """Leave the group; done again, it changes nothing."""
    from apps.bot.group_calls import leave

    await leave(envelope)


@subscribe("payment.succeeded", external=True)
async def tell_gift(envelope: Envelope) -> None:
    """Show the code of a gift to who bought it."""
    from apps.bot.paying import tell_gift

    await tell_gift(envelope)


@subscribe("payment.refund_requested", "payment.refund_due", external=True)
async def refund_payment(envelope: Envelope) -> None:
    """Have Telegram give a payment back; done again, it finds that it was given back."""
    from apps.bot.paying import refund

    await refund(envelope)


@subscribe("payment.subscription_end_requested", external=True)
async def end_subscription(envelope: Envelope) -> None:
    """Have Telegram charge for a subscription no more; done again, it changes nothing."""
    from apps.bot.paying import end_subscription

    await end_subscription(envelope)


@subscribe(*KINDS, batch=True)
def note_notices(envelopes: Sequence[Envelope]) -> None:
    """Keep what people are to be told of, each event once."""
    note(envelopes, now=clock.now())


@subscribe("bot.guidance_due", external=True)
async def guide(envelope: Envelope) -> None:
    """Answer what is no command with what there is to do."""
    from apps.bot.guidance_delivery import give_guidance

    await give_guidance(envelope)


@subscribe("bot.notices_due", external=True)
async def send_notices(envelope: Envelope) -> None:
    """Tell the person what is due. At least once: a message whose answer got lost is sent again."""
    from apps.bot.notices.telling import tell

    await tell(envelope)
