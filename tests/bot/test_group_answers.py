"""Answers that a whole group reads: a way to the private chat, no ledger, and nothing that undoes an alias."""

from typing import Any

import pytest
from django.conf import settings

from apps.bot import identity, pages
from apps.bot.models import StartPayload
from apps.users import selectors, services
from apps.users.models import Person
from diana.sandbox.running import Sandbox
from tests.bot.updates import answer, events, say, texts
from tests.gamification.acts import NOON, award
from tests.gamification.boards.acts import give, sees

LINK = "https://t.me/diana_test_bot?start=p_"


@pytest.fixture
def me(db: None, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setitem(identity._known, settings.TELEGRAM_BOT_TOKEN, "diana_test_bot")
    found = Person.objects.create(telegram_id=1, first_name="José", last_name="Núñez", created_at=NOON)
    return found.pk


def show(page: str, me: int, *, private: bool = False) -> Any:
    return pages.show(page, me, now=NOON, private=private)


def links(screen: Any) -> list[str]:
    return [button.url for row in screen.keyboard.inline_keyboard for button in row if button.url]


@pytest.mark.parametrize(
    ("page", "leads_to"), [("settings", "settings"), ("export", "export"), ("zone", "menu"), ("stop", "stop")]
)
def test_what_is_private_has_a_button_to_the_private_chat(me: int, page: str, leads_to: str) -> None:
    screen = show(page, me)
    assert (screen.template, links(screen)) == ("private_only", [LINK + leads_to])
    assert pages.opened_by(f"p_{leads_to}") == leads_to


def test_a_press_in_a_group_leads_there_too(me: int) -> None:
    for data, leads_to in (("deleteme|yes", "deleteme"), ("vip|buy", "vip"), ("why|show", "points")):
        button = pages.parse_callback(f"v1|{data}|{me}")
        screen = pages.press(button, me, now=NOON, key_prefix="update:1", private=False)
        assert links(screen) == [LINK + leads_to]


def test_without_a_name_of_the_bot_there_is_no_button(me: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(identity._known, settings.TELEGRAM_BOT_TOKEN)
    assert show("settings", me).keyboard is None


@pytest.mark.parametrize(
    "payload", ["", "p_", "p_nothing", "p_welcome", "p_guidance", "p_top.total.everyone", "settings"]
)
def test_other_links_open_no_page(payload: str) -> None:
    assert pages.opened_by(payload) == "welcome"


@pytest.mark.usefixtures("committed_db")
def test_the_link_opens_the_page_and_is_not_where_somebody_came_from(sandbox: Sandbox) -> None:
    say("/start p_settings")
    say("/start r_abc-1")
    answer()
    assert [payload["template"] for _, payload in events("bot.message_sent")] == ["settings", "welcome"]
    assert list(StartPayload.objects.values_list("payload", flat=True)) == ["r_abc-1"]
    assert len(texts(sandbox)) == 2


def test_a_group_sees_balance_and_level_and_no_entries(me: int) -> None:
    screen = show("points", me)
    assert (screen.template, links(screen)) == ("points_short", [LINK + "points"])
    assert screen.text == "<b>Balance: 0</b> · level 1"
    assert show("points", me, private=True).template == "points"
    assert "José" in show("profile", me).text


@pytest.mark.parametrize("mode", ["alias", "hidden"])
def test_who_is_not_shown_by_name_is_not_found_out_in_a_group(me: int, mode: str) -> None:
    services.set_visibility(person_id=me, mode=mode, now=NOON)
    for page in ("profile", "points"):
        screen = show(page, me)
        assert screen.text == "Your level: 1", "nothing that stands on a board, too"
        assert links(screen) == [LINK + page]
    assert "José" in show("profile", me, private=True).text


def test_a_board_in_a_group_does_not_say_which_place_is_that_of_an_alias(me: int) -> None:
    give(me, 7)
    award(sees(me, "alias"))
    services.set_visibility(person_id=me, mode="alias", now=NOON)
    alias = selectors.alias(me, "en")
    private, shared = (show("top", me, private=private).text for private in (True, False))
    labels = [button.text for row in show("top", me).keyboard.inline_keyboard for button in row]
    assert f"<b>🥇 {alias} – 7 points</b>\n\nYour rank: 1" in private
    assert shared.endswith(f"\n🥇 {alias} – 7 points")
    services.set_visibility(person_id=me, mode="hidden", now=NOON)
    award(sees(me, "hidden"))
    unseen = show("top", me)
    assert "hidden" not in unseen.text
    assert [button.text for row in unseen.keyboard.inline_keyboard for button in row] == labels
    services.set_visibility(person_id=me, mode="alias", now=NOON)
    around = show("top.total.everyone.me", me)
    assert (around.template, links(around)) == ("private_only", [LINK + "top"])
    services.set_visibility(person_id=me, mode="name", now=NOON)
    assert show("top.total.everyone.me", me).template == "top"
