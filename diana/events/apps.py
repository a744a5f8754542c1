"""The bus as a Django application."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from diana import connected_role, logs, session_limits


class EventsConfig(AppConfig):
    """Finds every app's event classes and handlers at start and gives each subscriber its Celery task."""

    name = "diana.events"
    label = "events"
    verbose_name = "Event bus"

    def ready(self) -> None:
        """Load what the apps declare; the order of the apps does not matter."""
        autodiscover_modules("events")
        autodiscover_modules("handlers")
        from diana.events import breaking, checks, declaration_checks, log_context, tasks

        session_limits.install()
        connected_role.install()
        checks.register_checks()
        declaration_checks.register_checks()
        tasks.register_tasks()
        breaking.watch_breakers()
        logs.add_context(log_context.of_the_cause)
