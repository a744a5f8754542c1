"""The boards as a person sees them: the right list behind each button, and names only of those who want it."""

import pytest

from apps.bot import pages
from apps.bot.screens import top
from apps.users import selectors as users
from apps.users.aliases import alias_of
from apps.users.models import Person
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, award, people
from tests.gamification.boards.acts import becomes, give, sees, vip

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd() -> list[int]:
    """Ada leads, Bob follows, then ten others, and Zoe."""
    crowd = people(13)
    for points, somebody in enumerate(reversed(crowd), start=10):
        give(somebody, points)
    for somebody, name in ((crowd[0], "Ada"), (crowd[1], "Bob"), (crowd[12], "Zoe")):
        Person.objects.filter(pk=somebody).update(first_name=name)
    return crowd


def shown(page: str, person_id: int) -> str:
    return pages.show(page, person_id, now=NOON).text


def test_the_command_shows_ten_and_ones_own_rank(crowd: list[int]) -> None:
    text = shown("top", crowd[12])
    assert "1. Ada – 22" in text
    assert "10. " in text
    assert "Zoe" not in text
    assert text.endswith("Your rank: 13")
    assert shown("top.total.everyone", crowd[12]) == text


def test_around_me_shows_the_neighbours(crowd: list[int]) -> None:
    text = shown("top.weekly.everyone.me", crowd[12])
    assert "<b>13. Zoe – 10</b>" in text
    assert "Ada" not in text
    assert text.count("\n") == 7


def test_an_alias_takes_the_place_of_the_name_and_the_hidden_are_not_there(crowd: list[int]) -> None:
    award(sees(crowd[0], "alias"), sees(crowd[1], "hidden"))
    text = shown("top", crowd[12])
    assert "Ada" not in text
    assert "Bob" not in text
    assert f"1. {users.alias(crowd[0], 'en')} – 22" in text
    assert "You do not show on boards." in shown("top", crowd[1])


def test_segments_show_those_who_are_of_them(crowd: list[int]) -> None:
    switch_achievements_off()
    award(vip(crowd[12], NOON.replace(year=2027)), becomes(crowd[1], "Explorer"))
    assert "<b>1. Zoe – 10</b>" in shown("top.total.vip", crowd[12])
    assert "1. Zoe – 10\nYou are not on this board yet." in shown("top.total.vip", crowd[0])
    assert "<b>1. Bob – " in shown("top.total.archetype", crowd[1])
    assert "the quiz finds out" in shown("top.total.archetype", crowd[0])


def test_every_choice_is_a_page_for_somebody_without_an_account() -> None:
    (somebody,) = people(1)
    for choice in top.CHOICES:
        assert "You are not on this board yet." in shown(choice.page, somebody) or choice.segment == "archetype"


def test_an_alias_is_one_animal_in_every_language_with_the_same_number() -> None:
    known = {tuple(alias_of(person, "s", language) for language in ("en", "es", "ru")) for person in range(1, 2000)}
    animals = {tuple(name.split()[0] for name in names) for names in known}
    assert len(animals) == 32, "one name in each language, and each animal another one"
    assert [len({names[place] for names in animals}) for place in range(3)] == [32, 32, 32]
    assert {("Moose", "Alce", "Лось"), ("Heron", "Garza", "Цапля"), ("Wolf", "Lobo", "Волк")} <= animals
    assert [names for names in known if len({name.split()[1] for name in names}) != 1] == []
    assert (
        len({names[0] for names in known}) == len({names[1] for names in known}) == len({names[2] for names in known})
    )


def test_a_board_names_aliases_in_the_language_of_who_reads_it(crowd: list[int]) -> None:
    award(sees(crowd[0], "alias"))
    for language in ("es", "ru"):
        Person.objects.filter(pk=crowd[1]).update(language=language)
        assert users.alias(crowd[0], language) in str(pages.show("top", crowd[1], now=NOON))


def test_an_alias_is_always_the_same_and_nobody_elses_by_the_secret() -> None:
    aliases = {alias_of(person, "s", "en") for person in range(1, 201)}
    assert len(aliases) > 190
    assert alias_of(7, "s", "en") == alias_of(7, "s", "en") != alias_of(7, "t", "en")
