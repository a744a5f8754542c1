"""A newcomer's first evening, by mouse at a desk and by touch on a phone."""

import re
import time

from playwright.sync_api import expect

from tests.browser.conftest import NARROW, OpenWindow
from tests.browser.window import Window

# An answer that comes faster than anybody reads earns nothing.
READING_SECONDS = 1.5
QUESTIONS = 10


def take_first_steps(window: Window, name: str) -> None:
    """Go from an empty chat through language, clock, boards and consent."""
    window.page.get_by_role("button", name="Start", exact=True).click()
    expect(window.message(f"Welcome, {name}!")).to_be_visible()
    window.press("English", "What time is it where you live?")
    window.press("UTC", "How shall boards show you?")
    window.press("My name", "the rules of the game")
    window.press("I agree to both", "Ten taps tell me")


def take_quiz(window: Window) -> None:
    """Answer all questions of the quiz."""
    window.press("Take the quiz", "Question 1 of 10")
    for number in range(1, QUESTIONS + 1):
        following = f"Question {number + 1} of 10" if number < QUESTIONS else "Your play style"
        window.press(str(number % 4 + 1), following)


def test_a_newcomer_comes_from_start_to_a_level(window: Window) -> None:
    name = window.add_person("Nora")
    take_first_steps(window, name)
    take_quiz(window)
    # Every step redrew the one message: nothing but that and the way here was said.
    assert window.answers().count() == 1

    window.ask("/daily", "Daily reward")
    question = window.ask("/trivia", "Trivia")
    time.sleep(READING_SECONDS)
    question.locator(".key").first.click()
    expect(question).to_contain_text(re.compile("Right!|Not this time"))

    window.ask("/story", "Stories in which you decide")
    window.press("The Light on Kestrel Rock", "The dark tower")
    window.press("Read on", "Where do you go?")
    window.press("Knock at the door", "1/")

    level = window.ask("/profile", "Level")
    assert int(re.search(r"Level (\d+)", level.inner_text())[1]) >= 2  # type: ignore[index]


def test_the_bot_speaks_the_language_of_the_person_s_telegram(window: Window) -> None:
    window.add_person("Lucía", language="Español", zone="Europe/Madrid")
    window.box.fill("/da")
    option = window.page.get_by_role("option", name="/daily")
    expect(option).to_contain_text("recoger el premio de hoy")
    expect(option.locator("[lang=es]")).to_be_visible()
    window.box.press("Escape")
    window.box.fill("")
    answer = window.ask("/start", "Te damos la bienvenida")
    expect(answer.locator(".text")).to_have_attribute("lang", "es")


def test_a_command_is_chosen_by_the_arrow_keys(window: Window) -> None:
    window.add_person("Kay")
    window.ask("/start", "Welcome")
    window.box.press_sequentially("/pr")
    expect(window.page.get_by_role("option")).to_have_text([re.compile("/profile"), re.compile("/privacy")])
    window.box.press("ArrowDown")
    window.box.press("Enter")
    expect(window.message("What I know of you")).to_be_visible()


def test_on_a_phone_one_pane_is_seen_at_a_time(open_window: OpenWindow) -> None:
    window = open_window(NARROW)
    expect(window.people).to_be_visible()
    expect(window.log).to_be_hidden()
    name = window.add_person("Pia")
    expect(window.people).to_be_hidden()
    take_first_steps(window, name)
    window.press("Later", "/daily")

    window.page.get_by_role("button", name="what it set off").click()
    expect(window.timeline).to_be_visible()
    expect(window.log).to_be_hidden()
    window.page.get_by_role("button", name="To the chat").click()
    expect(window.log).to_be_visible()
    window.page.get_by_role("button", name="To people and groups").click()
    expect(window.row(name)).to_be_visible()
