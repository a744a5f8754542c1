"""What the demo asks of Flower, and what Flower keeps."""

from flower.options import options

from demo.watching import TASKS_AT_MOST
from tests.processes import procfile


def test_flower_keeps_as_many_tasks_as_the_demo_asks_for() -> None:
    assert f"--max_tasks={TASKS_AT_MOST}" in procfile()["flower"].split()
    assert "max_tasks" in options
