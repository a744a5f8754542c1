"""Muting one kind of notices, or all, by the buttons below them and in the settings; receipts always come."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from apps.bot import pages
from apps.bot.models import NOTICE_KINDS
from apps.bot.notices.planning import KINDS, LEFT_OVER, RECEIPTS, wanted
from apps.bot.notices.subjects import SUBJECTS, subject_of
from apps.bot.screens import notices
from apps.bot.screens.layout import Screen
from apps.users import selectors
from apps.users.models import Person
from apps.users.preferences import Preferences
from diana import clock
from tests.bot.screens_samples.telling import FIELDS

MUTABLE = sorted(set(NOTICE_KINDS) - set(RECEIPTS))


@pytest.fixture
def me(db: None) -> int:
    return Person.objects.create(telegram_id=1, created_at=clock.now()).pk


def drawn(*kinds: str) -> Screen:
    parts = [notices.Part(kind, FIELDS.get(kind, [{}])[0]) for kind in kinds]
    return notices.notice(person_id=7, parts=parts, local=lambda at: at, vip_until=None)


def data(screen: Any) -> list[str]:
    return list(_data(screen))


def _data(screen: Any) -> Iterator[str]:
    for row in screen.keyboard.inline_keyboard if screen.keyboard else ():
        for button in row:
            yield button.callback_data


def press(callback: str, me: int) -> Any:
    button = pages.parse_callback(callback.format(me))
    return pages.press(button, me, now=clock.now(), key_prefix=f"update:{callback}", private=True)


def test_every_kind_is_a_receipt_or_has_a_switch() -> None:
    assert {subject_of(kind) for kind in MUTABLE} == set(SUBJECTS)
    assert {kind.kind for kind in (KINDS | LEFT_OVER).values()} == set(NOTICE_KINDS)
    assert all(subject_of(kind) is None for kind in RECEIPTS)


@pytest.mark.parametrize("kind", MUTABLE)
def test_one_kind_is_muted_alone_and_below_it_stands_one_tap_for_that(kind: str) -> None:
    own = subject_of(kind)
    assert own is not None
    for subject in SUBJECTS:
        assert wanted(kind, Preferences(**{subject: False})) == (subject != own)
    screen = drawn(kind)
    assert data(screen) == [f"v1|notices|mute|7.{own}", "v1|notices|mute|7"]
    assert len(screen.keyboard.inline_keyboard) == 1 if screen.keyboard else False


@pytest.mark.parametrize("kind", RECEIPTS)
def test_receipts_cannot_be_muted(kind: str) -> None:
    assert wanted(kind, Preferences(notices=False, **dict.fromkeys(SUBJECTS, False)))
    assert data(drawn(kind)) == []


def test_a_digest_has_a_tap_for_each_of_its_kinds_and_tells_the_highest_level_only() -> None:
    levels = [notices.Part("level", {"old": new - 1, "new": new}) for new in (3, 4, 2)]
    achieved = [notices.Part("achievement", {"achievement": key, "tier": "gold"}) for key in ("voice", "quick_mind")]
    parts = [levels[0], achieved[0], *levels[1:], achieved[1], notices.Part("referral", {})]
    screen = notices.notice(person_id=7, parts=parts, local=lambda at: at, vip_until=None)
    assert screen.text.count("level") == 1
    assert "level 4" in screen.text
    assert len(screen.text.split("\n")) == 4
    ends = ["7.achievements", "7.levels", "7.referrals", "7"]
    assert data(screen) == [f"v1|notices|mute|{end}" for end in ends]
    many = notices.notice(
        person_id=7,
        parts=[notices.Part("level", {"old": n, "new": n + 1}) for n in range(1, 40)],
        local=lambda at: at,
        vip_until=None,
    )
    assert many.text.split("\n") == ["⬆️ You have reached level 40."]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_tap_mutes_a_kind_and_the_next_one_brings_it_back(me: int, subject: str) -> None:
    muted = press(f"v1|notices|mute|{{}}.{subject}", me)
    assert selectors.preferences([me])[me] == Preferences(**{subject: False})
    assert f"v1|notices|unmute|{me}.{subject}" in data(muted)
    press(f"v1|notices|unmute|{{}}.{subject}", me)
    assert selectors.preferences([me])[me] == Preferences()


def test_the_settings_lead_to_a_switch_for_each_kind(me: int) -> None:
    assert f"v1|notices|show|{me}" in data(pages.show("settings", me, now=clock.now()))
    page = pages.show("notices", me, now=clock.now())
    switches = [f"v1|notices|set|{me}.{key}.off" for key in ("all", *SUBJECTS)]
    assert data(page)[:-1] == switches
    changed = press("v1|notices|set|{}.vip_changes.off", me)
    assert f"v1|notices|set|{me}.vip_changes.on" in data(changed)
    assert "🔕 VIP" in str(changed.keyboard)
    all_off = press("v1|notices|set|{}.all.off", me)
    assert data(all_off)[:-1] == [f"v1|notices|set|{me}.all.on"], "nothing is offered that would change nothing"
    assert selectors.preferences([me])[me] == Preferences(notices=False, vip_changes=False)


@pytest.mark.parametrize(
    "made_up", ["mute|{}.payment", "set|{}.payment.off", "set|{}.vip_changes", "set|{}", "unmute|{}.x.y"]
)
def test_made_up_buttons_mute_nothing(me: int, made_up: str) -> None:
    assert press(f"v1|notices|{made_up}", me).text
    assert selectors.preferences([me])[me] == Preferences()


@pytest.mark.parametrize("language", ["es", "ru"])
def test_a_muted_kind_is_named_in_the_persons_language(language: str) -> None:
    with translation.override(language):
        texts = {notices.muted(person_id=7, subject=subject).text for subject in ("", *SUBJECTS)}
    assert len(texts) == len(SUBJECTS) + 1
    assert not any("Muted" in text for text in texts)
