"""A copy of an update for its author holds nobody else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.others import without_others
from tests.bot.updates import GROUP, message, press, private_chat, user

ME, OTHER = 4_711, {"id": 7, "is_bot": False, "first_name": "Grace"}
MINE: dict[str, Any] = message("mine", chat=GROUP)


def test_what_is_ones_own_stays() -> None:
    body = {"update_id": 1, "message": MINE | {"chat": private_chat()}}
    assert without_others(body, ME) == body


@pytest.mark.parametrize(
    "more",
    [
        {"reply_to_message": message("by Grace", sender=OTHER)},
        {"reply_to_message": {"message_id": 1, "chat": GROUP, "text": "by Grace"}},
        {"new_chat_members": [OTHER]},
        {"left_chat_member": OTHER},
        {"entities": [{"type": "text_mention", "offset": 0, "length": 1, "user": OTHER}]},
        {"forward_origin": {"type": "hidden_user", "sender_user_name": "Grace"}},
        {"contact": {"phone_number": "1", "first_name": "Grace", "user_id": 7}},
        {"quote": {"text": "by Grace"}},
        {"chat": {"id": 7, "type": "private", "first_name": "Grace"}},
    ],
)
def test_what_is_somebody_elses_goes(more: dict[str, Any]) -> None:
    kept = without_others({"update_id": 1, "message": MINE | more}, ME)
    assert "Grace" not in json.dumps(kept)
    assert kept["message"]["text"] == "mine"


def test_the_screen_that_a_button_hung_on_goes_too() -> None:
    pressed = press("v1|top|show|1")
    kept = without_others(pressed, ME)
    assert "message" not in kept["callback_query"]
    assert kept["callback_query"]["from"] == user()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "from", "first_name", "message_id", "text", "user"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(_json)
def test_whatever_it_is_given_it_takes_away_and_adds_nothing(value: Any) -> None:
    kept = without_others(value, ME)
    assert without_others(kept, ME) == kept
    assert len(json.dumps(kept)) <= len(json.dumps(value))
