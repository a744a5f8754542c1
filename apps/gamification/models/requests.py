"""Acts of staff that need a second person: asked for by one, decided by another."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class StaffRequest(models.Model):
    """One act, as it was asked for. Decided once, never by the one who asked; the database sees to both."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("expired")

    act = models.TextField(_("act"))
    parameters = models.JSONField(_("parameters"), encoder=DjangoJSONEncoder)
    points = models.BigIntegerField(_("points at stake"))
    reason = models.TextField(_("reason"))
    key = models.TextField(_("key"), unique=True)
    asked_by_id = models.BigIntegerField(_("asker's id"), null=True)
    asked_by = models.TextField(_("asked by"))
    asked_origin = models.TextField(_("asked from"))
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("expires at"))
    status = models.TextField(_("status"), choices=Status.choices, db_default="pending", default="pending")
    decided_by_id = models.BigIntegerField(_("decider's id"), null=True)
    decided_by = models.TextField(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision = models.TextField(_("reason of the decision"), null=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        default_permissions = ("view",)
        permissions = [("approve_act", _("Can approve acts of others"))]
        indexes = [
            # read by: the queue, and the task that ends what nobody decided about
            models.Index(fields=["status", "expires_at"], name="gamification_request_queue"),
            # searched by staff; the words of reasons have an index in the migration
            models.Index(fields=["asked_by"], name="gamification_request_asker"),
            models.Index(fields=["decided_by"], name="gamification_request_decider"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="gamification_request_reason_given"),
            models.CheckConstraint(condition=Q(asked_by__gt=""), name="gamification_request_asked_by_somebody"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "expired"], decided_by__isnull=True, decided_by_id__isnull=True)
                | Q(
                    status__in=["approved", "refused"],
                    decided_by__gt="",
                    decided_by__isnull=False,
                    decided_by_id__isnull=False,
                    decided_at__isnull=False,
                    decision__regex=r"\S",
                    decision__isnull=False,
                ),
                name="gamification_request_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by_id__isnull=True)
                | (Q(asked_by_id__isnull=True) | ~Q(decided_by_id=F("asked_by_id"))) & ~Q(decided_by=F("asked_by")),
                name="gamification_request_by_two",
            ),
        ]

    def __str__(self) -> str:
        return _("Request %(id)s") % {"id": self.pk}
