"""Whose VIP an upgrade may end at another moment: people to whom the old version left too many days, one by one."""

from typing import NamedTuple


class Days(NamedTuple):
    """Days left at the end of the old version's story: as it left them, and as they are afterwards."""

    history: str
    old: int
    right: int


# All was bought, and given back, ten days before.
DAYS_LEFT = {
    "Person 40": Days("two purchases, the second refunded", old=20, right=20),
    "Person 41": Days("two purchases, the first refunded", old=50, right=20),
    "Person 42": Days("three purchases, the second refunded", old=80, right=50),
    "Person 43": Days("three purchases, the second refunded, then the first", old=80, right=20),
    "Person 44": Days("a subscription renewed once, the first charge refunded", old=50, right=20),
    "Person 45": Days("a subscription renewed twice, both earlier charges refunded", old=80, right=20),
    "Person 46": Days("two subscriptions at once, both paid", old=50, right=50),
    "Person 47": Days("two subscriptions at once, the second refunded, the first ended", old=20, right=20),
    "Person 48": Days("a subscription refunded that Telegram did not end", old=0, right=0),
}
