"""Account, entries, limits and handled events as ordinary models."""

from django.db import models


class Account(models.Model):
    """A person's points."""

    person = models.BigIntegerField(unique=True)
    balance = models.BigIntegerField(default=0)
    lifetime = models.BigIntegerField(default=0)


class Handled(models.Model):
    """An event that had its effect."""

    event_id = models.UUIDField(unique=True)


class Limit(models.Model):
    """Awards of a rule in an hour, and base points of a day."""

    account = models.ForeignKey(Account, models.CASCADE)
    name = models.CharField(max_length=40)
    window = models.BigIntegerField()
    used = models.IntegerField(default=0)

    class Meta:
        unique_together = [("account", "name", "window")]


class Entry(models.Model):
    """One award."""

    account = models.ForeignKey(Account, models.CASCADE)
    event_id = models.UUIDField()
    rule = models.CharField(max_length=40)
    base = models.IntegerField()
    amount = models.IntegerField()
    balance_after = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)


class Outcome(models.Model):
    """What other parts are told of an award."""

    entry = models.ForeignKey(Entry, models.CASCADE)
    type = models.CharField(max_length=100)
    payload = models.JSONField()
