"""Nothing sticks out, nothing jumps, and what is pressed is large enough for a finger."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, OpenWindow

# Buttons within a line of text are as high as the line.
SMALL = """[...document.querySelectorAll('button, select, textarea, input')]
    .filter(one => !one.matches('.text .tap, .spoiler'))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width && (box.height < 40 || box.width < 40))
    .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width} x ${box.height}`)"""
WIDER = """[document.documentElement, document.querySelector('.log')].some(one => one.scrollWidth > one.clientWidth)"""
SHIFTS = """new Promise(found => new PerformanceObserver(list => found(
    list.getEntries().filter(one => !one.hadRecentInput).reduce((sum, one) => sum + one.value, 0)
)).observe({type: 'layout-shift', buffered: true}))"""


@pytest.mark.parametrize("size", [WIDE, NARROW, (800, 700)], ids=["wide", "narrow", "between"])
def test_everything_has_its_place(open_window: OpenWindow, size: tuple[int, int]) -> None:
    window = open_window(size)
    window.add_person("Конрад", language="Русский", zone="Europe/Moscow")
    window.ask("/start", "Добро пожаловать")
    window.ask("/top", "За всё время")
    window.ask("/story", "Истории")
    window.say("W" * 300)
    expect(window.message("WWWW")).to_be_visible()
    assert not window.measure(WIDER)
    assert window.measure(SMALL) == []


def test_the_page_does_not_jump_while_it_loads_and_answers_come(open_window: OpenWindow) -> None:
    window = open_window(WIDE)
    window.add_person("Lena")
    window.ask("/start", "Welcome")
    # At the end of a conversation everything moves up; a press counts as the reason only for half a second.
    window.page.reload()
    expect(window.message("Welcome")).to_be_visible()
    window.page.wait_for_timeout(500)
    shifts = f"Promise.race([{SHIFTS}, new Promise(none => setTimeout(() => none(0), 500))])"
    assert window.measure(shifts) < 0.1
