"""Every text of the bot is there in every language, and fits what is put into it."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from apps import bot, gamification
from apps.bot.menu import COMMANDS

ROOT = Path(bot.__file__).parent
SOURCES = [*sorted((ROOT / "screens").glob("*.py")), ROOT / "menu.py", *sorted((ROOT / "pages").glob("*.py"))]
SOURCES.append(Path(gamification.__file__).parent / "titles.py")
LANGUAGES = ["es", "ru"]


def texts() -> set[tuple[str, ...]]:
    """What the sources hand to gettext: (text,) or (singular, plural)."""
    found: set[tuple[str, ...]] = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "ngettext", "gettext", "gettext_noop")
            ):
                count = 2 if node.func.id == "ngettext" else 1
                literals = [argument for argument in node.args[:count] if isinstance(argument, ast.Constant)]
                found.add(tuple(str(literal.value) for literal in literals))
    return found - {()}


def texts_of_pages() -> set[str]:
    """What the templates of the admin hand to gettext, and what its theme says above a login."""
    pattern = re.compile(
        r'{% translate "([^"]+)" %}|{% blocktranslate[^%]*%}(.*?){% (?:plural|endblocktranslate)', re.DOTALL
    )
    pages = ROOT.parent.rglob("templates/**/*.html")
    found = {(short or long).strip() for page in pages for short, long in pattern.findall(page.read_text())}
    return {re.sub(r"{{ (\w+) }}", r"%(\1)s", text) for text in found} | {"Welcome back to"}


def catalogue(language: str) -> gettext.GNUTranslations:
    path = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|</?\w+>|/[a-z]+\b", text))


def test_it_finds_the_texts() -> None:
    assert len(texts()) > 60
    assert ("Daily reward",) in texts()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing(language: str) -> None:
    known = catalogue(language)._catalog  # type: ignore[attr-defined]
    missing = [text for text in texts() if not (known.get(text[0]) or known.get((text[0], 0)))]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_page_is_missing(language: str) -> None:
    assert len(texts_of_pages()) > 10
    with translation.override(language):
        # Django's own catalogue has some of them.
        assert [text for text in texts_of_pages() if translation.gettext(text) == text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_what_is_put_into_them(language: str) -> None:
    known = catalogue(language)
    for text in texts():
        if len(text) == 1:
            assert placeholders(known.gettext(text[0])) == placeholders(text[0])
        for count in (1, 2, 5, 11, 21):
            if len(text) == 2:
                assert placeholders(known.ngettext(*text, count)) == placeholders(text[0])  # type: ignore[call-arg]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_up_to_date(language: str) -> None:
    path = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"
    written = {
        ast.literal_eval(line.split(" ", 1)[1]) for line in path.read_text().splitlines() if line.startswith("msgstr")
    }
    compiled = set(catalogue(language)._catalog.values())  # type: ignore[attr-defined]
    assert written - {""} == {text for text in compiled if not text.startswith("Content-Type")}


def test_the_commands_are_ones_that_telegram_takes() -> None:
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", command) for command in COMMANDS)


def test_points_have_one_name_in_russian() -> None:
    known = catalogue("ru")._catalog  # type: ignore[attr-defined]
    other_name = re.compile(r"\bочк(о|а|и|у|ам|ами|ах|ов|ом)\b", re.IGNORECASE)
    assert [text for text in known.values() if other_name.search(text)] == []
