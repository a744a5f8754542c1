"""Trivia, stories and challenges as people see them: every screen in three languages, every button harmless."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from apps.bot import pages
from apps.bot.screens import challenge, story, trivia
from apps.bot.screens.layout import Screen
from apps.content import challenges
from apps.content.checking import texts
from apps.content.library import library
from apps.content.models import AskedQuestion, ChallengeRun
from apps.content.trivia import REST
from apps.users.models import Person
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, person

DAY = date(2026, 3, 11)
LARGEST = 2**62


@pytest.fixture(params=["en", "es", "ru"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def screens(language: str, person_id: int = 7) -> list[Screen]:
    """Every screen, with every text of the data files in it."""
    head = challenge.Head(person_id, DAY, "Title", "speed")
    found = [
        trivia.resting(person_id=person_id, until=None),
        trivia.resting(person_id=person_id, until=DAY),
        challenge.passed(head=head, score=60),
        challenge.missed(head=head, score=40, attempt=1, left=2),
        challenge.missed(head=head, score=40, attempt=3, left=0),
    ]
    for question in library().questions.values():
        answers, ask, why = question.answers(language), question.ask.said(language), question.why.said(language)
        found.append(trivia.question(person_id=person_id, asked_id=LARGEST, ask=ask, answers=answers))
        told = {"person_id": person_id, "ask": ask, "right": answers[0], "why": why}
        found.append(trivia.answered(chosen=answers[1], correct=False, too_fast=False, **told))
        found.append(trivia.answered(chosen=answers[0], correct=True, too_fast=True, **told))
    for task in library().challenges.values():
        head = challenge.Head(person_id, DAY, task.title.said(language), str(task.__struct_config__.tag))
        found.append(challenge.offer(head=head, steps=3, timed=challenges.is_timed(task)))
        for number, step in enumerate(challenges.steps(task, language, 7)):
            shown = {"ask": step.ask, "options": step.options, "went": "10"[number % 2] if number else "", "was": "x"}
            found.append(challenge.step(head=head, attempt=3, number=number, count=9, **shown))
    for book in library().stories.values():
        parts = ((1, 4), (0, 2), (0, 2))
        for is_open in (True, False):
            line = story.Line(book.key, book.title.said(language), book.about.said(language), *parts, is_open)
            found.append(story.shelf(person_id=person_id, lines=[line]))
        found += list(pages_of(book, language, person_id))
    return found


def pages_of(book: Any, language: str, person_id: int) -> Iterator[Screen]:
    """Every page, with the longest that can stand before it."""
    came = max((c.then.said(language) for ch in book.chapters.values() for c in ch.choices.values()), key=len)
    for key, chapter in book.chapters.items():
        said = chapter.pages.said(language)
        for number, text in enumerate(said):
            leaf = story.Leaf(book.key, key, chapter.title.said(language), number, len(said), text)
            yield story.leaf(person_id=person_id, leaf=leaf, came_by=came, back=None)
            past = {"person_id": person_id, "leaf": leaf, "came_by": came, "back": (key, number), "forward": None}
            yield story.past(**past, ask="", chosen="", found="")
        choices = [(name, choice.say.said(language)) for name, choice in chapter.choices.items()]
        hint = chapter.hint
        decision = {
            "person_id": person_id,
            "leaf": leaf,
            "came_by": came,
            "ask": chapter.ask.said(language),
            "back": None,
        }
        yield story.decision(choices=choices, hint=hint.button if hint else "", found="", **decision)
        yield story.decision(choices=choices, hint="", found=hint.text.said(language) if hint else "", **decision)
    for ending in book.endings.values():
        told = {"title": ending.title.said(language), "text": ending.text.said(language)}
        numbers = {"number": 1, "endings": 2, "found": 1, "back": (key, 1)}
        yield story.ending(person_id=person_id, story=book.key, came_by=came, **told, **numbers)


def test_every_screen_is_html_that_telegram_takes(language: str) -> None:
    for screen in screens(language):
        tags = re.findall(r"<(/?)(\w+)>", screen.text)
        assert [slash for slash, _ in tags] == ["", "/"] * (len(tags) // 2)
        assert screen.text.count("<") == len(tags)
        assert 0 < texts.size(screen.text) <= 4096
        assert "%(" not in screen.text
        assert screen.keyboard is not None
        for button in (button for row in screen.keyboard.inline_keyboard for button in row):
            assert 0 < len(button.text) <= texts.TITLE + 2


def test_every_language_says_it_in_its_own_words() -> None:
    said = []
    for language in ("en", "es", "ru"):
        with translation.override(language):
            said.append([screen.text for screen in screens(language)])
    for english, spanish, russian in zip(*said, strict=True):
        assert len({english, spanish, russian}) == 3


def test_buttons_of_the_longest_keys_and_ids_fit() -> None:
    leaf = story.Leaf("x" * 8, "y" * 8, "t", 7, 9, "t")
    assert screens("en", LARGEST)
    words = {"person_id": LARGEST, "leaf": leaf, "came_by": "", "back": ("y" * 8, 7)}
    story.decision(ask="a", choices=[("z" * 8, "say")], hint="?", found="", **words)
    story.leaf(**words)
    story.past(ask="a", chosen="b", found="", forward=("y" * 8, 7), **words)
    assert texts.KEY.fullmatch("x" * 8)
    assert not texts.KEY.fullmatch("x" * 9)


def shown(page: str, who: int, now: datetime = NOON) -> Screen:
    reply = pages.show(page, who, now=now)
    assert isinstance(reply, Screen)
    return reply


def buttons(screen: Screen) -> dict[str, str]:
    """What each button says, and what it carries."""
    assert screen.keyboard is not None
    return {b.text: str(b.callback_data) for row in screen.keyboard.inline_keyboard for b in row}


def pressed(data: str, who: int, *, now: datetime = NOON, at: datetime | None = None) -> Screen:
    button = pages.parse_callback(data)
    reply = pages.press(button, who, now=now, key_prefix="u", private=True, arrived_at=at)
    assert isinstance(reply, Screen)
    return reply


def told(type_: str) -> int:
    return StoredEvent.objects.filter(type=type_).count()


@pytest.mark.django_db
class TestTrivia:
    """/trivia."""

    def right(self, screen: Screen) -> str:
        """The button of the right answer."""
        question = library().questions[AskedQuestion.objects.latest("pk").question]
        return buttons(screen)[question.answers("en")[0]]

    def test_it_asks_and_tells_what_came_of_it(self) -> None:
        me = person()
        screen = shown("trivia", me)
        assert "earns nothing" not in screen.text
        answered = pressed(self.right(screen), me, at=NOON + timedelta(seconds=4), now=NOON + timedelta(minutes=9))
        assert "✅ Right!" in answered.text
        assert "fast" not in answered.text
        asked = AskedQuestion.objects.get()
        assert asked.answered_at == NOON + timedelta(seconds=4), "the press's arrival, not when it was handled"
        assert buttons(answered) == {"Next question": f"v1|trivia|show|{me}", "☰ Menu": f"v1|menu|show|{me}"}
        assert shown("trivia", me).text != screen.text

    def test_a_fast_answer_says_that_it_earns_nothing(self) -> None:
        me = person()
        fast = pressed(self.right(shown("trivia", me)), me, at=NOON + timedelta(milliseconds=999))
        assert "That was too fast to count: no points this time." in fast.text

    def test_a_second_button_does_not_change_the_answer(self) -> None:
        me = person()
        screen = shown("trivia", me)
        first = pressed(self.right(screen), me)
        *answers, menu = buttons(screen).values()
        for data in answers:
            assert pressed(data, me).text == first.text
        assert menu == f"v1|menu|show|{me}"
        assert told("game.trivia_completed") == 1

    def test_a_wrong_answer_shows_the_right_one(self) -> None:
        me = person()
        screen = shown("trivia", me)
        wrong = next(data for data in buttons(screen).values() if data != self.right(screen))
        assert "Not this time." in pressed(wrong, me).text

    @pytest.mark.parametrize("rest", ["", ".", ".1", ".x.y", ".1.9", ".99999999999999999999.0", ".-1.0", ".²." + "0"])
    def test_what_somebody_made_up_shows_the_question(self, rest: str) -> None:
        me = person()
        text = shown("trivia", me).text
        assert pressed(f"v1|trivia|answer|{me}{rest}", me).text == text
        assert told("game.trivia_completed") == 0

    def test_when_all_were_asked_it_says_when_one_comes_back(self) -> None:
        me = person()
        for key in library().questions:
            AskedQuestion.objects.create(
                person_id=me, question=key, shown_at=NOON, answered_at=NOON, choice=0, correct=True
            )
        assert "comes back on April 11" in shown("trivia", me).text
        assert shown("trivia", me, NOON + REST).template == "trivia_question"

    def test_it_asks_in_the_persons_language(self) -> None:
        me = person()
        Person.objects.filter(pk=me).update(language="ru")
        screen = shown("trivia", me)
        question = library().questions[AskedQuestion.objects.get().question]
        assert question.ask.ru in screen.text
        assert set(buttons(screen)) == {*question.answers("ru"), "☰ Меню"}


@pytest.mark.django_db
class TestStory:
    """/story."""

    def test_it_can_be_read_from_the_shelf_to_an_ending_and_again(self) -> None:
        me = person()
        assert "Chapters 0/4 · endings 0/2 · secrets 0/2" in shown("story", me).text
        screen = pressed(buttons(shown("story", me))["📖 The Light on Kestrel Rock"], me)
        for _ in range(20):
            if screen.template == "story_ending":
                break
            screen = pressed(next(iter(buttons(screen).values())), me)
        assert "The end." in screen.text
        assert "A green dawn" in screen.text
        assert "Chapters 3/4 · endings 1/2" in shown("story", me).text
        assert "<b>The dark tower</b> · 1/2" in pressed(buttons(screen)["Read it again"], me).text
        assert "▶ The Light on Kestrel Rock" in buttons(shown("story", me))

    def test_the_consequence_stands_before_the_page_it_led_to(self) -> None:
        me = person()
        pressed(f"v1|story|open|{me}.light", me)
        decision = pressed(f"v1|story|turn|{me}.light.shore.0", me)
        assert decision.template == "story_decision"
        page = pressed(f"v1|story|choose|{me}.light.shore.follow", me)
        then = library().stories["light"].chapters["shore"].choices["follow"].then.en
        assert page.text.startswith(then)
        assert pressed(f"v1|story|choose|{me}.light.shore.follow", me) == page, "pressed twice it shows the same"
        assert then not in pressed(f"v1|story|turn|{me}.light.cellar.0", me).text

    def test_a_hint_shows_what_it_hides(self) -> None:
        me = person()
        pressed(f"v1|story|open|{me}.light", me)
        decision = pressed(f"v1|story|turn|{me}.light.shore.0", me)
        looked = pressed(buttons(decision)["🐚"], me)
        assert "the light is not broken" in looked.text
        assert "🐚" not in buttons(looked)
        assert told("narrative.secret_found") == 1

    def test_every_screen_leads_one_page_back_and_to_the_menu(self) -> None:
        me = person()
        screen = pressed(f"v1|story|open|{me}.light", me)
        shown_before: list[Screen] = [shown("story", me)]
        assert buttons(shown_before[0])["☰ Menu"] == f"v1|menu|show|{me}"
        while True:
            drawn = buttons(screen)
            assert drawn["☰ Menu"] == f"v1|menu|show|{me}"
            back = pressed(drawn["‹ Back"], me)
            assert re.split("\n\n<[bi]>", back.text)[0] == re.split("\n\n<[bi]>", shown_before[-1].text)[0]
            shown_before.append(screen)
            if screen.template == "story_ending":
                break
            screen = pressed(next(iter(drawn.values())), me)
        past = pressed(buttons(screen)["‹ Back"], me)
        assert past.template == "story_past"
        assert "✓ The light" in past.text
        assert "Your decisions stay." in past.text
        assert pressed(buttons(past)["Forward ›"], me) == screen
        assert list(buttons(past)) == ["‹ Back", "Forward ›", "☰ Menu"]
        assert told("narrative.story_completed") == told("narrative.ending_discovered") == 1

    def test_an_ending_says_which_of_how_many_and_how_many_were_found(self) -> None:
        me = person()

        def ended(*ways: str) -> str:
            pressed(f"v1|story|open|{me}.light", me)
            pressed(f"v1|story|again|{me}.light", me)
            for way in ways:
                screen = pressed(f"v1|story|{way.replace(' ', f'|{me}.light.', 1)}", me)
            return screen.text

        start = ("turn shore.0", "choose shore.knock", "turn lamp.0", "choose lamp.light", "turn storm.0")
        text = ended(*start, "choose storm.ring")
        assert "Ending 2 of 2 · found so far: 1 of 2" in text
        assert "read it again" in text
        text = ended(*start, "choose storm.gold")
        assert "Ending 1 of 2 · found so far: 2 of 2" in text
        assert "You have found every ending." in text

    @pytest.mark.parametrize("verb", ["open", "again", "turn", "look", "choose", "page"])
    @pytest.mark.parametrize("rest", ["", ".", ".nothing", ".nothing.a.b", ".light.shore.x.y.z", ".light.attic.-1"])
    def test_what_somebody_made_up_does_no_harm(self, verb: str, rest: str) -> None:
        me = person()
        assert pressed(f"v1|story|{verb}|{me}{rest}", me).template in ("story_shelf", "story_page")
        assert told("narrative.decision_made") == 0


@pytest.mark.django_db
class TestChallenge:
    """/challenge."""

    def test_it_is_offered_taken_and_done(self) -> None:
        me = person()
        screen = shown("challenge", me)
        assert screen.template == "challenge_offer"
        screen = pressed(buttons(screen)["Begin"], me)
        assert shown("challenge", me) == screen
        key = challenges.of_day(sorted(library().challenges), DAY)
        steps = challenges.steps(library().challenges[key], "en", me, DAY.isoformat(), 1)
        for number, step in enumerate(steps):
            data = list(buttons(screen).values())
            assert f"{number + 1}/{len(steps)}" in screen.text
            again, screen = screen, pressed(data[step.right], me)
            assert pressed(data[step.right], me) == screen, "pressed twice it shows the same"
            assert again.template == "challenge_step"
        assert "Done, with 100 of 100." in screen.text
        assert shown("challenge", me) == screen
        assert told("game.challenge_completed") == 1

    def test_who_misses_it_may_try_again(self) -> None:
        me = person()
        key = challenges.of_day(sorted(library().challenges), DAY)
        pressed(f"v1|challenge|begin|{me}.20260311.1", me)
        steps = challenges.steps(library().challenges[key], "en", me, DAY.isoformat(), 1)
        for number, step in enumerate(steps):
            wrong = (step.right + 1) % len(step.options)
            screen = pressed(f"v1|challenge|pick|{me}.20260311.1.{number}.{wrong}", me)
            assert number + 1 == len(steps) or "❌" in screen.text
        assert "2 attempts left." in screen.text
        assert pressed(buttons(screen)["Try again"], me).template == "challenge_step"
        assert ChallengeRun.objects.get().attempt == 2

    @pytest.mark.parametrize("verb", ["begin", "pick"])
    @pytest.mark.parametrize(
        "rest", ["", ".", ".x", ".20260230.1", ".20260310.1.0.0", ".20260311.2.0.0", ".20260311.1.9.9"]
    )
    def test_what_somebody_made_up_shows_todays(self, verb: str, rest: str) -> None:
        me = person()
        assert pressed(f"v1|challenge|{verb}|{me}{rest}", me).template in ("challenge_offer", "challenge_step")
        assert told("game.challenge_completed") == 0
