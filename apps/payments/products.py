"""What is sold and for how many Stars; pure. A bill keeps the price and the days of its moment: change them here freely."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["once", "subscription", "gift"]
# The one period that Telegram knows.
SUBSCRIPTION_DAYS = 30


@dataclass(frozen=True, slots=True)
class Product:
    """VIP for so many days: at once, every month, or as a code for somebody else. `stars` from 1 to 10,000."""

    key: str
    kind: Kind
    days: int
    stars: int


PRODUCTS = {
    product.key: product
    for product in (
        Product("vip_monthly", "subscription", SUBSCRIPTION_DAYS, 200),
        Product("vip_30", "once", 30, 250),
        Product("vip_90", "once", 90, 650),
        Product("gift_30", "gift", 30, 250),
    )
}


def saving_percent(product: Product) -> int:
    """Return by how many percent a day of it is cheaper than bought once for the shortest time; whole, never more than it is."""
    dearest = min((one for one in PRODUCTS.values() if one.kind == "once"), key=lambda one: one.days)
    full = dearest.stars * product.days
    return max(0, 100 * (full - product.stars * dearest.days) // full)
