"""First steps, settings, quiz, tutorial and invitations behind their buttons: what is made up changes nothing."""

from datetime import timedelta

import pytest

from apps.bot import identity, pages
from apps.bot.screens.layout import Screen
from apps.users import selectors, services
from apps.users.models import Consent, Person, QuizAttempt
from tests.gamification.acts import NOON, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def me() -> int:
    return person()


def show(page: str, me: int, *args: str, private: bool = True) -> Screen:
    reply = pages.show(page, me, now=NOON, args=args, key_prefix="u", private=private)
    assert isinstance(reply, Screen)
    return reply


def press(data: str, me: int, days: int = 0) -> Screen:
    button = pages.parse_callback(data.format(me))
    reply = pages.press(button, me, now=NOON + timedelta(days=days), key_prefix="u", private=True)
    assert isinstance(reply, Screen)
    return reply


def buttons(screen: Screen) -> list[str]:
    assert screen.keyboard is not None
    return [str(button.callback_data) for row in screen.keyboard.inline_keyboard for button in row]


def test_the_first_steps_lead_from_hello_to_the_menu(me: int) -> None:
    assert show("welcome", me).template == "welcome"
    steps = [
        ("v1|set|lang|{}.es", "time_zone"),
        ("v1|zone|show|{}.e60", "time_zone_city"),
        ("v1|set|tz|{}.Europe/Madrid", "visibility"),
        ("v1|set|vis|{}.alias", "consent"),
        ("v1|first|agree|{}", "quiz_offer"),
        ("v1|first|later|{}", "menu"),
    ]
    assert [press(data, me).template for data, _ in steps] == [template for _, template in steps]
    found = Person.objects.get(pk=me)
    assert (found.language, found.timezone, found.visibility) == ("es", "Europe/Madrid", "alias")
    assert Consent.objects.filter(person_id=me).count() == 2
    assert show("welcome", me).template == "menu"


def test_start_goes_on_where_it_was_left_in_the_new_language(me: int) -> None:
    show("welcome", me)
    assert "vives" in press("v1|set|lang|{}.es", me).text
    assert "vives" in show("welcome", me).text


def test_an_old_button_changes_its_value_and_not_the_way(me: int) -> None:
    show("welcome", me)
    press("v1|set|lang|{}.es", me)
    press("v1|set|tz|{}.Europe/Madrid", me)
    assert press("v1|set|lang|{}.ru", me).template == "visibility"
    assert Person.objects.get(pk=me).language == "ru"
    assert press("v1|first|agree|{}", me).template == "visibility", "a step ahead is not taken"
    assert press("v1|set|tz|{}.Europe/Madrid", me).template == "visibility"
    assert press("v1|first|later|{}", me).template == "visibility"
    assert press("v1|first|quiz|{}", me).template == "visibility"
    assert selectors.onboarding_step(me) == "visibility"


def test_the_offer_of_the_quiz_leads_into_it(me: int) -> None:
    services.begin_onboarding(person_id=me, now=NOON)
    for step in ("language", "timezone", "visibility", "consent"):
        services.take_onboarding_step(person_id=me, step=step, now=NOON)
    assert press("v1|first|quiz|{}", me).template == "quiz_question"
    assert selectors.onboarding_step(me) == "done"
    assert press("v1|first|quiz|{}", me).template == "quiz_question"
    assert "all set" not in press("v1|first|later|{}", me).text


def test_in_a_group_hello_begins_nothing(me: int) -> None:
    assert "Welcome" in show("welcome", me, private=False).text
    assert selectors.onboarding_step(me) is None
    assert show("settings", me, private=False).template == "private_only"
    assert show("quiz", me, private=False).template == "private_only"


@pytest.mark.parametrize(
    "data",
    [
        "v1|set|lang|{}.fr", "v1|set|lang|{}", "v1|set|tz|{}.Mars/Base", "v1|set|tz|{}", "v1|set|vis|{}.famous",
        "v1|set|quiet|{}.25.8", "v1|set|quiet|{}.8", "v1|set|quiet|{}.-1.x", "v1|set|quiet|{}.٢.٣", "v1|set|vip|{}.on",
        "v1|zone|show|{}.e60.-1", "v1|zone|show|{}.Atlantis.0", "v1|zone|show|{}.e60.99999999999",
        "v1|quiz|answer|{}.1.2", "v1|quiz|answer|{}.x.y.z", "v1|quiz|answer|{}.1.0.9", "v1|quiz|answer|{}.9.0.1",
        "v1|tutorial|skip|{}",
    ],
)  # fmt: skip
def test_made_up_buttons_change_nothing(me: int, data: str) -> None:
    before = Person.objects.values().get(pk=me)
    assert press(data, me).text
    assert Person.objects.values().get(pk=me) == before
    assert not QuizAttempt.objects.exists()


def test_settings_are_changed_by_their_buttons(me: int) -> None:
    assert "Time zone: UTC, it is 12:00\u00a0PM there" in show("settings", me).text
    assert "Notices: off" in press("v1|set|notices|{}.off", me).text
    assert "Quiet hours: none" in press("v1|set|quiet|{}.0.0", me).text
    press("v1|set|reminders|{}.off", me)
    first = press("v1|set|tz|{}.Europe/Moscow", me).text
    assert ("15:00" in first, "midnight" in first) == (True, False)
    later = press("v1|set|tz|{}.Asia/Tokyo", me).text
    assert "Time zone: Tokyo, it is 21:00 there" in later
    assert "Your days follow it from midnight in Moscow" in later
    assert "medianoche en Moscú" in press("v1|set|lang|{}.es", me).text
    assert "полуночи" in press("v1|set|lang|{}.ru", me).text
    assert "полуночи" not in press("v1|set|tz|{}.Europe/Moscow", me).text
    assert "No aparecer" in str(press("v1|set|lang|{}.es", me).keyboard)
    chosen = selectors.preferences([me])[me]
    assert (chosen.notices, chosen.quiet_from, chosen.quiet_until, chosen.reminders) == (False, 0, 0, False)


def test_the_quiz_goes_tap_by_tap_to_its_result(me: int) -> None:
    assert show("quiz", me).template == "quiz"
    screen = press("v1|quiz|begin|{}", me)
    for number in range(10):
        assert f"Question {number + 1} of 10" in screen.text
        choice = [data for data in buttons(screen) if "|answer|" in data]
        wanted = "3" if number < 6 else "5" if number == 9 else "1"
        [data] = [data for data in choice if data.endswith(f".{wanted}")]
        screen = press(data, me)
        press(data, me)
    assert "Your play style: Connector" in screen.text
    assert "v1|quiz|begin" not in str(buttons(show("quiz", me)))
    assert press("v1|quiz|begin|{}", me, days=29).template == "quiz_result"
    assert any("quiz|begin" in data for data in buttons(press("v1|quiz|show|{}", me, days=30)))
    assert press("v1|quiz|begin|{}", me, days=30).template == "quiz_question"
    first = [data.split("|")[1] for data in buttons(show("more", me))]
    assert "invite" in first


def test_the_answers_of_a_scene_stand_in_the_persons_order(me: int) -> None:
    screen = press("v1|quiz|begin|{}", me)
    carried = [int(data.rsplit(".", 1)[1]) for data in buttons(screen)[:4]]
    assert carried == selectors.quiz_order(me, 0)
    first = ("Walk until I am lost", "Find out what can be won here", "Ask what happened here long ago", "See who is")
    assert f"1. {first[carried[0]]}" in screen.text


def test_the_tutorial_begins_is_skipped_and_goes_on(me: int) -> None:
    assert show("tutorial", me).text.count("▫️") == 4
    services.take_tutorial_step(person_id=me, step="daily", now=NOON)
    assert show("tutorial", me).text.count("✅") == 1
    assert press("v1|tutorial|skip|{}", me).template == "tutorial_skipped"
    assert show("tutorial", me).text.count("✅") == 1
    for step in ("story", "board", "achievement"):
        services.take_tutorial_step(person_id=me, step=step, now=NOON)
    assert "All done" in press("v1|tutorial|skip|{}", me).text


def test_the_link_holds_the_code_and_not_the_person(me: int, monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    monkeypatch.setattr(identity, "_known", {})
    code = services.invite_code(person_id=me)
    assert f"/start r_{code}" in show("invite", me).text
    identity.remember(settings.TELEGRAM_BOT_TOKEN, "diana_bot")  # type: ignore[attr-defined]
    assert f"https://t.me/diana_bot?start=r_{code}" in show("invite", me).text
    assert "Came by your link: 0" in show("invite", me).text


def test_a_city_that_is_named_is_offered_and_one_that_nobody_knows_is_not(me: int) -> None:
    found = show("timezone", me, "SAO", "paulo")
    assert (found.template, buttons(found)[0]) == ("time_zone_city", f"v1|set|tz|{me}.America/Sao_Paulo")
    press("v1|set|tz|{}.America/Sao_Paulo", me)
    assert "São Paulo" in show("settings", me).text
    assert show("timezone", me, "Atlantis").template == "unknown_city"
    assert show("timezone", me).template == "time_zone"


def test_from_the_time_zone_there_is_a_way_back_to_where_one_came_from(me: int) -> None:
    assert f"v1|settings|show|{me}" in buttons(show("zone", me))
    show("welcome", me)
    press("v1|set|lang|{}.es", me)
    assert f"v1|first|language|{me}" in buttons(show("zone", me))
    assert press("v1|first|language|{}", me).template == "welcome"
    assert press("v1|set|lang|{}.ru", me).template == "time_zone"
