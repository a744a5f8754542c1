"""The textbook's Celery application and its one task."""

import os
from datetime import datetime

from celery import Celery, shared_task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.textbook.settings")

app = Celery("textbook")
app.config_from_object("django.conf:settings", namespace="CELERY")


@shared_task(name="textbook.award")
def award(event_id: str, person: int, occurred_at: str) -> None:
    """Award five points for a message, once, within a hundred an hour and eight hundred a day."""
    from django.db import transaction

    from bench.textbook.models import Account, Entry, Handled, Limit, Outcome

    moment = datetime.fromisoformat(occurred_at)
    seconds = int(moment.timestamp())
    with transaction.atomic():
        if not Handled.objects.get_or_create(event_id=event_id)[1]:
            return
        account, _ = Account.objects.select_for_update().get_or_create(person=person)
        hourly, _ = Limit.objects.get_or_create(account=account, name="message_sent", window=seconds // 3600)
        daily, _ = Limit.objects.get_or_create(account=account, name="cap", window=seconds // 86400)
        if hourly.used >= 100 or daily.used + 5 > 800:
            return
        hourly.used += 1
        hourly.save(update_fields=["used"])
        daily.used += 5
        daily.save(update_fields=["used"])
        account.balance += 5
        account.lifetime += 5
        account.save(update_fields=["balance", "lifetime"])
        entry = Entry.objects.create(
            account=account,
            event_id=event_id,
            rule="message_sent",
            base=5,
            amount=5,
            balance_after=account.balance,
            occurred_at=moment,
        )
        Outcome.objects.create(entry=entry, type="game.points_awarded", payload={"entry": entry.id, "amount": 5})
