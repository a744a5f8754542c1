"""Values in members' screens as CLDR writes them in the reader's language and region; the only place that formats any."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.localedata import exists
from babel.numbers import format_decimal, format_percent
from django.utils import translation

from apps.users.selectors import local_time

MINUS = "\u2212"
_NO_BREAK_SPACE = "\u00a0"
# Spanish without a known region is that of Latin America; English in Europe has 24 hours.
_WITHOUT_REGION = {"en": "en", "es": "es_419", "ru": "ru"}
_ENGLISH_IN_EUROPE = "en_150"


class _Reader(NamedTuple):
    """The zone of who reads, and the year on their clock; 0 where nobody is known, so that the year is always said."""

    zone: str = ""
    year: int = 0


_NOBODY = _Reader()
_reader: ContextVar[_Reader] = ContextVar("reader", default=_NOBODY)


@contextmanager
def reader(language: str, timezone: str, now: datetime) -> Iterator[None]:
    """Write what follows in the language, with the formats of the zone's territory, without the year that it is there now."""
    before = _reader.set(_Reader(timezone, local_time(now, timezone).year))
    try:
        with translation.override(language):
            yield
    finally:
        _reader.reset(before)


def number(value: int) -> str:
    """Return the number with separators of thousands and a true minus, as in 1,211 or −5."""
    return _plain(format_decimal(value, locale=_locale()))


def signed(value: int) -> str:
    """Return the number with its sign, as in +50 or −1,000."""
    return f"+{number(value)}" if value >= 0 else number(value)


def factor(basis_points: int) -> str:
    """Return a factor, as in 1.5."""
    return _plain(format_decimal(basis_points / 10_000, format="0.####", locale=_locale()))


def percent(basis_points: int) -> str:
    """Return a percentage with its sign, as in +1.5% or +1,5 %."""
    text = _plain(format_percent(basis_points / 10_000, locale=_locale(), decimal_quantization=False))
    return f"+{text}" if basis_points >= 0 else text


def day(value: date) -> str:
    """Return the day, with the year unless it is the reader's present one; it never ends with a full stop.

    Of a moment the day on the clock that it carries.
    """
    value = value.date() if isinstance(value, datetime) else value
    if value.year == _reader.get().year:
        return _plain(format_skeleton("MMMMd", value, locale=_locale()))
    # Russian ends the year with the abbreviation of the word.
    return _plain(format_date(value, "long", locale=_locale())).removesuffix(f"{_NO_BREAK_SPACE}г.")


def clock_time(value: time | datetime) -> str:
    """Return the time of day with 12 or 24 hours, as the language has it in the reader's region; without full stops."""
    wall = value.time() if isinstance(value, datetime) else value
    text = format_time(wall.replace(tzinfo=None), "short", locale=_locale())
    if text[-1].isdigit():
        return _plain(text)
    # Spanish abbreviates with full stops, which would meet the one of the sentence.
    return f"{text.split()[0]}{_NO_BREAK_SPACE}{'AM' if wall.hour < 12 else 'PM'}"


def weekday(value: date) -> str:
    """Return the day of the week in short, without a full stop."""
    return str(format_date(value, "EEE", locale=_locale())).rstrip(".")


def moment(value: datetime) -> str:
    """Return day and time of the moment on the clock that it carries, as in "December 6, 1:36 PM"."""
    between = " в " if _locale().language == "ru" else ", "
    return f"{day(value)}{between}{clock_time(value)}"


def listed(words: Sequence[str]) -> str:
    """Return the words as a list, as in "a, b, and c"."""
    return str(format_list(words, locale=_locale()))


def _plain(text: str) -> str:
    """Return the text with the one no-break space that every font has, and a true minus."""
    return text.replace("\u202f", _NO_BREAK_SPACE).replace("-", MINUS)


def _locale() -> Locale:
    language = (translation.get_language() or "en").partition("-")[0]
    return _locale_of(language, _reader.get().zone)


@lru_cache(maxsize=2048)
def _locale_of(language: str, zone: str) -> Locale:
    """Return the language as the zone's territory writes it, or as it is written in general."""
    without = _WITHOUT_REGION.get(language, "en")
    name = get_global("zone_aliases").get(zone, zone)
    regional = f"{language}_{get_global('zone_territories').get(name, '')}"
    if exists(regional):
        return Locale.parse(regional)
    return Locale.parse(_ENGLISH_IN_EUROPE if language == "en" and zone.startswith("Europe/") else without)
