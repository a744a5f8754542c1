"""All workers are killed while people talk: the relay works alone, although Redis is there. The long form is a drill."""

import pytest

from tests.faults.conftest import Community
from tests.faults.nobody_works import kill_them_all

# Two on a quiet machine; the tests share theirs.
SECONDS = 4.0


@pytest.mark.usefixtures("relay")
def test_the_next_entry_comes_soon_after_all_workers_are_dead(community: Community) -> None:
    took = kill_them_all(community, 1)
    assert max(took) < SECONDS, took
    community.settle()
