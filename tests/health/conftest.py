"""The bus's fixtures are of use here too."""

from tests.events.conftest import fresh_wakers, numbers, register

__all__ = ["fresh_wakers", "numbers", "register"]
