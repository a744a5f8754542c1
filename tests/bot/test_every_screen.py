"""Every screen, in every language: Telegram takes it, it is whole, it harms nobody, and its buttons lead somewhere."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import pytest
from django.utils import translation
from django.utils.formats import date_format
from telegram import InlineKeyboardButton

from apps.bot import pages, screens
from apps.bot.menu import COMMANDS
from apps.bot.notices.planning import KINDS
from apps.bot.pages.achievements import CATEGORY_PAGE
from apps.bot.screens.layout import Document, Invoice, Reply, Screen
from diana.sandbox.formatting import check_caption, check_length, read_caption, read_text
from diana.sandbox.invoices import read_bill
from diana.sandbox.keyboards import check_buttons, read_keyboard
from tests.bot.screens_samples import SAMPLES
from tests.bot.screens_samples.sample import ME, Sample, Written, name_of, strings, with_string

LANGUAGES = ("en", "es", "ru")
MODULES: list[ModuleType] = [
    importlib.import_module(f"{screens.__name__}.{found.name}") for found in pkgutil.iter_modules(screens.__path__)
]
KINDS_OF_REPLY = (Screen, Document, Invoice)
# Where the name of a screen is put together: the names that come of it.
MADE_NAMES = {"notices": {"notice_digest", *(f"notice_{found.kind}" for found in KINDS.values())}}
# Pages that no button and no command of the menu leads to, and what does.
OTHERWISE_REACHED = {
    "gift": "the link of a gift",
    "unknown_command": "a command that is none",
    "guidance": "a message that is no command",
}
# Verbs that only screens of an earlier release have buttons for.
FORMERLY_REACHED = {("set", "reminders"): "the settings"}
# A command that is no page: it leads to one of two.
NO_PAGES = {"start"}
BUTTON = re.compile(r"v1\|([a-z_.0-9]+)\|([a-z]+)\|(\d+)((?:\.[^.|]+)*)")
# Names that are the same in every language.
NAMES = {"VIP", "Telegram", "Stars", "UTC", "AM", "PM", "English", "Español", "Русский"}
# What is the same word in English and Spanish.
ALSO_SPANISH = {"Trivia", "Tutorial", "base", "no"}
# A mark to find, in what no screen may let through as it is, nor change.
MARK = "zqx"
WILD = f'<i>{MARK}</i> &amp; "<'


@cache
def drawn(number: int, language: str) -> Reply:
    with translation.override(language):
        return SAMPLES[number].draw(language)


def every_reply(language: str) -> Iterator[tuple[Sample, Reply]]:
    for number, sample in enumerate(SAMPLES):
        yield sample, drawn(number, language)


def buttons(reply: Reply) -> list[InlineKeyboardButton]:
    keyboard = reply.keyboard if isinstance(reply, Screen) else None
    return [button for row in keyboard.inline_keyboard for button in row] if keyboard else []


def plain(reply: Reply) -> str:
    """Return what is read, as Telegram shows it; raises what the Bot API would refuse it with."""
    match reply:
        case Screen(_, text):
            formatted = read_text({"text": text, "parse_mode": "HTML"})
            check_length(formatted)
            return formatted.text
        case Document(_, _, _, caption):
            formatted = read_caption({"caption": caption, "parse_mode": "HTML"})
            check_caption(formatted)
            return formatted.text
    return f"{reply.title}\n{reply.description}"


def own_words(sample: Sample, reply: Reply, language: str) -> list[str]:
    """Return what the bot says, line by line and label by label, without commands and what others wrote."""
    texts = [plain(reply), *(button.text for button in buttons(reply))]
    written = [str(text).strip() for _, text in strings(sample.arguments(language)) if isinstance(text, Written)]
    pieces = {piece for text in written for piece in (text, " ".join(text.split())[:64].strip()) if piece}
    for piece in sorted(pieces, key=len, reverse=True):
        texts = [text.replace(piece, " ") for text in texts]
    return [line.strip() for text in texts for line in re.sub(r"/[a-z]+\b", "", text).split("\n")]


def words(text: str) -> set[str]:
    return set(re.findall("[A-Za-zÀ-ÖØ-öø-ÿЀ-ӿ]+", text)) - NAMES


def functions() -> set[Callable[..., Reply]]:
    """Return every public function that makes a screen, a file or a bill."""
    found = set()
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                given = get_type_hints(function).get("return")
                if {given, *get_args(given)} & set(KINDS_OF_REPLY):
                    found.add(function)
    return found


def template_names(module: ModuleType) -> set[str]:
    """Return the names under which a module makes replies."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("Screen", "Document", "Invoice")
        ):
            name = node.args[0] if node.args else next(word.value for word in node.keywords if word.arg == "template")
            found |= {str(name.value)} if isinstance(name, ast.Constant) else MADE_NAMES[module.__name__.split(".")[-1]]
    return found


def reached() -> set[tuple[str, str]]:
    """Return the screens and verbs to which buttons lead."""
    found = {str(button.callback_data) for _, reply in every_reply("en") for button in buttons(reply)}
    return {(parts[1], parts[2]) for data in found if len(parts := data.split("|")) == 4}


def test_every_screen_has_samples_and_every_sample_a_screen() -> None:
    assert len(functions()) > 50
    assert {name_of(function) for function in functions()} == {name_of(sample.function) for sample in SAMPLES}
    assert functions() == {sample.function for sample in SAMPLES}


def test_no_two_samples_have_one_name() -> None:
    assert len({repr(sample) for sample in SAMPLES}) == len(SAMPLES)


def test_every_template_is_drawn_by_a_sample() -> None:
    names = set().union(*map(template_names, MODULES))
    assert len(names) > 50
    assert names == {reply.template for _, reply in every_reply("en")}
    assert all(re.fullmatch(r"[a-z_]{1,40}", name) for name in names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_telegram_takes_it(language: str) -> None:
    for sample, reply in every_reply(language):
        text = plain(reply)
        assert text.strip(), sample
        assert not re.search(r"%\(|%[sd]\b|\{\w*\}|\bNone\b", "\n".join(own_words(sample, reply, language))), sample
        text.encode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_buttons_fit_belong_to_one_and_lead_somewhere(language: str) -> None:
    known = {*pages.VERBS, *((page, "show") for page in pages.PAGES)}
    for sample, reply in every_reply(language):
        if not isinstance(reply, Screen) or reply.keyboard is None:
            continue
        keyboard = read_keyboard({"reply_markup": reply.keyboard.to_dict()})
        check_buttons(keyboard)
        assert 0 < len(buttons(reply)) <= 100, sample
        assert all(0 < len(row) <= 8 for row in reply.keyboard.inline_keyboard), sample
        for button in buttons(reply):
            assert 0 < len(button.text.strip()) <= 64, (sample, button.text)
            if button.url is not None:
                ours = r"https://t\.me/(share/url\?url=.+|\w+\?start=p_[a-z]+)"
                assert re.fullmatch(ours, button.url), sample
                continue
            fits = BUTTON.fullmatch(str(button.callback_data))
            assert fits, (sample, button.callback_data)
            screen, verb, owner, _arguments = fits.groups()
            assert owner == str(ME), (sample, button.callback_data)
            to_category = screen.startswith(CATEGORY_PAGE) and verb == "show"
            assert (screen, verb) in known or to_category, (sample, button.callback_data)
            assert pages.parse_callback(str(button.callback_data))[:3] == (screen, verb, owner)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commands_it_names_are_there(language: str) -> None:
    for sample, reply in every_reply(language):
        named = set(re.findall(r"(?<![\w/])/([a-z]\w*)", plain(reply)))
        made_up = {text for _, text in strings(sample.arguments(language)) if isinstance(text, Written)}
        assert {name for name in named if not any(f"/{name}" in text for text in made_up)} <= set(COMMANDS), sample


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_and_bills_fit(language: str) -> None:
    for sample, reply in every_reply(language):
        match reply:
            case Document(_, name, content, _):
                assert re.fullmatch(r"[a-z0-9.-]{1,60}", name), sample
                assert content
            case Invoice(_, title, description, payload, stars, _, days):
                bill = {"title": title, "description": description, "payload": payload, "currency": "XTR"}
                price = {"label": title, "amount": stars}
                read_bill(bill | {"prices": [price], "subscription_period": days * 86_400})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "how", ["DATE_FORMAT", "DATETIME_FORMAT", "SHORT_DATETIME_FORMAT", "TIME_FORMAT", "YEAR_MONTH_FORMAT"]
)
def test_no_date_ends_with_the_full_stop_of_a_sentence(language: str, how: str) -> None:
    moments = [datetime(2026, month, 9, hour, tzinfo=UTC) for month in range(1, 13) for hour in (0, 5, 12, 21)]
    with translation.override(language):
        assert [text for moment in moments if (text := date_format(moment, how)).endswith(".")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_end_with_one_full_stop(language: str) -> None:
    lines = {line for sample, reply in every_reply(language) for line in own_words(sample, reply, language)}
    assert [line for line in sorted(lines) if re.search(r"(?<!\.)\.\.(?!\.)|[!?…]\.", line)] == []


def test_russian_has_no_words_of_another_language() -> None:
    for sample, reply in every_reply("ru"):
        for line in own_words(sample, reply, "ru"):
            foreign = {word for word in words(line) if not re.fullmatch(r"[а-яё]+", word, re.IGNORECASE)}
            assert not foreign, (sample, line)


def test_spanish_says_nothing_as_english_does() -> None:
    same = set[str]()
    for (sample, english), (_, spanish) in zip(every_reply("en"), every_reply("es"), strict=True):
        both = {*own_words(sample, english, "en")} & {*own_words(sample, spanish, "es")}
        same |= {line for line in both if words(line)}
    assert {word for line in same for word in words(line)} == ALSO_SPANISH, same


def test_every_language_says_it_in_its_own_words() -> None:
    for number, sample in enumerate(SAMPLES):
        said = ["\n".join(own_words(sample, drawn(number, language), language)) for language in LANGUAGES]
        if words(said[0]):
            assert len(set(said)) == 3, sample
            assert re.search("[а-яё]", said[2], re.IGNORECASE), sample


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_wrote_stands_as_they_wrote_it(language: str) -> None:
    """Neither read as HTML, nor escaped twice, nor escaped in labels, where Telegram reads no HTML."""
    for sample, reply in every_reply(language):
        shown = [plain(reply), *(button.text for button in buttons(reply))]
        assert not any(re.search(r"&(amp|lt|gt|quot|#x27);", text) for text in shown), sample


@pytest.mark.parametrize("name", sorted({name_of(sample.function) for sample in SAMPLES}))
def test_nothing_that_is_put_into_it_becomes_html(name: str) -> None:
    """Whatever string the screen is given: with this in its place it is refused, or shown as it is."""
    for sample in (sample for sample in SAMPLES if name_of(sample.function) == name):
        given = list(strings(sample.arguments("en")))
        for place in sorted({place for place, _ in given}):
            reply = hostile(sample, place)
            written = any(isinstance(text, Written) for at, text in given if at == place)
            assert reply or not written, f"{sample} refuses what somebody may have written at {place}"
            if reply is not None:
                for text in (plain(reply), *(button.text for button in buttons(reply))):
                    assert text.count(MARK) == text.count(WILD), (sample, place, text)


def hostile(sample: Sample, place: str) -> Reply | None:
    """Return the screen with something wild at the place; None if only words of our own can stand there."""
    positional, named = with_string(sample.arguments("en"), place, WILD)
    try:
        with translation.override("en"):
            return sample.function(*positional, **named)
    except (KeyError, ValueError):
        return None


def test_every_page_and_verb_can_be_reached() -> None:
    there = reached()
    shown = {screen for screen, verb in there if verb == "show"} | set(COMMANDS)
    assert set(pages.PAGES) - shown == set(OTHERWISE_REACHED)
    assert set(pages.VERBS) - there == set(FORMERLY_REACHED)
    assert set(COMMANDS) - set(pages.PAGES) == NO_PAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_ends_twice(language: str) -> None:
    """A Russian date ends in a period by itself."""
    doubled = [repr(sample) for sample, reply in every_reply(language) if ".." in plain(reply)]
    assert doubled == []
