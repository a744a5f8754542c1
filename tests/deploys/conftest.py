"""Fixtures of deploys and moves."""

from tests.events.conftest import fresh_wakers, superuser

__all__ = ["fresh_wakers", "superuser"]
