"""One short seed of the torture, with faults of every kind."""

from collections.abc import Iterator

import pytest

from torture.faults import all_faults
from torture.schedule import Step
from torture.seed import run_seed
from torture.servers import Servers, running_servers

SECONDS, RATE = 10.0, 25.0
# In this order, one after so many accepted operations. What lasts long overlaps with the next.
FAULTS = (
    "F02 kill inside the transaction",
    "F16 kill Valkey, come back empty",
    "F33 workers' COMMIT sent, reply lost",
    "F57 Telegram fails",
    "F06 kill a worker and its children",
    "F24 Valkey's link cut three times in two seconds",
    "F31 PostgreSQL restarted, immediate",
    "F44 a publishing transaction that rolls back after 3 s",
)
EVERY = 20
# On a machine that is not busy these take 60 s together.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def torture_servers() -> Iterator[Servers]:
    """Durable servers of their own: they are to be killed."""
    with running_servers() as servers:
        yield servers


def test_nothing_is_lost_or_doubled_whatever_fails(torture_servers: Servers) -> None:
    steps = [Step(EVERY * (number + 1), all_faults()[name]) for number, name in enumerate(FAULTS)]
    result = run_seed(torture_servers, 2, SECONDS, print, steps=steps, rate=RATE)
    assert result.findings.notes == []
    assert result.wrong == []
    assert result.proved
    assert result.outcomes["ok"] >= EVERY * 4
    assert sum(result.faults[name] for name in FAULTS) >= 4
