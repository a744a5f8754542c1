"""Keyboards fit a small phone, and from every screen the menu is a tap away."""

import re

import pytest
from telegram import InlineKeyboardButton

from apps.bot.screens.layout import Screen
from tests.bot.label_widths import width_of
from tests.bot.screens_samples.sample import Sample, Written, strings
from tests.bot.test_every_screen import LANGUAGES, every_reply

# A phone of 320 pixels: what buttons of one row leave between them, and around their labels.
SCREEN, BETWEEN, AROUND, FONT = 320, 4, 4, 15
MOST_ROWS = 6
# No payment will have such a number.
LONG = re.compile(r"\d{10,}")
# A row for each thing that is sold, and what all the clocks of the world say.
LONGER = {"vip", "vip_subscribed", "time_zone"}
# Steps that are taken before there is a menu, messages that are answered by going on as before, and what groups read.
WITHOUT_MENU = {
    "approved_group", "consent", "gift_bought", "paused", "points_short", "private_only", "quiz_offer", "time_zone",
    "time_zone_city", "unknown_city", "unpaid_group", "visibility", "welcome",
}  # fmt: skip


def rows(reply: object) -> list[tuple[InlineKeyboardButton, ...]]:
    return list(reply.keyboard.inline_keyboard) if isinstance(reply, Screen) and reply.keyboard else []


def written(sample: Sample, language: str) -> set[str]:
    return {str(text) for _, text in strings(sample.arguments(language)) if isinstance(text, Written)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards_have_at_most_six_rows(language: str) -> None:
    found = {
        (str(sample), len(rows(reply)))
        for sample, reply in every_reply(language)
        if len(rows(reply)) > MOST_ROWS and reply.template not in LONGER
    }
    assert sorted(found) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_a_small_phone(language: str) -> None:
    found: set[tuple[int, str, int, int]] = set()
    for sample, reply in every_reply(language):
        names = written(sample, language)
        for row in rows(reply):
            room = (SCREEN - BETWEEN * (len(row) - 1)) / len(row) - 2 * AROUND
            found |= {
                (len(row), text, round(width_of(text, FONT)), round(room))
                for button in row
                if width_of(text := LONG.sub("9" * 9, button.text), FONT) > room
                and not any(name in text for name in names)
            }
    assert sorted(found) == []


def test_the_widths_are_those_of_the_font() -> None:
    assert width_of("Menu", 1000) == 863 + 615 + 634 + 634
    assert width_of("☰ Меню", 15) < 70 < width_of("Clasificaciones", 15)


def test_every_screen_has_a_way_to_the_menu() -> None:
    there, without = set(), set()
    for _, reply in every_reply("en"):
        if isinstance(reply, Screen):
            leads = any("|menu|show|" in str(button.callback_data) for row in rows(reply) for button in row)
            (there if leads else without).add(reply.template)
    dead_ends = {template for template in without if not template.startswith("notice") and template != "menu"}
    assert dead_ends - WITHOUT_MENU == set()
    assert {"daily", "points", "why", "top", "terms", "deletion_requested", "challenge_step", "quiz_question"} <= there
