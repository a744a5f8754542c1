"""/metrics: what all processes counted and how the bus stands, for Prometheus. Closed to whoever has no token."""

import hmac
import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from diana.events import overview
from diana.metrics import gauges, store
from diana.metrics.standing import families


class _Everything(Collector):
    """The numbers of the processes, then those of the database if it answers."""

    def collect(self) -> Iterator[Metric]:
        """Read both."""
        yield from store.collect()
        try:
            found = overview.recent()
            more = list(gauges.families())
        except (DatabaseError, InterfaceError):
            found, more = None, []
        yield from families(found)
        yield from more


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the numbers as text; 404 to whoever may not see them, 503 while another process tidies the files."""
    if not may_see(request):
        return HttpResponse(status=404, content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    try:
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    except store.Busy:
        return HttpResponse(status=503, content_type="text/plain")


def may_see(request: HttpRequest) -> bool:
    """Say whether the request brings the token; where none is set, only development shows them, and on loopback only."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    return not settings.PRODUCTION and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
