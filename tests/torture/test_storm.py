"""Sessions of PostgreSQL are cut at random while people talk: nothing is lost, and no answer comes twice without a cause."""

from collections.abc import Iterator

import pytest

from torture.faults import all_faults
from torture.schedule import Step
from torture.seed import run_seed
from torture.servers import Servers, running_servers

SECONDS, RATE = 8.0, 20.0
STORM = "F32 sessions cut one by one"
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def torture_servers() -> Iterator[Servers]:
    """Durable servers of their own."""
    with running_servers() as servers:
        yield servers


def test_no_answer_comes_twice_without_a_cause(torture_servers: Servers) -> None:
    steps = [Step(after, all_faults()[STORM]) for after in (20,)]
    result = run_seed(torture_servers, 2, SECONDS, print, steps=steps, rate=RATE)
    assert result.findings.notes == []
    assert result.wrong == []
    assert result.proved
    assert result.faults[STORM] >= 1
