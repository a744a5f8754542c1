"""Fixtures of deploys and moves."""

from tests.events.conftest import broker, fresh_wakers, superuser

__all__ = ["broker", "fresh_wakers", "superuser"]
