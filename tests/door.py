"""A client of the door's addresses in this process, whose settings are those of web."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler


class DoorHandler(ClientHandler):
    """Answers by the addresses of the door."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response of the door's view."""
        request.urlconf = settings.DOOR_URLCONF
        return super().get_response(request)


class DoorClient(Client):
    """Telegram, or whoever else sends to the door."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        super().__init__(enforce_csrf_checks=enforce_csrf_checks, **defaults)
        self.handler = DoorHandler(enforce_csrf_checks)
