"""The menu knows the moment: what pays now comes first, and its line says truly how the day's reward stands."""

from datetime import timedelta

import pytest

from apps.bot import acts, pages
from apps.bot.screens import start
from apps.bot.screens.layout import Reply, Screen
from apps.bot.turns import Turn
from apps.content.library import library
from apps.content.models import AskedQuestion, ChallengeRun, StoryRun
from apps.gamification import selectors as game
from apps.gamification import services as gamification
from apps.users import services as users
from apps.users.models import Onboarding
from diana import clock
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, daily, event, happen, person

pytestmark = pytest.mark.django_db


def buttons(reply: Reply) -> list[str]:
    """Return the screens that the buttons lead to, in their order."""
    assert isinstance(reply, Screen)
    rows = reply.keyboard.inline_keyboard if reply.keyboard else ()
    return [str(button.callback_data).split("|")[1] for row in rows for button in row]


def menu(who: int, **asked: object) -> Screen:
    found = pages.show("menu", who, now=NOON, **asked)  # type: ignore[arg-type]
    assert isinstance(found, Screen)
    return found


def finish_everything(who: int) -> None:
    """Leave nothing that pays: each part is finished as its own rows say it."""
    Onboarding.objects.create(person_id=who, step="done", started_at=NOON, moved_at=NOON, completed_at=NOON)
    users.begin_tutorial(person_id=who, now=NOON)
    for step in ("daily", "story", "board", "achievement"):
        users.take_tutorial_step(person_id=who, step=step, now=NOON)
    challenge = next(iter(library().challenges))
    ChallengeRun.objects.create(
        person_id=who, challenge=challenge, local_date=NOON.date(), started_at=NOON, step_shown_at=NOON, attempt=1,
        marks="1", score=100, completed_at=NOON,
    )  # fmt: skip
    for story, told in library().stories.items():
        StoryRun.objects.create(
            person_id=who, story=story, chapter=next(iter(told.chapters)), started_at=NOON, chapter_started_at=NOON,
            completed_at=NOON, ending=next(iter(told.endings)),
        )  # fmt: skip
    for question in library().questions:
        AskedQuestion.objects.create(
            person_id=who, question=question, shown_at=NOON, answered_at=NOON, choice=0, correct=True
        )


def test_what_pays_comes_first_in_at_most_six_buttons() -> None:
    found = menu(person())
    assert buttons(found) == ["daily", "challenge", "trivia", "story", "welcome", "more"]
    assert "🎁 Today's reward is waiting." in found.text


def test_a_taken_reward_moves_under_more_and_the_line_says_when_the_next_one_comes() -> None:
    who = person()
    award(daily(who))
    found = menu(who)
    assert buttons(found) == ["challenge", "trivia", "story", "welcome", "tutorial", "more"]
    assert "✅ Today's reward is taken. Next in 12 h 0 min." in found.text
    assert "waiting" not in found.text
    assert "daily" in buttons(pages.show("more", who, now=NOON))


def test_a_reward_that_was_asked_for_is_not_offered_while_it_is_decided() -> None:
    who = person()
    happen(daily(who))
    assert "✅ Today's reward is taken." in menu(who).text
    drain(AWARDS)
    assert "✅ Today's reward is taken." in menu(who).text
    assert "🎁 Today's reward is waiting." in pages.show("menu", who, now=NOON + timedelta(days=1)).text


def test_a_day_that_gives_no_more_offers_nothing_of_it() -> None:
    who = person()
    gamification.add_multiplier_version(active_from=NOON, config={"daily_cap": 50}, reason="r", actor=STAFF, now=NOON)
    award(event("game.challenge_completed", who, challenge="c", score=1))
    found = menu(who)
    assert "You have earned all the points that one day can give." in found.text
    assert not {"daily", "challenge", "trivia", "story"} & set(buttons(found))


def test_whoever_is_suspended_is_told_so() -> None:
    who = person()
    award(event("admin.user_suspended", who, actor=1, audit=1, until=None))
    found = menu(who)
    assert "Your account is suspended" in found.text
    assert not {"daily", "challenge", "trivia", "story", "quiz"} & set(buttons(found))


def test_what_is_finished_moves_under_more() -> None:
    who = person()
    finish_everything(who)
    award(daily(who))
    found, more = buttons(menu(who)), buttons(pages.show("more", who, now=NOON))
    assert found == ["quiz", "top", "points", "achievements", "streak", "more"]
    assert {"daily", "challenge", "trivia", "story", "tutorial"} <= set(more)
    assert "welcome" not in more, "first steps are taken once"


def test_everything_is_in_one_of_the_two_and_more_has_at_most_six_rows() -> None:
    for finished in (False, True):
        who = person()
        if finished:
            finish_everything(who)
        more = pages.show("more", who, now=NOON)
        everything = [*buttons(menu(who)), *buttons(more)]
        assert sorted(set(everything)) == sorted(everything)
        assert len(more.keyboard.inline_keyboard) <= 6
        assert {"settings", "help", "vip", "profile", "invite", "points", "top"} <= set(everything)


def test_in_a_group_nothing_is_offered_that_is_said_in_private_only() -> None:
    who = person()
    found = [*buttons(menu(who, private=False)), *buttons(pages.show("more", who, now=NOON, private=False))]
    assert not {"welcome", "tutorial", "quiz", "settings", "vip"} & set(found)
    assert {"daily", "challenge", "trivia", "story"} <= set(found)


def test_who_asked_to_be_deleted_can_stay_by_the_first_button() -> None:
    who = person()
    users.request_deletion(person_id=who, key="k", now=NOON)
    found = menu(who)
    assert "You will be deleted on" in found.text
    assert buttons(found)[0] == "deleteme"
    assert len(buttons(found)) == 6


def test_a_press_takes_the_reward_once_and_shows_the_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    who = person()
    monkeypatch.setattr(clock, "now", lambda: NOON)
    button = pages.parse_callback(f"v1|daily|take|{who}")
    for _ in range(2):
        screen = acts.press(Turn(1, who, NOON), button, private=True)
        drain(AWARDS)
    assert "✅ Done for today. Next reward in 12 h 0 min." in screen.text
    assert "daily" not in buttons(screen)
    assert [line.amount for line in game.entries(who, 9).lines if line.rule == "daily_login"] == [50]


def test_looking_at_the_reward_does_not_take_it() -> None:
    who = person()
    screen = pages.show("daily", who, now=NOON)
    assert "🎁 Today's reward is waiting." in screen.text
    assert buttons(screen)[0] == "daily"


def test_the_ladder_says_what_the_ledger_then_pays() -> None:
    who = person()
    said = pages.show("daily", who, now=NOON).text
    for ahead in range(7):
        day = NOON + timedelta(days=ahead)
        award(
            event("user.active_day", who, local_date=day.date().isoformat()), daily(who, day.date().isoformat()), at=day
        )
    paid = [line.amount for line in reversed(game.entries(who, 50).lines) if line.rule == "daily_login"]
    assert [int(line.split(": ")[1].split(",")[0]) for line in said.split("\n") if "Day " in line] == paid
    assert paid[-1] == 53
    milestones = [line.amount for line in game.entries(who, 50).lines if line.rule == "streak_bonus"]
    assert "Day 7: 53, and 50 for the streak" in said
    assert milestones == [50]


def test_every_command_is_listed_in_one_group_of_the_help() -> None:
    listed = [command for commands in start._groups().values() for command in commands]
    assert sorted(listed) == sorted(start.COMMANDS)
