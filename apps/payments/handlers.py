"""What payments react to: a gift ends for whoever redeemed it when its buyer has the money back."""

from apps.payments import services
from diana import clock
from diana.events import Envelope, subscribe


@subscribe("payment.refunded", start="beginning")
def end_gift(envelope: Envelope) -> None:
    """Take back the VIP that a gift gave to somebody else; the buyer's own ended with the refund."""
    services.end_gift(payment_id=envelope.fields["charge"], now=clock.now())
