"""The clock as a Django application: the SQL function of domain time, its command and its checks."""

from django.apps import AppConfig


class ClockConfig(AppConfig):
    """Has no tables; its migration makes diana_now()."""

    name = "diana.clock"
    label = "clock"

    def ready(self) -> None:
        """Register the checks."""
        from diana.clock import checks

        checks.register_checks()
