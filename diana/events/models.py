"""The tables of the bus. The log is append-only; what moves are cursors, failures and deliveries."""

from typing import Any

from django.db import models
from django.db.models.functions import Now  # noqa: TID251  # moved_at, failed_at, next_attempt_at and deferred_at are work
from django.utils.translation import gettext_lazy as _

from diana.clock.functions import DomainNow


class JsonTextField(models.TextField[str | None, str | None]):
    """JSON kept byte for byte as it was written (type json, not jsonb): cheaper to write, and read as text."""

    def db_type(self, connection: object) -> str:
        """Return PostgreSQL's type."""
        return "json"

    def select_format(self, compiler: object, sql: str, params: Any) -> tuple[str, Any]:
        """Read it as text: the driver would decode it."""
        return f"{sql}::text", params


class StoredEvent(models.Model):
    """One event of the log. Written by publish() alone; the database refuses changes (migration 0002)."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(_("event id"))
    type = models.TextField(_("type"))
    version = models.SmallIntegerField(_("version"))
    lane = models.SmallIntegerField(_("lane"))
    key = models.TextField(_("key"))
    user_id = models.BigIntegerField(_("person"), null=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    utc_offset_minutes = models.SmallIntegerField(_("UTC offset, minutes"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=DomainNow())
    correlation_id = models.UUIDField(_("correlation id"))
    causation_id = models.UUIDField(_("causation id"), null=True)
    payload = JsonTextField(_("payload"), null=True)
    sealed_payload = models.BinaryField(_("sealed payload"), null=True)
    key_id = models.TextField(_("key id"), null=True)

    class Meta:
        db_table = "event_log"
        verbose_name = _("event")
        verbose_name_plural = _("event log")
        default_permissions = ("view",)
        indexes = [
            # the drain reads a lane in order and sees the types without touching the rows
            models.Index(fields=["lane", "id"], include=["type"], name="event_log_lane"),
            # explain_entry, idempotent publishing: an event by its public id
            models.Index(fields=["event_id"], name="event_log_event_id"),
            # history.of_person and of_people: somebody's facts from the beginning
            models.Index(fields=["user_id", "id"], condition=models.Q(user_id__isnull=False), name="event_log_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(payload__isnull=False, sealed_payload__isnull=True, key_id__isnull=True)
                | models.Q(payload__isnull=True, sealed_payload__isnull=False, key_id__isnull=False),
                name="event_log_payload_open_or_sealed",
            ),
            models.CheckConstraint(condition=models.Q(lane__gte=0), name="event_log_lane_not_negative"),
            models.CheckConstraint(
                condition=models.Q(utc_offset_minutes__range=(-1080, 1080)), name="event_log_offset_is_a_zone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class EventKey(models.Model):
    """An idempotency key and the event that was published under it first."""

    key = models.TextField(primary_key=True)
    event_id = models.UUIDField()

    class Meta:
        db_table = "event_key"
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class BusParameter(models.Model):
    """What the log was made with and code must agree to: the number of lanes, the rights of the roles."""

    name = models.TextField(primary_key=True)
    value = models.TextField()

    class Meta:
        db_table = "event_parameter"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class RoleLimit(models.Model):
    """A value that a role of the database may give new rows of a table; with any row here, no other values.

    Written by the release (diana/database_roles), kept by triggers (migration 0015).
    """

    id = models.BigAutoField(primary_key=True)
    role = models.TextField()
    relation = models.TextField()
    value = models.TextField()

    class Meta:
        db_table = "event_role_limit"
        default_permissions = ()
        constraints = [
            # the triggers look up a role's values of a table
            models.UniqueConstraint(fields=["role", "relation", "value"], name="event_role_limit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.value} in {self.relation}"


class Cursor(models.Model):
    """How far a subscriber has come in a lane. Moved in the transaction of the effects, under the row's lock.

    `trial_at`: a task that the relay woke began to work; moving clears it. A lane whose trial ended without a move is
    suspect: up to `suspect_until` events are handled one by one; `suspect_position` is the event that may have killed
    its process, `suspect_attempts` how often it was tried. `rescued`: wake-ups that the relay had to make.
    `passing_errors`: how often in a row the event at `passing_position`, alone, met an error that should pass.
    """

    subscriber = models.TextField(_("subscriber"))
    lane = models.SmallIntegerField(_("lane"))
    position = models.BigIntegerField(_("position"))
    fingerprint = models.TextField(_("fingerprint"))
    handled = models.BigIntegerField(_("handled"), default=0, db_default=0)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pauses = models.SmallIntegerField(_("pauses in a row"), default=0, db_default=0)
    suspect_until = models.BigIntegerField(_("one by one up to"), null=True, blank=True)
    suspect_position = models.BigIntegerField(_("suspect event"), null=True, blank=True)
    suspect_attempts = models.SmallIntegerField(_("attempts at it"), default=0, db_default=0)
    trial_at = models.DateTimeField(_("trial began at"), null=True, blank=True)
    rescued = models.BigIntegerField(_("rescued by the relay"), default=0, db_default=0)
    passing_position = models.BigIntegerField(_("event that met passing errors"), null=True, blank=True)
    passing_errors = models.SmallIntegerField(_("passing errors in a row at it"), default=0, db_default=0)
    moved_at = models.DateTimeField(_("moved at"), db_default=Now())

    class Meta:
        db_table = "event_cursor"
        verbose_name = _("cursor")
        verbose_name_plural = _("cursors")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "lane"], name="event_cursor_one_per_lane"),
            models.CheckConstraint(condition=models.Q(position__gte=0), name="event_cursor_position_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} lane {self.lane}"


class Failure(models.Model):
    """An event that a subscriber could not handle: waiting for its next try, held behind another, or dead."""

    class Status(models.TextChoices):
        RETRYING = "retrying", _("waiting for another try")
        HELD = "held", _("held behind an earlier event of its key")
        DEAD = "dead", _("dead letter")
        DONE = "done", _("handled at last")
        DISCARDED = "discarded", _("discarded")

    subscriber = models.TextField(_("subscriber"))
    lane = models.SmallIntegerField(_("lane"))
    position = models.BigIntegerField(_("position in the log"))
    key = models.TextField(_("key"))
    type = models.TextField(_("type"))
    status = models.TextField(_("status"), choices=Status.choices)
    attempts = models.SmallIntegerField(_("attempts"), default=0)
    passing_errors = models.SmallIntegerField(_("passing errors in a row"), default=0, db_default=0)
    next_attempt_at = models.DateTimeField(_("next try"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    failed_at = models.DateTimeField(_("failed at"), db_default=Now())
    resolution = models.TextField(_("resolution"), blank=True, default="", db_default="")

    class Meta:
        db_table = "event_failure"
        verbose_name = _("failed delivery")
        verbose_name_plural = _("failed deliveries")
        default_permissions = ("view",)
        permissions = [("redrive", _("Can redrive and discard failed deliveries"))]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "position"], name="event_failure_one_per_event"),
        ]
        indexes = [
            # searched by staff
            models.Index(fields=["position"], name="event_failure_position"),
            models.Index(fields=["key"], name="event_failure_key"),
            # the lane task looks for keys that are held back, the relay for what is due
            models.Index(
                fields=["subscriber", "lane", "position"],
                condition=models.Q(status__in=["retrying", "held"]),
                name="event_failure_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.type} at {self.position}"


class Delivery(models.Model):
    """One event on its way out through an external subscriber. Removed when done; of one key only the oldest may go.

    `owner` is the process that has claimed it, whose liveness is an advisory lock; `attempts` is the fence: whoever
    records must have made the last one.
    """

    subscriber = models.TextField(_("subscriber"))
    lane = models.SmallIntegerField(_("lane"))
    position = models.BigIntegerField(_("position in the log"))
    key = models.TextField(_("key"))
    next_attempt_at = models.DateTimeField(_("next try"), db_default=Now())
    attempts = models.SmallIntegerField(_("attempts"), default=0, db_default=0)
    owner = models.IntegerField(_("owner"), null=True)
    leased_until = models.DateTimeField(_("leased until"), null=True)

    class Meta:
        db_table = "event_delivery"
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries under way")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "position"], name="event_delivery_one_per_event"),
        ]
        indexes = [
            # senders look for the oldest of each key
            models.Index(fields=["subscriber", "lane", "key", "position"], name="event_delivery_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.position}"


class Visit(models.Model):
    """That a process handled some events of a lane, for whoever looks on (visits.py). Unlogged, bounded, may be missing."""

    subscriber = models.TextField(_("subscriber"))
    lane = models.SmallIntegerField(_("lane"))
    first_position = models.BigIntegerField(_("first position in the log"))
    last_position = models.BigIntegerField(_("last position in the log"))
    events = models.IntegerField(_("events"))
    outcome = models.TextField(_("outcome"))
    attempt = models.SmallIntegerField(_("attempt"))
    process = models.TextField(_("process"))
    task_id = models.TextField(_("task id"), null=True)
    started_at = models.DateTimeField(_("started at"))
    milliseconds = models.FloatField(_("milliseconds"))

    class Meta:
        db_table = "event_visit"
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_position__gte=models.F("first_position")), name="event_visit_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.first_position} to {self.last_position}"


class DeferredEvent(models.Model):
    """An event that waits for the log because its source published too much; moved there by the relay, in its order.

    The columns and conditions of event_log, so that nothing that waits here can be refused there.
    """

    number = models.BigAutoField(primary_key=True)
    source = models.TextField(_("source"))
    due_at = models.DateTimeField(_("not before"))
    deferred_at = models.DateTimeField(_("deferred at"), db_default=Now())
    event_id = models.UUIDField(_("event id"))
    type = models.TextField(_("type"))
    version = models.SmallIntegerField(_("version"))
    lane = models.SmallIntegerField(_("lane"))
    key = models.TextField(_("key"))
    user_id = models.BigIntegerField(_("person"), null=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    utc_offset_minutes = models.SmallIntegerField(_("UTC offset, minutes"))
    correlation_id = models.UUIDField(_("correlation id"))
    causation_id = models.UUIDField(_("causation id"), null=True)
    payload = JsonTextField(_("payload"), null=True)
    sealed_payload = models.BinaryField(_("sealed payload"), null=True)
    key_id = models.TextField(_("key id"), null=True)

    class Meta:
        db_table = "event_deferred"
        verbose_name = _("deferred event")
        verbose_name_plural = _("deferred events")
        default_permissions = ("view",)
        indexes = [
            # publishers ask whether a key waits, the relay for the first of each
            models.Index(fields=["key", "number"], name="event_deferred_key"),
            # publishing again under a known idempotency key finds the first event here
            models.Index(fields=["event_id"], name="event_deferred_event_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(payload__isnull=False, sealed_payload__isnull=True, key_id__isnull=True)
                | models.Q(payload__isnull=True, sealed_payload__isnull=False, key_id__isnull=False),
                name="event_deferred_payload_open_or_sealed",
            ),
            models.CheckConstraint(condition=models.Q(lane__gte=0), name="event_deferred_lane_not_negative"),
            models.CheckConstraint(
                condition=models.Q(utc_offset_minutes__range=(-1080, 1080)), name="event_deferred_offset_is_a_zone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
