"""What a line of the log looks like: JSON for machines, words for people; bounded, in one piece, without secrets.

Everything goes through `logging`; structlog only shapes it. Nothing here knows who logs. What surrounds a line (the event
that is being handled, the task that runs) comes from the context: add_context(), and structlog.contextvars for a task.
"""

import logging
import re
from collections.abc import Callable, Iterable, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from diana.request_lines import shortened

if TYPE_CHECKING:
    import structlog

MAX_BYTES = 8192
# Texts of a line are cut to the first of these with which it fits.
TEXT_LIMITS = (4000, 2000, 1000, 300, 60)
# What a call may give beside its words; other extras (Celery adds a task's arguments) are left out.
EXTRAS = ("correlation_id", "kind", "template", "update", "subscriber", "lane")
# An end of line, a colour, a change of direction: what makes one line look like two, or like another one.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# PostgreSQL repeats the row that it refuses, which is somebody's.
DETAILS = re.compile(r"\n(?:DETAIL|CONTEXT): .*?(?=\n\n(?:The above|During handling)|\Z)", re.DOTALL)
SHORT = "…"

Fields = MutableMapping[str, Any]
_contexts: list[Callable[[], dict[str, str]]] = []


def add_context(context: Callable[[], dict[str, str]]) -> None:
    """Have every line carry what the function returns at that moment."""
    if context not in _contexts:
        _contexts.append(context)


class LineFormatter(logging.Formatter):
    """Turns a record into one line of JSON, or into a line for people with the traceback below it."""

    def __init__(self, *, as_json: bool, process: str) -> None:
        super().__init__()
        self._as_json, self._process = as_json, process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return _without_secrets(self._shaped.format(shortened(record)))

    @cached_property
    def _shaped(self) -> "structlog.stdlib.ProcessorFormatter":
        # Here and not above: a command that logs nothing does not wait for the import.
        import structlog

        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=EXTRAS),
                structlog.contextvars.merge_contextvars,
                self._surroundings,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _harmless,
                _json_line if self._as_json else _readable_line,
            ],
        )

    def _surroundings(self, logger: Any, method: str, fields: Fields) -> Fields:
        fields["process"] = self._process
        for context in _contexts:
            for name, value in context().items():
                fields.setdefault(name, value)
        return fields


def _harmless(logger: Any, method: str, fields: Fields) -> Fields:
    """Leave out what databases say of rows; show what could not be seen."""
    for name, value in fields.items():
        text = DETAILS.sub("", value) if isinstance(value, str) else str(value)
        if name == "exception":
            fields[name] = "\n".join(_visible(line) for line in text.split("\n"))
        elif not isinstance(value, int | float | None):
            fields[name] = _visible(text)
    return fields


def _visible(text: str) -> str:
    return UNSEEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def _shortened(fields: Fields, limit: int) -> dict[str, Any]:
    """Cut the texts: words at their end, a traceback at its beginning, because its end says what happened."""
    return {name: _cut(name, value, limit) for name, value in fields.items()}


def _cut(name: str, value: Any, limit: int) -> Any:
    if not isinstance(value, str) or len(value) <= limit:
        return value
    return SHORT + value[-limit:] if name == "exception" else value[:limit] + SHORT


def _json_line(logger: Any, method: str, fields: Fields) -> str:
    """Return one JSON object, at most MAX_BYTES long, plain ASCII."""
    import json

    ordered = {"timestamp": fields.pop("timestamp"), "level": fields.pop("level"), **fields}
    line = ""
    for limit in TEXT_LIMITS:
        line = json.dumps(_shortened(ordered, limit), default=str)
        if len(line) <= MAX_BYTES:
            break
    return line


def _readable_line(logger: Any, method: str, fields: Fields) -> str:
    """Return `time LEVEL logger words name=value …` and, below it, the traceback."""
    fields = _shortened(fields, 2 * MAX_BYTES)
    time, level, name, words = (fields.pop(key) for key in ("timestamp", "level", "logger", "event"))
    fields.pop("process")
    exception = fields.pop("exception", None)
    rest = "".join(f" {key}={value}" for key, value in fields.items())
    head = f"{time[:10]} {time[11:23].replace('.', ',')} {level.upper()} {name} {words}{rest}"
    return f"{head}\n{exception}" if exception else head


_secrets: dict[tuple[str, ...], list[str]] = {}


def _without_secrets(line: str) -> str:
    """Blot out tokens and passwords, whoever put them there."""
    for secret in secrets_of(*_addresses(), settings.CACHE_URL, *_words()):
        line = line.replace(secret, "[secret]")
    return line


def _addresses() -> Iterable[str]:
    databases = (settings.DATABASE_URL, settings.DATABASE_OWNER_URL or "", *settings.DATABASE_URLS.values())
    return (*databases, settings.REDIS_URL)


def _words() -> Iterable[str]:
    given = (settings.TELEGRAM_BOT_TOKEN, settings.METRICS_TOKEN or "", settings.SECRET_KEY)
    return (*given, *settings.TELEGRAM_WEBHOOK_SECRET.split(","))


def secrets_of(*given: str) -> list[str]:
    """Return what of these words and addresses must not be seen, longest first; short words are no secrets."""
    if given not in _secrets:
        found: set[str] = set()
        for word in given:
            password = urlsplit(word).password if "://" in word else None
            # Of a bot's token the part after the colon is the secret; its number is public.
            found |= {password, unquote(password)} if password else {word.rpartition(":")[2], word}
        _secrets.clear()
        _secrets[given] = sorted(
            (word for word in found if len(word) >= 8 and "://" not in word), key=len, reverse=True
        )
    return _secrets[given]
