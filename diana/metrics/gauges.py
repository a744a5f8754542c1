"""What the apps above have to show in /metrics and /health/ready, registered when they start: this package knows no domain."""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from prometheus_client import Metric

from diana.database_roles.matrix import DOOR

Families = Callable[[], Iterable[Metric]]
Concerns = Callable[[], list[str]]

_families: dict[str, Families] = {}
_concerns: dict[str, Concerns] = {}


def register_gauges(name: str, families: Families) -> None:
    """Have numbers read from the database whenever somebody looks: a few index lookups. A second one replaces the first."""
    _families[name] = families


def register_concerns(name: str, concerns: Concerns) -> None:
    """Have a deployment called degraded while the function returns reasons; asked once a second, by index lookups."""
    _concerns[name] = concerns


def families() -> Iterator[Metric]:
    """Yield all registered numbers; raises what reading the database raises. The door's role may not read them."""
    for read in () if _is_door() else _families.values():
        yield from read()


def concerns() -> list[str]:
    """Return all reasons; raises what reading the database raises. The door's role may not read them."""
    return [] if _is_door() else [reason for ask in _concerns.values() for reason in ask()]


def _is_door() -> bool:
    return bool(settings.DATABASE_PART == DOOR)
