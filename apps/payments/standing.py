"""What Telegram has not done yet about refunds and subscriptions, for metrics and health: index lookups."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from prometheus_client.core import GaugeMetricFamily, Metric

from apps.payments.models import Payment, RefundRequest, Subscription
from apps.users.models import Person
from diana import clock

# After so long staff are asked to look at a subscription of somebody who was erased.
PATIENCE = timedelta(hours=24)
MOST_COUNTED = 10_000


def families() -> Iterator[Metric]:
    """Yield the numbers for Prometheus."""
    ends = Subscription.objects.filter(end_requested_at__isnull=False, ended_at=None)
    text = "Subscriptions that Telegram is to end and has not; at most 10000 are counted."
    yield GaugeMetricFamily("diana_payments_subscriptions_to_end", text, value=ends[:MOST_COUNTED].count())
    refunds = Payment.objects.filter(refunded_at=None, refund_next_at__isnull=False)
    text = "Refunds that were asked for and that Telegram has not made; at most 10000 are counted."
    yield GaugeMetricFamily("diana_payments_refunds_to_make", text, value=refunds[:MOST_COUNTED].count())
    requests = RefundRequest.objects.filter(state=RefundRequest.State.OPEN)
    text = "Requests for refunds that staff have not decided; at most 10000 are counted."
    yield GaugeMetricFamily("diana_payments_refund_requests_open", text, value=requests[:MOST_COUNTED].count())


def concerns() -> list[str]:
    """Return what somebody must look at, for /health/ready: an erased person whom Telegram may go on charging."""
    erased = Q(end_reason=Subscription.Reason.ERASURE) | Q(person__status=Person.Status.ERASED)
    ends = Subscription.objects.filter(erased, ended_at=None, end_requested_at__lt=clock.now() - PATIENCE)
    words = "somebody who was erased may go on paying: look at Subscriptions in the admin, still to be ended"
    return [words] if ends.exists() else []
