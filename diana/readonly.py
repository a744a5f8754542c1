"""What most pages of the admin have in common: nothing is added, changed or deleted, whoever asks."""

from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """For admins and inlines; those with the view permission see, and what may be added is each one's own."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse unless the admin says otherwise."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False
