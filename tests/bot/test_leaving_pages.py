"""What is said about data, rules, a break and deletion; and what the buttons below it do."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from apps.bot import pages
from apps.bot.pages import leaving as page
from apps.bot.screens import leaving, privacy
from apps.bot.screens.layout import Document, Screen
from apps.users import selectors
from apps.users.models import Person
from tests.gamification.acts import NOON, person

DUE = datetime(2026, 11, 29, 12, tzinfo=UTC)


def buttons(screen: Screen) -> list[str]:
    rows = screen.keyboard.inline_keyboard if screen.keyboard else ()
    return [str(button.callback_data) for row in rows for button in row]


def test_privacy_leads_to_a_copy_a_break_and_deletion() -> None:
    assert buttons(privacy.privacy(person_id=7)) == [
        "v1|export|show|7",
        "v1|privacy|pause|7",
        "v1|deleteme|show|7",
        "v1|menu|show|7",
    ]


def show(name: str, person_id: int, **fields: object) -> object:
    return pages.show(name, person_id, now=NOON, key_prefix="u1", **fields)  # type: ignore[arg-type]


def press(screen: str, verb: str, person_id: int, *, private: bool = True, key_prefix: str = "u2") -> object:
    button = pages.Button(screen, verb, str(person_id))
    return pages.press(button, person_id, now=NOON, key_prefix=key_prefix, private=private)


@pytest.mark.django_db
def test_the_date_is_the_one_on_the_persons_wall() -> None:
    me = person()
    Person.objects.filter(pk=me).update(timezone="Asia/Tokyo")
    shown = show("deleteme", me)
    assert isinstance(shown, Screen)
    assert "March 18, 21:00" in shown.text
    assert buttons(shown) == [f"v1|deleteme|yes|{me}", f"v1|deleteme|keep|{me}", f"v1|menu|show|{me}"]


@pytest.mark.django_db
def test_a_press_that_is_handled_twice_says_the_same() -> None:
    me = person()
    assert press("deleteme", "yes", me) == press("deleteme", "yes", me) == show("deleteme", me)
    assert selectors.erasure_due(me) == NOON + timedelta(days=7)
    assert press("deleteme", "keep", me) == press("deleteme", "keep", me)
    assert selectors.erasure_due(me) is None


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["yes", "show"])
def test_nothing_is_deleted_where_others_read(verb: str) -> None:
    me = person()
    answer = press("deleteme", verb, me, private=False)
    assert isinstance(answer, Screen)
    assert answer.template == "private_only"
    assert selectors.erasure_due(me) is None


@pytest.mark.django_db
def test_the_copy_is_a_file() -> None:
    me = person()
    copy = press("export", "show", me)
    assert isinstance(copy, Document)
    assert (copy.name, json.loads(copy.content)["person"]) == (f"diana-{me}.json", me)
    assert isinstance(press("export", "show", me, private=False), Screen)


@pytest.mark.django_db
def test_a_large_copy_is_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "COMPRESSED_ABOVE", 10)
    me = person()
    copy = show("export", me)
    assert isinstance(copy, Document)
    assert copy.name == f"diana-{me}.json.gz"
    assert json.loads(gzip.decompress(copy.content))["person"] == me


@pytest.mark.django_db
def test_everybody_may_read_privacy_and_terms_in_a_group() -> None:
    me = person()
    for name in ("privacy", "terms"):
        shown = show(name, me, private=False)
        assert isinstance(shown, Screen)
        assert shown.template == name


@pytest.mark.parametrize(
    ("language", "ends", "settings_of_telegram"),
    [("en", "it is ended at Telegram", "Telegram's settings"), ("es", "se cancela en Telegram", "ajustes de Telegram")]
    + [("ru", "она завершается в Telegram", "настройках Telegram")],
)
def test_a_deletion_says_that_it_ends_a_subscription(language: str, ends: str, settings_of_telegram: str) -> None:
    with translation.override(language):
        said = leaving.confirm(person_id=1, due=DUE).text
        kept = privacy.privacy(person_id=1).text
    assert ends in said
    assert settings_of_telegram in said, "until then it renews"
    assert ends in kept


@pytest.mark.parametrize(
    ("language", "owed"),
    [
        ("en", "Stars that are owed to you"),
        ("es", "Stars que se te deben"),
        ("ru", "Stars, которые тебе должны"),
    ],
)
def test_privacy_and_a_deletion_say_that_the_number_stays_while_stars_are_owed(language: str, owed: str) -> None:
    with translation.override(language):
        assert owed in privacy.privacy(person_id=1).text
        assert owed in leaving.confirm(person_id=1, due=DUE).text
