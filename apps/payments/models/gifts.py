"""Gift codes, and the counts of wrong ones."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.payments.models.payments import Payment
from apps.users.models import Person


class GiftCode(models.Model):
    """VIP that somebody bought for somebody else. The code is not here: it follows from `salt` and the secret key."""

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="gift", verbose_name=_("payment"))
    buyer = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("buyer"))
    days = models.IntegerField(_("days of VIP"))
    salt = models.BinaryField(_("salt"))
    digest = models.BinaryField(_("digest of the code"), unique=True)
    created_at = models.DateTimeField(_("created at"))
    redeemed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("redeemed by"))
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True)
    vip_grant = models.BigIntegerField(_("VIP grant"), null=True)
    voided_at = models.DateTimeField(_("void since"), null=True)

    class Meta:
        verbose_name = _("gift code")
        verbose_name_plural = _("gift codes")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(days__range=(1, 3660)), name="payments_giftcode_days"),
            models.CheckConstraint(
                condition=Q(redeemed_by__isnull=True, redeemed_at__isnull=True, vip_grant__isnull=True)
                | Q(redeemed_by__isnull=False, redeemed_at__isnull=False, vip_grant__isnull=False),
                name="payments_giftcode_redeemed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return _("Gift %(id)s") % {"id": self.pk}


class GiftGuesses(models.Model):
    """How many codes somebody has tried in vain since a moment."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="+", verbose_name=_("person"))
    since = models.DateTimeField(_("since"))
    count = models.IntegerField(_("count"))

    class Meta:
        verbose_name = _("wrong gift codes")
        verbose_name_plural = _("wrong gift codes")
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=Q(count__gt=0), name="payments_giftguesses_count_positive")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.count}"
