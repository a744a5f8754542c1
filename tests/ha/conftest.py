"""Fixtures of the drills."""

from tests.faults.conftest import community

__all__ = ["community"]
