"""The door through which Telegram delivers updates: checks, keeps, answers. It does nothing else and calls nobody."""

import hmac
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from apps.bot import intake, refusals
from apps.bot.intake import MAX_BODY_BYTES, Reason
from diana import clock

logger = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
HEADER_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"
# What is refused before its body is read.
UNREAD = (403, 404, 405, 413, 415)
STATUS = {Reason.METHOD: 405, Reason.SECRET: 403, Reason.TYPE: 415, Reason.SIZE: 413, Reason.BODY: 400}


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep the update and answer 200; a copy or an unknown kind is counted and answered 200 too, so that it stays away.

    What is refused leaves nothing but a count. Without a database: 503, and Telegram delivers again. The question whether
    somebody may pay is answered in the response itself, with a no where there is no database. Where updates are polled for
    there is no webhook: 404.
    """
    if settings.TELEGRAM_UPDATES != "webhook":
        return _answer(404)
    try:
        call = intake.receive(_checked_body(request), now=clock.now())
    except intake.Refused as refused:
        refusals.count(refused.reason, now=clock.now())
        return _answer(STATUS[refused.reason])
    except (DatabaseError, InterfaceError):
        logger.exception("an update could not be kept; Telegram will deliver it again")
        return _answer(503)
    return _answer(200) if call is None else JsonResponse(call)


def _checked_body(request: HttpRequest) -> bytes:
    """Return the body of a request that may come in; the cheap checks come first."""
    if (problem := _problem_before_body(request.META)) is not None:
        raise intake.Refused(problem)
    try:
        body = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError as error:
        raise intake.Refused(Reason.BODY) from error
    if len(body) > MAX_BODY_BYTES:
        raise intake.Refused(Reason.SIZE)
    if len(body) < _declared_bytes(request.META):
        raise intake.Refused(Reason.BODY)  # the sender hung up: what is missing may be blanks only, but who knows
    return body


def wants_body(meta: Mapping[str, Any]) -> bool:
    """Say whether the webhook is going to read the body of a request with this META: a stranger's is not waited for."""
    return settings.TELEGRAM_UPDATES == "webhook" and _problem_before_body(meta) is None


def _problem_before_body(meta: Mapping[str, Any]) -> Reason | None:
    """Return why a request does not come in whatever its body is; the cheap checks come first."""
    if meta.get("REQUEST_METHOD") != "POST":
        return Reason.METHOD
    if not is_secret(meta.get(HEADER_KEY, "")):
        return Reason.SECRET
    if meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        return Reason.TYPE
    return Reason.SIZE if _declared_bytes(meta) > MAX_BODY_BYTES else None


def _declared_bytes(meta: Mapping[str, Any]) -> int:
    try:
        return int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def accepted_secrets() -> list[str]:
    """Return the secrets that open the webhook: TELEGRAM_WEBHOOK_SECRET may name two, by comma, while one replaces the other."""
    return [secret for secret in settings.TELEGRAM_WEBHOOK_SECRET.split(",") if secret]


def is_secret(given: str) -> bool:
    """Say whether this is one of the secrets, in a time that does not tell how much of it is right."""
    offered = given.encode(errors="replace")
    verdicts = [hmac.compare_digest(offered, secret.encode()) for secret in accepted_secrets()]
    return any(verdicts)


def _answer(status: int) -> HttpResponse:
    response = HttpResponse(status=status, content_type="text/plain")
    if status == 405:
        response["Allow"] = "POST"
    if status in UNREAD:
        # The body was not read: the server hangs up, and whoever keeps connections must know before they use it again.
        response["Connection"] = "close"
    return response
