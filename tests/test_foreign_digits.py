"""Codes and numbers that are typed or sent are ASCII, though Python takes the digits of other scripts for digits."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

import pytest

from apps.bot import identity
from apps.payments.codes import read_code
from apps.users.management.commands.grant_vip import positive
from diana.clock.management.commands.clock import duration
from diana.events import limiting
from diana.sandbox import delivery, parameters
from diana.sandbox.chat.client import ChatRefused
from diana.sandbox.chat.conversation import Button, choose

# Arabic, full-width and mathematical digits are decimal to Python; a superscript is a digit that int() refuses.
DIGITS = ["٢", "２", "𝟚", "²"]
BUTTONS = [Button(1, 0, 0, "a"), Button(1, 1, 0, "b")]


@pytest.mark.parametrize("letters", ["ı", "ſ", "ﬁ", "Ａ", "ß", "ŉ", *DIGITS])
def test_a_code_is_none_that_only_upper_case_makes_one(letters: str) -> None:
    assert read_code("a" * 15 + "2") == "A" * 15 + "2"
    for code in (letters + "A" * (16 - len(letters.upper())), "A" * 14 + letters, letters * 16):
        assert read_code(code) is None


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (positive, ArgumentTypeError),
        (lambda digit: limiting._limit(f"{digit}/minute"), ValueError),
        (lambda digit: duration(f"{digit}d"), ValueError),
        (lambda digit: choose(BUTTONS, digit), ChatRefused),
    ],
    ids=["an id at the shell", "a limit of the settings", "a duration", "the number of a button"],
)
@pytest.mark.parametrize("digit", DIGITS)
def test_it_is_refused(read: Callable[[str], Any], error: type[Exception], digit: str) -> None:
    read("2")
    with pytest.raises(error):
        read(digit)


@pytest.mark.parametrize("digit", DIGITS)
def test_it_is_no_number_to_the_sandbox_and_no_part_of_a_token(digit: str) -> None:
    assert (delivery.seconds_of("2"), delivery.seconds_of(digit)) == (2.0, 0.0)
    assert (parameters._typed("chat_id", "2"), parameters._typed("chat_id", digit)) == (2, digit)
    assert identity.is_real_token(f"123456:{'a' * 30}")
    assert not identity.is_real_token(f"12345{digit}:{'a' * 30}")
