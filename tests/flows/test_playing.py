"""Trivia, a story and a challenge from the webhook to the points: what people press, and what they see and get for it."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot.answering import answer_update
from apps.bot.models import Update
from apps.content import challenges
from apps.content.library import library
from apps.content.models import AskedQuestion, ChallengeRun
from apps.gamification.models import Entry, Unlock
from apps.users.models import Person
from diana import clock
from diana.events.log import read_events
from diana.events.loop import run
from diana.events.models import StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, answer, deliver, events, press, say, user

__all__ = ["sandbox"]
BOB = 4_712


@pytest.fixture
def ada(sandbox: Sandbox) -> int:
    """Somebody who has said hello; their id."""
    say("/start")
    answer()
    return Person.objects.get(telegram_id=ADA).pk


def buttons(sandbox: Sandbox, chat: int = ADA) -> dict[str, str]:
    """What the buttons of the newest screen in the chat say, and what they carry."""
    shown = [
        call.parameters["reply_markup"]["inline_keyboard"]
        for call in sandbox.calls(chat=chat)
        if call.method in ("sendMessage", "editMessageText") and "reply_markup" in call.parameters
    ]
    return {button["text"]: button["callback_data"] for row in shown[-1] for button in row}


def tap(data: str, **fields: Any) -> None:
    """Press a button under the newest message of the bot, and let it be answered."""
    newest = fields.pop("message_id")
    assert deliver(press(data, message_id=newest, **fields)) == 200
    answer()


def newest(sandbox: Sandbox, chat: int = ADA) -> int:
    return max(call.answer["result"]["message_id"] for call in sandbox.calls(method="sendMessage", chat=chat))


def text(sandbox: Sandbox, chat: int = ADA) -> str:
    """What the newest message says."""
    sent = sandbox.calls(method="sendMessage", chat=chat)[-1]
    edited = sandbox.calls(method="editMessageText", chat=chat)
    drawn = [sent, *(call for call in edited if call.parameters["message_id"] == newest(sandbox, chat))]
    return str(drawn[-1].parameters["text"])


def paid(person_id: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for rule, amount in Entry.objects.filter(account_id=person_id).order_by("id").values_list("rule", "amount"):
        found.setdefault(rule, []).append(amount)
    return found


def test_a_right_answer_pays_once_however_often_it_is_pressed(sandbox: Sandbox, ada: int) -> None:
    say("/trivia")
    answer()
    AskedQuestion.objects.using("owner").update(shown_at=clock.now() - timedelta(seconds=10))
    right = library().questions[AskedQuestion.objects.get().question].answers("en")[0]
    shown = buttons(sandbox)
    for data in (shown[right], shown[right], *(data for data in shown.values() if "|answer|" in data)):
        tap(data, message_id=newest(sandbox))
    assert "✅ Right!" in text(sandbox)
    drain()
    ((_, fields),) = events("game.trivia_completed")
    assert fields["correct"] is True
    assert 10_000 <= fields["milliseconds"] < 60_000
    assert paid(ada)["trivia_completed"] == [100]


def test_an_answer_faster_than_reading_pays_nothing_and_says_so(sandbox: Sandbox, ada: int) -> None:
    say("/trivia")
    answer()
    AskedQuestion.objects.using("owner").update(shown_at=clock.now() + timedelta(seconds=1))
    right = library().questions[AskedQuestion.objects.get().question].answers("en")[0]
    tap(buttons(sandbox)[right], message_id=newest(sandbox))
    assert "too fast to count" in text(sandbox)
    drain()
    assert "trivia_completed" not in paid(ada)


def test_nobody_answers_for_somebody_else(sandbox: Sandbox, ada: int) -> None:
    say("/trivia")
    answer()
    data = next(iter(buttons(sandbox).values()))
    tap(data, message_id=newest(sandbox), sender=user(BOB))
    say("/trivia", sender=user(BOB))
    answer()
    bob = Person.objects.get(telegram_id=BOB).pk
    made_up = data.replace(f"|{ada}.", f"|{bob}.")
    tap(made_up, message_id=newest(sandbox, BOB), sender=user(BOB))
    assert events("game.trivia_completed") == []
    assert AskedQuestion.objects.filter(answered_at=None).count() == 2


def test_a_story_is_read_to_its_end_and_pays_for_chapters_and_decisions(sandbox: Sandbox, ada: int) -> None:
    say("/story")
    answer()
    tap(buttons(sandbox)["📖 The Light on Kestrel Rock"], message_id=newest(sandbox))
    while "The end." not in text(sandbox):
        tap(next(iter(buttons(sandbox).values())), message_id=newest(sandbox))
    drain()
    assert "A green dawn" in text(sandbox)
    assert paid(ada)["story_chapter_completed"] == [150] * 3
    assert paid(ada)["story_decision_made"] == [25] * 3
    assert {"page_turner", "decider", "many_paths"} <= set(
        Unlock.objects.filter(account_id=ada).values_list("achievement_id", flat=True)
    )


def test_an_update_that_is_handled_again_changes_nothing(sandbox: Sandbox, ada: int) -> None:
    say("/story")
    answer()
    tap(buttons(sandbox)["📖 The 0:61 Train"], message_id=newest(sandbox))
    tap(buttons(sandbox)["Read on"], message_id=newest(sandbox))
    tap(buttons(sandbox)["The coin"], message_id=newest(sandbox))
    before, shown = len(events("narrative.decision_made", "narrative.chapter_started")), text(sandbox)
    (last,) = StoredEvent.objects.filter(type="bot.update_received").order_by("-id").values_list("id", flat=True)[:1]
    Update.objects.update(handled_at=None)
    run(answer_update(read_events([last])[0]))
    assert len(events("narrative.decision_made", "narrative.chapter_started")) == before == 3
    assert text(sandbox) == shown


def test_the_days_challenge_is_done_once_and_pays(sandbox: Sandbox, ada: int) -> None:
    say("/challenge")
    answer()
    tap(buttons(sandbox)["Begin"], message_id=newest(sandbox))
    begun = ChallengeRun.objects.get()
    assert begun.challenge == challenges.of_day(sorted(library().challenges), begun.local_date)
    for step in challenges.steps(library().challenges[begun.challenge], "en", ada, begun.local_date.isoformat(), 1):
        data = list(buttons(sandbox).values())[step.right]
        for _ in range(2):
            tap(data, message_id=newest(sandbox))
    assert "Done, with 100 of 100." in text(sandbox)
    drain()
    assert paid(ada)["challenge_completed"] == [200]
