"""Trigrams are cut alike in Python and in the database, so that what is there is found."""

import pytest
from django.db import connection
from django.db.models import TextField, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.users.models import Staff
from diana.trigrams import grams_of, part_of

pytestmark = pytest.mark.django_db
TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from(" aбл李"), max_size=30
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.data())
def test_what_a_text_holds_is_among_its_trigrams(db: None, text: str, data: st.DataObject) -> None:
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    parts = [text[start:end]] if end - start > 2 else []
    parts += [f" {word[:length]}" for word in text.split(" ") for length in (1, 2) if word[:length]]
    with connection.cursor() as cursor:
        for part in parts:
            cursor.execute("SELECT diana_trigrams(%s) @> %s::text[]", [text, grams_of(part)])
            assert cursor.fetchone() == (True,), part


@pytest.mark.parametrize(
    ("text", "part", "found"),
    [
        ("spam in a group", "spam", True),
        ("spam in a group", "roup", True),
        ("spam in a group", "in a", True),
        ("spam in a group", "gr", True),
        ("spam in a group", "ro", False),
        ("spam in a group", "s", True),
        ("spam in a group", "p", False),
        ("спам в группе", "пам", True),
        ("спам в группе", "гр", True),
        ("спам", "мап", False),
        ("100% sure", "0%", False),
        ("100% sure", "100%", True),
        ("100 sure", "100%", False),
        ("a_b_c", "a_b", True),
        ("axbxc", "a_b", False),
        ("李小龙", "李", True),
    ],
)
def test_a_part_is_found_and_nothing_else(text: str, part: str, found: bool) -> None:
    Staff.objects.create_user("ana")
    assert Staff.objects.filter(part_of(Value(text, output_field=TextField()), part)).exists() == found
