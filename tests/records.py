"""The audit record in tests whose own logins, made past the services, leave records as well."""

from django.db.models import QuerySet

from diana.audit.models import AuditRecord


def acts() -> QuerySet[AuditRecord]:
    """Return all records but those about logins."""
    return AuditRecord.objects.exclude(object_type="users.Staff")
