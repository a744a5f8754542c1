"""The door through which Telegram delivers updates: checks, keeps, answers. It does nothing else and calls nobody."""

import hmac
import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from apps.bot import checkout, incoming, services
from apps.bot.models import Refusal
from diana import clock

logger = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BODY_BYTES = 256 * 1024
# What is refused before its body is read.
UNREAD = (403, 405, 413, 415)
Reason = Refusal.Reason


class _Refused(Exception):
    """The request gets this status and is counted under this reason."""

    def __init__(self, status: int, reason: Refusal.Reason) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep the update and answer 200; a copy or an unknown kind is counted and answered 200 too, so that it stays away.

    What is refused leaves nothing but a count. Without a database: 503, and Telegram delivers again. The question whether
    somebody may pay is answered in the response itself, with a no where there is no database.
    """
    try:
        body = _checked_body(request)
        update = _decoded(body)
        if update.asked is not None:
            return JsonResponse(checkout.answer(update.asked))
        services.receive_update(incoming=update, body=body, now=clock.now())
    except _Refused as refused:
        _count(refused.reason)
        return _answer(refused.status)
    except (DatabaseError, InterfaceError):
        logger.exception("an update could not be kept; Telegram will deliver it again")
        return _answer(503)
    return _answer(200)


def _checked_body(request: HttpRequest) -> bytes:
    """Return the body of a request that may come in; the cheap checks come first."""
    if request.method != "POST":
        raise _Refused(405, Reason.METHOD)
    if not is_secret(request.headers.get(HEADER, "")):
        raise _Refused(403, Reason.SECRET)
    if request.content_type != "application/json":
        raise _Refused(415, Reason.TYPE)
    if _declared_bytes(request) > MAX_BODY_BYTES:
        raise _Refused(413, Reason.SIZE)
    try:
        body = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise _Refused(400, Reason.BODY) from error
    if len(body) > MAX_BODY_BYTES:
        raise _Refused(413, Reason.SIZE)
    if len(body) < _declared_bytes(request):
        raise _Refused(400, Reason.BODY)  # the sender hung up: what is missing may be blanks only, but who knows
    return body


def _declared_bytes(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _decoded(body: bytes) -> incoming.Incoming:
    try:
        return incoming.decode(body)
    except incoming.Malformed as error:
        raise _Refused(400, Reason.BODY) from error


def accepted_secrets() -> list[str]:
    """Return the secrets that open the webhook: TELEGRAM_WEBHOOK_SECRET may name two, by comma, while one replaces the other."""
    return [secret for secret in settings.TELEGRAM_WEBHOOK_SECRET.split(",") if secret]


def is_secret(given: str) -> bool:
    """Say whether this is one of the secrets, in a time that does not tell how much of it is right."""
    offered = given.encode(errors="replace")
    verdicts = [hmac.compare_digest(offered, secret.encode()) for secret in accepted_secrets()]
    return any(verdicts)


def _count(reason: Refusal.Reason) -> None:
    """Count the refusal; a request that must be refused is refused without a database too."""
    try:
        services.count_refusal(reason, now=clock.now())
    except (DatabaseError, InterfaceError):
        logger.warning("a refusal (%s) could not be counted", reason)


def _answer(status: int) -> HttpResponse:
    response = HttpResponse(status=status, content_type="text/plain")
    if status == 405:
        response["Allow"] = "POST"
    if status in UNREAD:
        # The body was not read: the server hangs up, and whoever keeps connections must know before they use it again.
        response["Connection"] = "close"
    return response
