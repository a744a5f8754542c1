"""Lines of the log about requests that were refused: one each, without what was asked for.

Django repeats the address, with a traceback where an exception refused: staff who mistype fill the disk, and whoever types a
name into an address has it in the log. Errors of the server keep their tracebacks.
"""

import copy
import logging
from http import HTTPStatus
from typing import Any

# Of an address that is none of ours; the others are told by their patterns.
LONGEST_ADDRESS = 100


def shortened(record: logging.LogRecord) -> logging.LogRecord:
    """Return the record; of one that tells of a 4xx a copy with status, method, pattern of the address, and what refused."""
    status, request = getattr(record, "status_code", None), getattr(record, "request", None)
    if not isinstance(status, int) or not 400 <= status < 500 or request is None or not _is_djangos(record):
        return record
    short = copy.copy(record)
    short.msg = "%s %s: %s %s%s"
    short.args = (status, _phrase(status), request.method, _address(request), _why(record))
    short.exc_info = short.exc_text = None
    short.levelno, short.levelname = logging.WARNING, "WARNING"
    return short


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Refused"


def _is_djangos(record: logging.LogRecord) -> bool:
    return record.name == "django.request" or record.name.startswith("django.security.")


def _address(request: Any) -> str:
    """Return the pattern that took the address, or the beginning of an address that none took."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else str(request.path)[:LONGEST_ADDRESS]


def _why(record: logging.LogRecord) -> str:
    """Return the name of the error, or what is wrong with a form's token; the rest of its words may be an address."""
    if record.name == "django.security.csrf" and isinstance(record.args, tuple) and record.args:
        return f" ({str(record.args[0]).partition(' - ')[0]})"
    kind = record.exc_info[0] if record.exc_info else None
    return f" ({kind.__name__})" if kind else ""
