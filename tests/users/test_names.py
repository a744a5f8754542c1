"""Names as people write them, and what is kept of them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.users.names import clean_name, clean_username


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        (None, ""),
        ("Ana", "Ana"),
        ("  Ana \n María\t", "Ana María"),
        ("A\0na", "Ana"),
        ("\u202eanA", "anA"),
        ("\u2066Ana\u2069", "Ana"),
        ("A\ud800na", "Ana"),
        ("\x1b[31mAna", "[31mAna"),
        ("\u200b\u200d\ufeff", ""),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Z" + "\u0335" * 50, "Z" + "\u0335" * 3),
        ("Ёлка", "Ёлка"),
        ("x" * 5000, "x" * 64),
    ],
)
def test_it_keeps_letters_and_drops_what_turns_or_hides_text(given_name: str | None, kept: str) -> None:
    assert clean_name(given_name, limit=64) == kept


@given(st.text(st.characters(), max_size=200), st.integers(1, 64))
@example("a" + "\u0301" * 100_000, 64)
def test_whatever_comes_is_storable_short_and_stays_as_it_is(text: str, limit: int) -> None:
    name = clean_name(text, limit=limit)
    assert len(name) <= limit
    name.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert name == name.strip()


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [("ana_99", "ana_99"), ("@ana", "ana"), ("ana\n", ""), ("анна", ""), ("a" * 33, ""), ("<b>", ""), (None, "")],
)
def test_usernames_are_telegrams_or_nothing(given_name: str | None, kept: str) -> None:
    assert clean_username(given_name) == kept
