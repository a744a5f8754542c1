"""The boards as a person sees them: the right list behind each button, and names only of those who want it."""

import pytest

from apps.bot import acts, pages
from apps.bot.screens import top
from apps.bot.turns import Turn
from apps.users import selectors as users
from apps.users import services
from apps.users.aliases import alias_of
from apps.users.models import Person
from diana.events.testing import drain
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import AWARDS, NOON, award, people
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
    assert "🥇 Ada – 22 points\n🥈 Bob – 21 points" in text
    assert "10. " in text
    assert "Zoe" not in text
    assert text.endswith("Your rank: 13")
    assert shown("top.total.everyone", crowd[12]) == text


def test_around_me_shows_the_neighbours(crowd: list[int]) -> None:
    text = shown("top.weekly.everyone.me", crowd[12])
    assert "<b>13. Zoe – 10 points</b>" in text
    assert "Ada" not in text
    assert "Ends in 4 d 12 h" in text
    assert text.count(" – ") == 6


def test_an_alias_takes_the_place_of_the_name_and_the_hidden_are_not_there(crowd: list[int]) -> None:
    award(sees(crowd[0], "alias"), sees(crowd[1], "hidden"))
    text = shown("top", crowd[12])
    assert "Ada" not in text
    assert "Bob" not in text
    assert f"🥇 {users.alias(crowd[0], 'en')} – 22" in text


def test_segments_show_those_who_are_of_them(crowd: list[int]) -> None:
    switch_achievements_off()
    award(vip(crowd[12], NOON.replace(year=2027)), becomes(crowd[1], "Explorer"))
    assert "<b>🥇 Zoe – 10 points</b>" in shown("top.total.vip", crowd[12])
    assert "🥇 Zoe – 10 points\n\nOnly VIPs are on this board." in shown("top.total.vip", crowd[0])
    assert "<b>🥇 Bob – " in shown("top.total.archetype", crowd[1])
    assert "the quiz finds out" in shown("top.total.archetype", crowd[0])


def test_every_choice_is_a_page_for_somebody_without_an_account() -> None:
    (somebody,) = people(1)
    for choice in top.CHOICES:
        said = {"everyone": "You are not on this board yet", "vip": "Only VIPs", "archetype": "the quiz finds out"}
        assert said[choice.segment] in shown(choice.page, somebody)


def test_a_board_is_paged_ten_at_a_time(crowd: list[int]) -> None:
    second = pages.show("top", crowd[0], now=NOON, args=("2",))
    assert "11. " in second.text
    assert "Zoe – 10 points" in second.text
    assert "Ada" not in second.text
    labels = {button.text: button.callback_data for row in second.keyboard.inline_keyboard for button in row}
    assert labels["‹ Higher"] == f"v1|top.total.everyone|show|{crowd[0]}"
    assert "Lower ›" not in labels
    first = str(pages.show("top", crowd[0], now=NOON).keyboard)
    assert f"v1|top.total.everyone|show|{crowd[0]}.2" in first


def test_who_is_hidden_is_told_so_and_shown_by_a_button(crowd: list[int]) -> None:
    hidden = crowd[1]
    services.set_visibility(person_id=hidden, mode="hidden", now=NOON)
    drain(AWARDS)
    before = pages.show("top", hidden, now=NOON)
    assert "You are hidden, so you are on no board." in before.text
    assert f"v1|top|appear|{hidden}" in str(before.keyboard)
    assert f"v1|top|appear|{hidden}" not in str(pages.show("top", hidden, now=NOON, private=False).keyboard)
    button = pages.parse_callback(f"v1|top|appear|{hidden}")
    said = acts.press(Turn(1, hidden, NOON), button, private=True)
    assert users.alias(hidden, "en") in said.text
    drain(AWARDS)
    assert f"🥇 {users.alias(hidden, 'en')} – 31 points" in shown("top", hidden), "with ten for coming by"


def test_other_boards_know_where_one_came_from(crowd: list[int]) -> None:
    keyboard = str(pages.show("boards", crowd[0], now=NOON, args=("weekly", "vip")).keyboard)
    assert f"v1|top.streak.vip|show|{crowd[0]}" in keyboard
    assert f"v1|top.weekly.everyone|show|{crowd[0]}" in keyboard
    assert f"v1|top.total.everyone|show|{crowd[0]}" in str(
        pages.show("boards", crowd[0], now=NOON, args=("made", "up")).keyboard
    )


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
