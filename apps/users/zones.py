"""Time zones as people choose them: by what their clock says, by a city in their language, and the first guess; pure but for
the zone files and CLDR.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from apps.users.languages import LANGUAGES
from apps.users.timezones import known_timezones, offset_minutes

UNKNOWN_ZONE = "UTC"
MOST_FOUND = 10
_SHORTEST_BEGINNING = 3
# The zone with the most people, of each territory where CLDR names several; of all others it is the one.
_MOST_POPULOUS = {
    "AQ": "Antarctica/McMurdo", "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai", "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid", "FM": "Pacific/Chuuk", "GL": "America/Nuuk",
    "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty", "MH": "Pacific/Majuro", "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron", "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv",
    "UM": "Pacific/Wake", "US": "America/New_York", "UZ": "Asia/Tashkent",
}  # fmt: skip
# Latin America as a region of the Spanish language: most of its readers live in Mexico.
_WITHOUT_COUNTRY = {"419": "MX"}
# Spanish and English are those of America, where cities have other names than in Europe in places.
_LOCALES = {"en": "en", "es": "es_419", "ru": "ru"}
# Where most of those live who read these languages: first among the cities with the same clock.
_WANTED = (
    "Europe/Madrid", "Europe/Moscow", "America/Mexico_City", "America/Bogota", "America/Argentina/Buenos_Aires",
    "America/New_York", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Kyiv", "Europe/Rome", "Europe/Istanbul",
    "Europe/Minsk", "Europe/Warsaw", "Europe/Lisbon", "America/Lima", "America/Santiago", "America/Caracas",
    "America/Sao_Paulo", "America/Chicago", "America/Los_Angeles", "America/Denver", "America/Toronto", "Asia/Almaty",
    "Asia/Tashkent", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Asia/Vladivostok", "Asia/Tbilisi", "Asia/Yerevan",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Asia/Singapore", "Africa/Cairo", "Africa/Lagos",
    "Africa/Johannesburg", "Africa/Nairobi", "Africa/Casablanca", "Africa/Algiers", "Australia/Sydney",
    "Australia/Brisbane", "Australia/Perth", "Australia/Adelaide", "Pacific/Auckland", "Pacific/Honolulu",
)  # fmt: skip


class Zone(NamedTuple):
    """A zone: its IANA name, the city in it in the language that was asked for, how far its clock is ahead of UTC."""

    name: str
    city: str
    offset_minutes: int


@lru_cache(maxsize=1)
def places() -> tuple[str, ...]:
    """Return the zones in which people live, each once: by the name of today, or an older one where the files have no other."""
    older: dict[str, list[str]] = {}
    for alias, name in get_global("zone_aliases").items():
        older.setdefault(name, []).append(alias)
    known, found = known_timezones(), []
    for name, territory in get_global("zone_territories").items():
        names = [spelled for spelled in (name, *sorted(older.get(name, ()))) if spelled in known]
        if _is_country(territory) and names:
            found.append(names[0])
    return tuple(sorted(found))


def offsets(now: datetime) -> list[int]:
    """Return each number of minutes by which a clock that people live by is ahead of UTC now, in order."""
    return sorted({offset_minutes(now, name) for name in places()})


def zones_at(minutes: int, language: str, now: datetime) -> list[Zone]:
    """Return the zones whose clock is so far ahead of UTC now, the most wanted first, the others by their cities' names."""
    return _in_order([name for name in places() if offset_minutes(now, name) == minutes], language, now)


def city_of(name: str, language: str) -> str:
    """Return the zone's city in the language; UTC is called that."""
    canonical = get_global("zone_aliases").get(name, name)
    if not _is_country(get_global("zone_territories").get(canonical, "")):
        return name.replace("_", " ")
    return str(get_timezone_location(canonical, locale=_locale(language), return_city=True))


def zone_of(name: str, language: str, now: datetime) -> Zone:
    """Return the zone with its city in the language."""
    return Zone(name, city_of(name, language), offset_minutes(now, name))


def find_zones(text: str, language: str, now: datetime) -> list[Zone]:
    """Return the zones of the city or country that is called that in one of our languages, MOST_FOUND at most.

    Accents and case do not matter; where nothing has the whole name, those whose name begins so are returned.
    """
    wanted, names = folded(text), _zones_by_name()
    found = names.get(wanted, ())
    if not found and len(wanted) >= _SHORTEST_BEGINNING:
        found = tuple(zone for name, zones in names.items() if name.startswith(wanted) for zone in zones)
    return _in_order(dict.fromkeys(found), language, now)[:MOST_FOUND]


def guess_timezone(language_code: str | None) -> str:
    """Return the zone with the most people of the region where an IETF tag is most likely spoken; UTC for plain English."""
    language, *subtags = (language_code or "").replace("_", "-").split("-")
    regions = [part.upper() for part in subtags if len(part) == 2 or part.isdecimal()]
    if language.lower() == "en" and not regions:
        return UNKNOWN_ZONE
    scripts = [part.title() for part in subtags if len(part) == 4]
    subtagged = get_global("likely_subtags")
    likely = subtagged.get("_".join([language.lower(), *scripts[:1]])) or subtagged.get(language.lower(), "")
    region = (regions or likely.split("_")[-1:])[0] if regions or likely else ""
    return zone_of_country(_WITHOUT_COUNTRY.get(region, region)) or UNKNOWN_ZONE


def zone_of_country(territory: str) -> str:
    """Return the zone with the most people of a territory of ISO 3166; "" for one that is none."""
    named = get_global("territory_zones").get(territory, [])
    zone = _MOST_POPULOUS.get(territory) or (named[0] if named and _is_country(territory) else "")
    return zone if zone in known_timezones() else ""


def folded(text: str) -> str:
    """Return the text without accents, case, punctuation and doubled spaces, as names are compared."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain.casefold()).split())


def _in_order(names: Iterable[str], language: str, now: datetime) -> list[Zone]:
    """Return the zones, the most wanted first; those with one city of the same name (in two countries) stay apart."""
    rank = {name: place for place, name in enumerate(_WANTED)}
    found = [zone_of(name, language, now) for name in names]
    return sorted(found, key=lambda zone: (rank.get(zone.name, len(rank)), folded(zone.city), zone.name))


@lru_cache(maxsize=1)
def _zones_by_name() -> dict[str, tuple[str, ...]]:
    """Return the zones by each folded name of their city, today's and older, and of their country."""
    found: dict[str, dict[str, None]] = {}
    spelled = {get_global("zone_aliases").get(name, name): name for name in places()}
    for canonical, name in spelled.items():
        for language in LANGUAGES:
            country = _locale(language).territories.get(get_global("zone_territories")[canonical], "")
            for text in (city_of(name, language), country):
                found.setdefault(folded(text), {})[name] = None
        found.setdefault(folded(canonical.rpartition("/")[2]), {})[name] = None
    for alias, canonical in get_global("zone_aliases").items():
        if canonical in spelled and "/" in alias:
            found.setdefault(folded(alias.rpartition("/")[2]), {})[spelled[canonical]] = None
    return {name: tuple(zones) for name, zones in found.items()}


def _is_country(territory: str) -> bool:
    return len(territory) == 2 and territory.isalpha() and territory != "ZZ"


def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, "en"))
