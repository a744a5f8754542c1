"""The numbers of updates: as Telegram's, none comes twice, also after the sandbox was started again."""

from diana.sandbox.updates import Updates


def test_numbers_do_not_come_again_after_a_restart_however_many_there_were() -> None:
    numbers: list[int | None] = []
    for _ in range(2):
        started = Updates(lambda kind: True)
        numbers += [started.add("message", {"text": str(n)}, lane=n) for n in range(20)]
    assert None not in numbers
    assert len(set(numbers)) == 40
