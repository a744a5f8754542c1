"""Three planted bugs that the torture must find, beside the scenarios without them."""

from collections.abc import Iterator

import pytest

from torture import sensitivity
from torture.servers import Servers, running_servers


@pytest.fixture(scope="module")
def torture_servers() -> Iterator[Servers]:
    """Durable servers of their own."""
    with running_servers() as servers:
        yield servers


def test_planted_bugs_are_found(torture_servers: Servers) -> None:
    planted = ["no_fence", "shuffled_batches", "fingerprint_unchecked"]
    result = sensitivity.run(torture_servers, print, only=planted)
    assert result.unclean == []
    assert result.found == len(planted)
