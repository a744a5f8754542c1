"""Buttons whose data nobody drew: each press is answered and the screen redrawn, none is an error, nobody acts for another."""

import random
from typing import Any

import pytest

from apps.bot import pages
from apps.bot.models import Update
from apps.gamification.models import Entry
from apps.users.models import Person
from diana.events.models import Delivery, Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, deliver, press, say, user

CHARACTERS = "v1|.·-0987654321abcxyz_/\u0000\u202eя😀'\"<>&% \n"


def odd_data(person_id: int, other: int, seed: int = 5) -> list[str]:
    """Data of at most 64 bytes: bent grammar, made-up arguments, other people's numbers."""
    chance = random.Random(seed)
    screens = [*pages.PAGES, *{screen for screen, _ in pages.VERBS}, "nothing", ""]
    verbs = ["show", *{verb for _, verb in pages.VERBS}, "steal", ""]
    arguments = [
        "",
        "-1",
        "0",
        "9" * 30,
        "1e400",
        "nan",
        "\u0660",
        "😀",
        "None",
        "../..",
        "a" * 30,
        str(other),
        str(-person_id),
    ]
    made = [
        f"v1|{chance.choice(screens)}|{chance.choice(verbs)}|{person_id}.{chance.choice(arguments)}.{chance.choice(arguments)}"
        for _ in range(60)
    ]
    made += ["".join(chance.choice(CHARACTERS) for _ in range(chance.randrange(64))) for _ in range(30)]
    made += [chance.randbytes(64).decode("latin-1") for _ in range(10)]
    made += [
        f"v1|{screen}|{verb}|{owner}" for screen, verb in pages.VERBS for owner in (other, -person_id, 0, "", "x" * 40)
    ]
    return [data.encode()[:64].decode(errors="ignore") for data in made]


@pytest.mark.usefixtures("committed_db")
def test_every_press_is_answered_and_none_is_an_error(sandbox: Sandbox) -> None:
    person_id, other = say("/help").person_id, say("/help", sender=user(ADA + 1)).person_id
    assert person_id is not None
    assert other is not None
    drain()
    before = Entry.objects.filter(account_id=other).count(), Person.objects.get(pk=other).preferences
    presses = [press(data) for data in odd_data(person_id, other)]
    for body in presses:
        assert deliver(body) == 200
    drain()
    answered = {call.parameters["callback_query_id"] for call in sandbox.calls(method="answerCallbackQuery")}
    assert answered == {body["callback_query"]["id"] for body in presses}
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    assert (Entry.objects.filter(account_id=other).count(), Person.objects.get(pk=other).preferences) == before


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(
    "failure",
    [
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
        "Bad Request: message to edit not found",
        "Bad Request: message is not modified",
    ],
)
def test_a_press_that_comes_too_late_is_harmless(sandbox: Sandbox, failure: str) -> None:
    person_id = say("/help").person_id
    drain()
    wrong: list[dict[str, Any]] = [{"status": 400, "description": failure}] * 2
    sandbox.behave(fail_next=wrong)
    deliver(press(f"v1|help|show|{person_id}"))
    drain()
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
