"""Time zones to choose from."""

import pytest

from apps.users.timezones import known_timezones
from apps.users.zones import _WANTED, REGIONS, cities
from tests.users.conftest import NOW


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_its_cities_once_the_wanted_first(region: str) -> None:
    names = [zone.name for zone in cities(region, NOW)]
    assert names[: len(_WANTED[region])] == [f"{region}/{city}" for city in _WANTED[region]]
    assert len(names) == len(set(names))
    assert set(names) == {name for name in known_timezones() if name.startswith(f"{region}/")}


def test_a_zone_says_its_city_and_offset() -> None:
    found = {zone.name: zone for zone in cities("America", NOW)}
    assert found["America/Argentina/Buenos_Aires"][1:] == ("Argentina/Buenos Aires", -180)


@pytest.mark.parametrize("region", ["", "Etc", "posix", "Europe/", "Atlantis"])
def test_what_is_no_region_has_none(region: str) -> None:
    assert cities(region, NOW) == []
