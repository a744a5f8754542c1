"""What a login proves beside its password: the device that computes its codes, and the recovery codes in its place."""

from django.db import models

from apps.users.models import Staff


class Device(models.Model):
    """The device of a login. Its secret is sealed (apps/staff/devices.py): the database alone gives nobody a code."""

    login = models.OneToOneField(Staff, models.CASCADE, primary_key=True, related_name="device")
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)
    confirmed_at = models.DateTimeField()
    # Codes of this step of 30 seconds, and of those before it, are used up.
    last_step = models.BigIntegerField()

    class Meta:
        # No page shows devices.
        default_permissions = ()


class RecoveryCode(models.Model):
    """A code that takes the place of the device once; only its digest is kept."""

    login = models.ForeignKey(Staff, models.CASCADE, related_name="recovery_codes", db_index=False)
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            # Finds the code that was typed, and counts those that are left.
            models.UniqueConstraint(fields=["login", "digest"], name="staff_recoverycode_login_digest_key"),
        ]
