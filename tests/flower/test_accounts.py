"""Accounts of Flower, and how a request shows one."""

import base64

import pytest

from diana.flower.accounts import Accounts

ACCOUNTS = Accounts(["ops:öne", "more:two"], ["looks:three"])


def basic(account: str) -> str:
    """Return the header that shows the account."""
    return f"Basic {base64.b64encode(account.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "operator", "viewer"),
    [
        (basic("ops:öne"), True, False),
        (basic("more:two").replace("Basic", "BASIC"), True, False),
        (basic("looks:three"), False, True),
        (basic("looks:three") + "!", False, False),
        (basic("looks:two"), False, False),
        (basic("ops:"), False, False),
        (basic("more:two").replace("Basic", "Bearer"), False, False),
        ("Basic ö", False, False),
        ("", False, False),
    ],
)
def test_an_account_is_an_operators_a_viewers_or_nobodys(header: str, operator: bool, viewer: bool) -> None:
    assert (ACCOUNTS.is_operator(header), ACCOUNTS.is_viewer(header)) == (operator, viewer)


@pytest.mark.parametrize(("viewers", "cure"), [(["looks"], "user:password"), (["looks:"], "user"), (["ops:1"], "own")])
def test_accounts_that_cannot_be_told_apart_are_refused(viewers: list[str], cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        Accounts(["ops:1"], viewers)
