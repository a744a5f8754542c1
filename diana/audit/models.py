"""The audit record's table: append-only, without foreign keys, so that nothing it names can pull it along."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from diana.clock.functions import DomainNow

REASON_MAX_LENGTH = 1000


class AuditRecord(models.Model):
    """One act of staff. Written by `audit.record` alone; the database sets the time and refuses every change."""

    class Origin(models.TextChoices):
        ADMIN = "admin", _("admin")
        SHELL = "shell", _("shell")
        COMMAND = "command", _("command")
        BOT = "bot", _("bot")

    at = models.DateTimeField(_("at"), db_default=DomainNow())
    actor_id = models.BigIntegerField(_("actor's id"), null=True)
    actor = models.TextField(_("actor"))
    origin = models.TextField(_("origin"), choices=Origin.choices)
    act = models.TextField(_("act"))
    object_type = models.TextField(_("kind of object"))
    object_id = models.TextField(_("object"))
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)
    reason = models.TextField(_("reason"))
    correlation_id = models.UUIDField(_("correlation id"), null=True)
    # Where a request came from; None for what is done in a shell, by a command, by the bot.
    address = models.GenericIPAddressField(_("address"), null=True)
    # What the database itself saw: role of the connection, number of the transaction, real time. None in records of before.
    written_as = models.TextField(_("role"), null=True)
    written_in = models.BigIntegerField(_("transaction"), null=True)
    written_at = models.DateTimeField(_("written at"), null=True)

    class Meta:
        db_table = "audit_record"
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        default_permissions = ("view",)
        indexes = [
            # the history of one object: a person's page, a rule's page
            models.Index(fields=["object_type", "object_id", "id"], name="audit_record_object"),
            # searched by staff: by the object alone, by the actor; the words of reasons have an index in the migration
            models.Index(fields=["object_id"], name="audit_record_object_id"),
            models.Index(fields=["actor"], name="audit_record_actor"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(origin__in=["admin", "shell", "command", "bot"]), name="audit_record_origin_known"
            ),
            models.CheckConstraint(condition=models.Q(reason__regex=r"\S"), name="audit_record_reason_given"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("reason"), REASON_MAX_LENGTH), name="audit_record_reason_bounded"
            ),
            models.CheckConstraint(
                condition=models.Q(actor__gt="", act__gt="", object_type__gt="", object_id__gt=""),
                name="audit_record_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.object_type} {self.object_id}"
