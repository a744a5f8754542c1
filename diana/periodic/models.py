"""Which slots of time a periodic job has done."""

from django.db import models
from django.db.models.functions import Now  # noqa: TID251  # claimed_at is work
from django.utils.translation import gettext_lazy as _


class Slot(models.Model):
    """A job did its work for the period that begins at `slot_at`; its row commits with the work."""

    job = models.CharField(_("job"), max_length=100)
    slot_at = models.DateTimeField(_("beginning of the period"))
    claimed_at = models.DateTimeField(_("claimed at"), db_default=Now())

    class Meta:
        db_table = "periodic_slot"
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        default_permissions = ("view",)
        constraints = [
            # also finds a job's old slots
            models.UniqueConstraint(fields=["job", "slot_at"], name="periodic_slot_once"),
            models.CheckConstraint(condition=models.Q(job__gt=""), name="periodic_slot_job_named"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.slot_at:%Y-%m-%d %H:%M:%S}"
