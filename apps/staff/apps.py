"""Staff as a Django application."""

from contextlib import nullcontext
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    """Brings the roles in line after every migration; registers what the admin keeps of people."""

    name = "apps.staff"
    label = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        """Hear of the end of migrations; register; say that all is imported."""
        from django.contrib.auth.signals import user_logged_in

        from apps.staff import checks, personal_data, sessions
        from apps.users import privacy
        from diana import starting

        checks.register_checks()
        privacy.register(personal_data.PART)
        user_logged_in.connect(sessions.begin, dispatch_uid="staff.sessions")
        post_migrate.connect(_bring_roles_in_line, sender=self, dispatch_uid="staff.roles")
        # This is the last application.
        starting.end()


def _bring_roles_in_line(using: str = "default", **_kwargs: Any) -> None:
    """Make and mend the roles; a permission that is not there (an older schema) waits for the next time.

    Over the connection that has migrated: the application's role may not write what staff may.
    """
    from apps.staff.services import sync_roles
    from diana.events.shadow import as_owner

    with as_owner() if using == "owner" else nullcontext():
        sync_roles(strict=False)
