"""Names as people write them, and what is kept of them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.users.names import clean_name, clean_username, visible_name


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


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
PERSIAN = "\u0645\u06cc\u200c\u0631\u0627"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
RAINBOW = "\U0001f3f3\ufe0f\u200d\U0001f308"
NURSE = "\U0001f469\U0001f3fd\u200d\u2695\ufe0f"
SINHALA = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
JAPANESE = "\u8fbb\U000e0100"
WHOLE = [FAMILY, PERSIAN, ENGLAND, RAINBOW, NURSE, SINHALA, JAPANESE, "\u2764\ufe0f", "Ana \U0001fae8"]
NOTHING = {
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Hangul jamo fillers": "\u115f\u1160",
    "Braille blank": "\u2800",
    "variation selector": "\ufe0f",
    "ideographic variation selector": "\U000e0100",
    "Mongolian variation selector": "\u180b",
    "Mongolian vowel separator": "\u180e",
    "grapheme joiner": "\u034f",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "tags alone": "\U000e0067\U000e007f",
    "null notehead": "\U0001d159",
    "object replacement": "\ufffc",
    "soft hyphen": "\u00ad",
    "word joiner": "\u2060",
    "invisible times": "\u2062",
    "zero-width": "\u200b\u200c\u200d\ufeff",
    "wide spaces": "\u00a0\u2003\u202f\u3000",
    "marks alone": "\u0301\u0489",
    "shorthand format": "\U0001bca0",
    "private use": "\ue000",
    "all together": "\u3164 \u2800\ufe0f\u200d\u0301",
}


@pytest.mark.parametrize("name", NOTHING.values(), ids=NOTHING)
def test_a_name_that_shows_nothing_is_none(name: str) -> None:
    assert clean_name(name, limit=64) == ""
    assert visible_name(name, limit=64) == ""


@pytest.mark.parametrize("name", NOTHING.values(), ids=NOTHING)
def test_a_name_never_begins_with_what_shows_nothing(name: str) -> None:
    assert clean_name(name + "Ana", limit=64) == "Ana"


@pytest.mark.parametrize("name", WHOLE)
def test_what_belongs_together_stays_whole(name: str) -> None:
    assert clean_name(name, limit=64) == visible_name(name, limit=64) == name
    assert clean_name(f"Ana {name}", limit=64) == f"Ana {name}"


@pytest.mark.parametrize("name", [FAMILY, ENGLAND, RAINBOW, NURSE])
def test_what_belongs_together_is_cut_off_whole(name: str) -> None:
    for limit in range(4, 3 + len(name)):
        assert clean_name(f"Ana{name}", limit=limit) == "Ana"


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Ana\u200d", "Ana"),
        ("Ana\u200d\u200d\u200dEva", "Ana\u200dEva"),
        ("Ana \u200d Eva", "Ana Eva"),
        ("Ana\u3164Eva", "Ana Eva"),
        ("Ana\u2800\u2800", "Ana"),
        ("Ana\U000e0067\U000e007f", "Ana"),
        ("\U0001f3f4\U000e0067\U000e0062", "\U0001f3f4"),
        ("a" + "\u0301\u200d" * 20, "\u00e1\u200d\u0301\u200d\u0301\u200d\u0301"),
    ],
)
def test_joiners_and_blanks_stay_only_where_they_join(given_name: str, kept: str) -> None:
    assert clean_name(given_name, limit=64) == kept


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cs", "Co", "Mn", "Me", "Mc", "Zs", "Zl", "Zp"])
def test_a_character_of_a_category_that_shows_nothing_is_no_name(category: str) -> None:
    found = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) == category]
    assert [c for c in found if clean_name(c, limit=64)] == []


@given(st.text(st.characters(), max_size=200), st.integers(1, 64))
@example("a" + "\u0301" * 100_000, 64)
def test_whatever_comes_is_storable_short_and_stays_as_it_is(text: str, limit: int) -> None:
    name = clean_name(text, limit=limit)
    assert len(name) <= limit
    name.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert name == name.strip()
    assert clean_name(name, limit=limit) == name
    assert not name or any(unicodedata.category(c)[0] not in "MCZ" or ord(c) >= 0x1F000 for c in name)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [("ana_99", "ana_99"), ("@ana", "ana"), ("ana\n", ""), ("анна", ""), ("a" * 33, ""), ("<b>", ""), (None, "")],
)
def test_usernames_are_telegrams_or_nothing(given_name: str | None, kept: str) -> None:
    assert clean_username(given_name) == kept
