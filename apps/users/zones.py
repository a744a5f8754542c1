"""Time zones in the order in which people look for them: by region, the most wanted cities first; pure but for the zone files."""

from datetime import datetime
from typing import NamedTuple

from apps.users.timezones import known_timezones, offset_minutes

REGIONS = ("Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian")
_WANTED = {
    "Europe": ("Moscow", "Madrid", "London", "Berlin", "Paris", "Kyiv", "Rome", "Istanbul", "Minsk", "Warsaw", "Lisbon"),
    "America": (
        "Mexico_City", "Bogota", "Argentina/Buenos_Aires", "New_York", "Lima", "Santiago", "Caracas", "Sao_Paulo",
        "Chicago", "Los_Angeles", "Denver", "Toronto",
    ),
    "Asia": (
        "Almaty", "Tashkent", "Yekaterinburg", "Novosibirsk", "Vladivostok", "Tbilisi", "Yerevan", "Dubai", "Kolkata",
        "Shanghai", "Tokyo", "Singapore",
    ),
    "Africa": ("Cairo", "Lagos", "Johannesburg", "Nairobi", "Casablanca", "Algiers"),
    "Australia": ("Sydney", "Melbourne", "Brisbane", "Perth", "Adelaide"),
    "Pacific": ("Auckland", "Honolulu", "Fiji"),
    "Atlantic": ("Canary", "Azores", "Reykjavik"),
    "Indian": ("Maldives", "Mauritius"),
}  # fmt: skip


class Zone(NamedTuple):
    """A zone: its IANA name, the city in it for people, how many minutes its clock is ahead of UTC now."""

    name: str
    city: str
    offset_minutes: int


def cities(region: str, now: datetime) -> list[Zone]:
    """Return the zones of the region, the most wanted first, the others by name; none for what is no region."""
    known = {name for name in known_timezones() if region in REGIONS and name.startswith(f"{region}/")}
    wanted = [f"{region}/{city}" for city in _WANTED.get(region, ()) if f"{region}/{city}" in known]
    return [
        Zone(name, name.removeprefix(f"{region}/").replace("_", " "), offset_minutes(now, name))
        for name in [*wanted, *sorted(known.difference(wanted))]
    ]
