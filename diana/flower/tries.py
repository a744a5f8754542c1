"""Wrong passwords in a row, by the address of their sender: some are free, then one is looked at in a minute."""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

FREE_TRIES = 10
PAUSE_SECONDS = 60
# An address that has been quiet for so long begins anew.
FORGOTTEN_SECONDS = 15 * 60
# The one that failed longest ago is forgotten for another.
MOST_ADDRESSES = 10_000


class Tries:
    """Counts in this process's memory. `now` is any clock in seconds that only goes forward."""

    def __init__(self) -> None:
        # Failures in a row, and when the last of them was; in the order of these times.
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many addresses are known."""
        return len(self._failed)

    def seconds_to_wait(self, address: str, now: float) -> int:
        """Return after how many seconds a password of this address is looked at; 0 for at once."""
        failures, last = self._failed.get(_sender(address), (0, 0.0))
        if failures < FREE_TRIES or now - last >= FORGOTTEN_SECONDS:
            return 0
        return max(0, math.ceil(last + PAUSE_SECONDS - now))

    def failed(self, address: str, now: float) -> bool:
        """Count a wrong password; say whether it was the one after which the address has to wait."""
        sender = _sender(address)
        failures, last = self._failed.pop(sender, (0, 0.0))
        failures = 1 if now - last >= FORGOTTEN_SECONDS else failures + 1
        self._failed[sender] = (failures, now)
        if len(self._failed) > MOST_ADDRESSES:
            self._failed.popitem(last=False)
        return failures == FREE_TRIES

    def succeeded(self, address: str) -> None:
        """Forget what the address got wrong."""
        self._failed.pop(_sender(address), None)


def _sender(address: str) -> str:
    """Return what is counted: the address, of IPv6 the network of one customer."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)
