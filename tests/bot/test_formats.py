"""Values in screens: numbers, days and times as each language and region writes them, and nothing that goes past that."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.bot import screens
from apps.bot.screens import formats
from apps.users.timezones import known_timezones, local_time

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
THIN = "\u00a0"
# Language and zone; 1,211; −1,000; +1.5 %; this year's and another year's moment.
WRITTEN = [
    ("en", "UTC", "1,211", "−1,000", "+1.5%", f"December 6, 1:36{THIN}PM", f"January 3, 2027, 9:05{THIN}AM"),
    ("en", "America/New_York", "1,211", "−1,000", "+1.5%", f"December 6, 1:36{THIN}PM", f"January 3, 2027, 9:05{THIN}AM"),
    ("en", "Europe/London", "1,211", "−1,000", "+1.5%", "6 December, 13:36", "3 January 2027, 09:05"),
    ("en", "Europe/Moscow", "1,211", "−1,000", "+1.5%", "6 December, 13:36", "3 January 2027, 09:05"),
    ("es", "UTC", "1,211", "−1,000", "+1.5%", f"6 de diciembre, 1:36{THIN}PM", f"3 de enero de 2027, 9:05{THIN}AM"),
    ("es", "Europe/Madrid", "1.211", "−1.000", f"+1,5{THIN}%", "6 de diciembre, 13:36", "3 de enero de 2027, 9:05"),
    ("es", "America/Bogota", "1.211", "−1.000", "+1,5%", f"6 de diciembre, 1:36{THIN}PM", f"3 de enero de 2027, 9:05{THIN}AM"),
    ("es", "America/Buenos_Aires", "1.211", "−1.000", "+1,5%", "6 de diciembre, 13:36", "3 de enero de 2027, 09:05"),
    ("ru", "Europe/Moscow", f"1{THIN}211", f"−1{THIN}000", f"+1,5{THIN}%", "6 декабря в 13:36", "3 января 2027 в 09:05"),
    ("ru", "America/New_York", f"1{THIN}211", f"−1{THIN}000", f"+1,5{THIN}%", "6 декабря в 13:36", "3 января 2027 в 09:05"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "zone", "thousand", "minus", "part", "this_year", "another"), WRITTEN)
def test_values_are_written_as_the_language_and_the_region_have_them(
    language: str, zone: str, thousand: str, minus: str, part: str, this_year: str, another: str
) -> None:
    with formats.reader(language, zone, NOW):
        assert formats.number(1211) == thousand
        assert (formats.signed(-1000), formats.signed(0)) == (minus, "+0")
        assert formats.percent(150) == part
        assert formats.moment(datetime(2026, 12, 6, 13, 36, tzinfo=UTC)) == this_year
        assert formats.moment(datetime(2027, 1, 3, 9, 5, tzinfo=UTC)) == another


def test_lists_and_factors_are_those_of_the_language() -> None:
    said = {"en": ("a, b, and c", "1.5"), "es": ("a, b y c", "1.5"), "ru": ("a, b и c", "1,5")}
    for language, (listed, factor) in said.items():
        with formats.reader(language, "UTC", NOW):
            assert (formats.listed(["a", "b", "c"]), formats.factor(15_000)) == (listed, factor)


@pytest.mark.parametrize(("zone", "said"), [("Pacific/Kiritimati", "1 January"), ("Pacific/Niue", "1 January 2027")])
def test_which_year_is_this_one_is_said_by_the_clock_of_the_person(zone: str, said: str) -> None:
    with formats.reader("en", zone, datetime(2026, 12, 31, 12, tzinfo=UTC)):
        assert set(formats.day(date(2027, 1, 1)).split()) == set(said.split())


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(known_timezones())),
    st.sampled_from(["en", "es", "ru"]),
    st.integers(0, 500_000).map(lambda steps: NOW + timedelta(minutes=17 * steps)),
)
def test_no_moment_of_any_zone_ends_with_a_full_stop_or_shows_another_minute(
    zone: str, language: str, at: datetime
) -> None:
    wall = local_time(at, zone)
    with formats.reader(language, zone, NOW):
        said = formats.moment(wall)
        assert not said.endswith(".")
        assert str(wall.day) in said
        # Danes write 13.36, also in English.
        hour, minute = re.findall(r"(\d+)[:.](\d\d)", said)[-1]
        assert int(hour) in (wall.hour, (wall.hour + 11) % 12 + 1)
        assert int(minute) == wall.minute


def bypasses(source: str) -> list[str]:
    """Return what in a module writes values without the language: calls by name, and formats of numbers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("babel", "django.utils.formats")):
            found.append(f"{node.lineno}: import of {node.module}")
        elif isinstance(node, ast.Attribute) and node.attr in ("strftime", "isoformat", "date_format"):
            found.append(f"{node.lineno}: {node.attr}")
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(str(part.value) for part in node.format_spec.values if isinstance(part, ast.Constant))
            # Days that buttons carry are read by the bot alone.
            found += [f"{node.lineno}: :{spec}"] if spec != "%Y%m%d" else []
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                is_count = isinstance(key, ast.Constant) and key.value in COUNTS
                if is_count and not (isinstance(value, ast.Call) and ast.unparse(value.func).startswith("formats.")):
                    found.append(f"{node.lineno}: bare {ast.unparse(value)}")
    return found


# What texts call a number that may have thousands. Levels, steps and questions have none; ids are no quantities.
COUNTS = {"count", "balance", "rank", "stars", "base", "factor"}


def test_screens_write_no_value_on_their_own() -> None:
    folder = Path(str(screens.__path__[0]))
    modules = [path for path in sorted(folder.glob("*.py")) if path.name != "formats.py"]
    assert {path.name: bypasses(path.read_text()) for path in modules if bypasses(path.read_text())} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from django.utils.formats import date_format",
        "at.strftime('%H:%M')",
        "f'{amount:+d}'",
        "_('%(count)s') % {'count': days}",
        "f'{part:g} %'",
    ],
)
def test_a_value_written_without_the_language_is_found(source: str) -> None:
    assert bypasses(source)
