"""Time zones to choose from, by the clock, by a city's name, and the first guess."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.core import get_global

from apps.users import zones
from apps.users.languages import LANGUAGES
from apps.users.timezones import known_timezones, local_time
from tests.users.conftest import NOW

# Clocks are turned on these nights in Europe, America, Chile, Australia and on Lord Howe.
TURNED = [
    datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)
    for month, day in ((3, 8), (3, 29), (4, 5), (9, 6), (10, 4), (10, 25), (11, 1))
    for hour, minute in ((0, 59), (1, 0), (15, 0), (15, 30))
]
# The codes of the languages of Telegram's apps, and some with a region.
GUESSES = {
    "en": "UTC", "en-US": "America/New_York", "en-GB": "Europe/London", "en_gb": "Europe/London", "es": "Europe/Madrid",
    "es-419": "America/Mexico_City", "es-CO": "America/Bogota", "es-MX": "America/Mexico_City",
    "es-AR": "America/Argentina/Buenos_Aires", "ru": "Europe/Moscow", "pt-BR": "America/Sao_Paulo", "pt": "America/Sao_Paulo",
    "pt-PT": "Europe/Lisbon", "ar": "Africa/Cairo", "be": "Europe/Minsk", "ca": "Europe/Madrid", "cs": "Europe/Prague",
    "de": "Europe/Berlin", "fa": "Asia/Tehran", "fi": "Europe/Helsinki", "fr": "Europe/Paris", "he": "Asia/Jerusalem",
    "hi": "Asia/Kolkata", "hr": "Europe/Zagreb", "hu": "Europe/Budapest", "id": "Asia/Jakarta", "it": "Europe/Rome",
    "ja": "Asia/Tokyo", "kk": "Asia/Almaty", "ko": "Asia/Seoul", "ms": "Asia/Kuala_Lumpur", "nb": "Europe/Oslo",
    "nl": "Europe/Amsterdam", "pl": "Europe/Warsaw", "ro": "Europe/Bucharest", "sk": "Europe/Bratislava",
    "sr": "Europe/Belgrade", "sv": "Europe/Stockholm", "tr": "Europe/Istanbul", "uk": "Europe/Kyiv", "uz": "Asia/Tashkent",
    "vi": "Asia/Ho_Chi_Minh", "zh-hans": "Asia/Shanghai", "zh-hant": "Asia/Taipei", "zh-hans-CN": "Asia/Shanghai",
    "": "UTC", "xx": "UTC", "en-001": "UTC", "en-XX": "UTC", "-": "UTC",
}  # fmt: skip
CITIES = {
    "Bogotá": "America/Bogota", "bogota": "America/Bogota", " БОГОТА ": "America/Bogota", "Sao Paulo": "America/Sao_Paulo",
    "sao-paulo": "America/Sao_Paulo", "Сан-Паулу": "America/Sao_Paulo", "Calcutta": "Asia/Kolkata", "Calcuta": "Asia/Kolkata",
    "Kolkata": "Asia/Kolkata", "Kiev": "Europe/Kyiv", "Moscú": "Europe/Moscow", "москва": "Europe/Moscow",
    "Нью-Йорк": "America/New_York", "nueva york": "America/New_York", "Mexi": "America/Mexico_City",
    "Colombia": "America/Bogota", "Россия": "Europe/Moscow", "q": "", "": "", "!": "", "Atlantis": "",
}  # fmt: skip


@pytest.mark.parametrize(("code", "zone"), GUESSES.items())
def test_the_first_guess_is_where_most_live_who_speak_so(code: str, zone: str) -> None:
    assert zones.guess_timezone(code) == zone


def test_every_territory_of_several_zones_has_its_most_populous_one() -> None:
    several = {
        t: names for t, names in get_global("territory_zones").items() if len(names) > 1 and t not in ("001", "ZZ")
    }
    assert set(zones._MOST_POPULOUS) == set(several)
    assert [t for t, name in zones._MOST_POPULOUS.items() if name not in several[t]] == []


def test_wanted_zones_are_places_of_today() -> None:
    assert set(zones._WANTED) - set(zones.places()) == set()


def test_each_place_is_offered_once_under_the_name_of_today() -> None:
    offered = Counter(zone.name for minutes in zones.offsets(NOW) for zone in zones.zones_at(minutes, "en", NOW))
    assert set(offered.values()) == {1}
    assert set(offered) <= known_timezones()
    assert {"Asia/Kolkata", "Africa/Asmara", "Europe/Kyiv", "America/Argentina/Buenos_Aires"} <= set(offered)
    assert not {"Asia/Calcutta", "Africa/Asmera", "Europe/Kiev", "America/Buenos_Aires", "UTC", "Etc/GMT+3"} & set(
        offered
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_zones_of_one_clock_are_called_the_same(language: str) -> None:
    for minutes in zones.offsets(NOW):
        cities = Counter(zone.city for zone in zones.zones_at(minutes, language, NOW))
        assert [city for city, times in cities.items() if times > 1] == []


def test_cities_are_called_as_in_the_language() -> None:
    names = {"Europe/Moscow": ("Moscow", "Moscú", "Москва"), "Asia/Calcutta": ("Kolkata", "Calcuta", "Калькутта")}
    names["America/Bogota"], names["UTC"] = ("Bogotá", "Bogotá", "Богота"), ("UTC", "UTC", "UTC")
    assert {name: tuple(zones.city_of(name, language) for language in LANGUAGES) for name in names} == names


@pytest.mark.parametrize("now", TURNED)
def test_whoever_finds_their_clock_finds_their_zone_also_when_clocks_are_turned(now: datetime) -> None:
    found = {zone.name: zone for minutes in zones.offsets(now) for zone in zones.zones_at(minutes, "en", now)}
    assert set(found) == set(zones.places())
    for name, zone in found.items():
        shown = (now + timedelta(minutes=zone.offset_minutes)).replace(tzinfo=None)
        assert (
            shown == local_time(now, name).replace(tzinfo=None) == now.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        )


@pytest.mark.parametrize(("text", "zone"), CITIES.items())
def test_a_city_is_found_by_its_name_in_each_language_without_accents_and_case(text: str, zone: str) -> None:
    found = zones.find_zones(text, "en", NOW)
    assert (found[0].name if found else "") == zone
    assert len(found) <= zones.MOST_FOUND
