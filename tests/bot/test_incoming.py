"""Decoding updates: strict, and never more than Malformed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.incoming import KINDS, UNANSWERED, Incoming, Malformed, decode
from tests.bot.updates import GROUP, message, press, private_chat, update, user

BROKEN = {
    "empty": b"",
    "no object": b"[]",
    "no update id": b"{}",
    "a null": b"null",
    "deep": b'{"update_id":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deeper and open": b'{"update_id":1,"x":' + b'{"a":' * 50_000,
    "NaN": b'{"update_id":1,"x":NaN}',
    "infinity": b'{"update_id":1,"x":-Infinity}',
    "a huge id": b'{"update_id":' + b"9" * 5000 + b"}",
    "a float id": b'{"update_id":1.0}',
    "a negative id": b'{"update_id":-1}',
    "a huge sender": b'{"update_id":1,"message":{"from":{"id":99999999999999999999}}}',
    "a sender of zero": b'{"update_id":1,"message":{"from":{"id":0}}}',
    "no UTF-8": b'{"update_id":1,"x":"\xff"}',
    "an encoded surrogate": b'{"update_id":1,"x":"\xed\xa0\x80"}',
    "raw NUL": b'{"update_id":1,"x":"\x00"}',
    "a mark before": b'\xef\xbb\xbf{"update_id":1}',
    "UTF-16": '{"update_id":1}'.encode("utf-16"),
    "two objects": b'{"update_id":1}{"update_id":2}',
    "a wrong kind": b'{"update_id":1,"message":"hello"}',
    "a truth for an id": b'{"update_id":true}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
def test_random_bytes_are_malformed_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(
    st.dictionaries(
        st.sampled_from(["update_id", *KINDS, "later_kind"]), _json | st.fixed_dictionaries({"from": _json})
    )
)
def test_any_json_is_an_update_or_malformed(body: dict[str, Any]) -> None:
    try:
        found = decode(json.dumps(body).encode())
    except Malformed:
        return
    assert found.update_id == body["update_id"]
    assert found.kind is None or body[found.kind] is not None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "pre_checkout_query"])
def test_each_known_kind_is_recognized(kind: str) -> None:
    body = update(kind, {"from": user(7), "chat": GROUP, "new_chat_member": {"user": user(7)}})
    assert decode(json.dumps(body).encode()) == Incoming(
        body["update_id"], kind, 7, GROUP["id"], answered=kind not in ("message", *UNANSWERED)
    )


def test_the_chat_of_a_button_is_that_of_its_message() -> None:
    assert decode(json.dumps(press("v1|top|show|1")).encode()).chat == user()["id"]


@pytest.mark.parametrize(
    ("member", "person"),
    [({"user": user(9)}, 9), ({"user": user(9, is_bot=True)}, None), ({"user": "nobody"}, None), (5, None)],
    ids=["a person", "a bot", "nobody", "no member"],
)
def test_a_membership_is_about_whose_it_is_and_not_about_who_changed_it(member: Any, person: int | None) -> None:
    body = update("chat_member", {"from": user(8), "chat": GROUP, "new_chat_member": member})
    assert decode(json.dumps(body).encode()).sender == person


def test_a_reaction_names_its_user() -> None:
    body = update("message_reaction", {"user": user(8), "chat": GROUP})
    assert decode(json.dumps(body).encode()).sender == 8


def test_bots_are_no_people() -> None:
    body = update(body=message("beep", sender=user(9, is_bot=True)))
    assert decode(json.dumps(body).encode()).sender is None


def test_an_unknown_kind_has_no_kind() -> None:
    body = update("poll", {"id": "1"})
    assert decode(json.dumps(body).encode()) == Incoming(body["update_id"], None, None, None)


@pytest.mark.parametrize("text", [r"\u0000", r"\ud83d\ude00", "\u202e", "a\u0301" * 300], ids=ascii)
def test_strange_but_valid_text_comes_in(text: str) -> None:
    body = '{"update_id":5,"message":{"from":{"id":1},"text":"' + text + '"}}'
    assert decode(body.encode()).update_id == 5


QUESTION = {"id": "91", "from": user(7), "currency": "XTR", "total_amount": 250, "invoice_payload": "p"}
PAID = {
    "currency": "XTR",
    "total_amount": 200,
    "invoice_payload": "p",
    "telegram_payment_charge_id": "c",
    "provider_payment_charge_id": "",
}


def test_a_question_before_a_payment_is_read() -> None:
    found = decode(json.dumps(update("pre_checkout_query", QUESTION)).encode())
    assert (found.kind, found.sender, found.chat) == ("pre_checkout_query", 7, None)
    assert found.asked is not None
    assert (found.asked.id, found.asked.total_amount, found.asked.from_.language_code) == ("91", 250, "en")


def test_a_payment_is_read_with_its_time() -> None:
    body = {"from": user(7), "chat": private_chat(7), "date": 1_790_000_000}
    found = decode(json.dumps(update("message", body | {"successful_payment": PAID})).encode())
    assert found.paid is not None
    assert (found.paid.telegram_payment_charge_id, found.answered) == ("c", False)
    assert found.sent_at == datetime.fromtimestamp(1_790_000_000, UTC)
    back = decode(json.dumps(update("message", body | {"refunded_payment": PAID})).encode())
    assert (back.paid, back.refunded.telegram_payment_charge_id) == (None, "c")  # type: ignore[union-attr]
    odd = decode(json.dumps(update("message", body | {"successful_payment": PAID, "date": "now"})).encode())
    assert odd.sent_at is None


@pytest.mark.parametrize("change", [{"id": ""}, {"id": "a\x00"}, {"total_amount": -1}, {"currency": None}, {"from": 7}])
def test_a_question_that_is_none_is_malformed(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        decode(json.dumps(update("pre_checkout_query", QUESTION | change)).encode())
