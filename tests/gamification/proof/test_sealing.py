"""Sealing: each entry in one seal, whoever commits late; table and file, whatever happens between them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from apps.gamification.models import Checkpoint as Stored
from apps.gamification.models import Entry
from apps.gamification.proof import checkpoints, fence, index, keys, outside, rows, sealing
from apps.gamification.proof.verifying import verify_everything
from tests.gamification.acts import NOON, award, message, people, person
from tests.gamification.proof.histories import grant, history, seal

pytestmark = pytest.mark.usefixtures("committed_db")


def sealed_ids() -> list[int]:
    """Return the ids that the checkpoints have sealed, in order, as often as they are sealed."""
    packed = b"".join(rows.index_of(c.number) for c in rows.after(0))
    return [key for key, _, _ in index._ENTRY.iter_unpack(packed)]


def entry_ids() -> list[int]:
    return list(Entry.objects.order_by("id").values_list("id", flat=True))


@contextmanager
def held_open(act: Callable[[], object]) -> Iterator[threading.Event]:
    """Do something in a transaction of another thread's that stays open until the event is set or the block ends."""
    done, over = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                over.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert done.wait(10)
    try:
        yield over
    finally:
        over.set()
        thread.join(10)


def test_a_seal_says_what_is_new_and_follows_on_the_last() -> None:
    history()
    first, second, third = rows.after(0)
    assert first.previous == checkpoints.BEGINNING
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert (first.after_id, second.after_id) == (0, first.last_id)
    assert [c.accounts for c in (first, second, third)] == [3, 3, 3]
    assert third.total == first.entries + second.entries + third.entries == Entry.objects.count()
    assert not keys.problem_of(third, keys.public_keys())
    assert sealed_ids() == entry_ids()
    assert seal() == [], "nothing is new"


def test_an_entry_that_commits_late_is_neither_left_out_nor_sealed_twice() -> None:
    slow, quick = people(2)
    grant(quick, 1, "first")
    with held_open(lambda: grant(slow, 5, "late")) as over:
        grant(quick, 2, "early")
        assert max(entry_ids()) > min(set(range(1, max(entry_ids()))) - set(entry_ids())), "a lower id is still to come"
        with pytest.raises(fence.StillOpen, match="Open: diana-"):
            sealing.seal(now=NOON, patience=0.1)
        assert sealed_ids() == []
        threading.Timer(0.2, over.set).start()
        assert sealing.seal(now=NOON, patience=10) is not None
    grant(slow, 1, "afterwards")
    seal()
    assert sealed_ids() == entry_ids() == sorted(set(sealed_ids()))
    assert verify_everything().ok


def test_who_begins_while_a_seal_waits_does_not_hold_it_up() -> None:
    first, second = people(2)
    with held_open(lambda: grant(first, 1, "a")) as over:
        threading.Timer(0.2, over.set).start()
        waiting: list[Any] = []

        def wait() -> None:
            waiting.append(sealing.seal(now=NOON, patience=10))
            connection.close()

        sealer = threading.Thread(target=wait)
        sealer.start()
        over.wait(5)
        with held_open(lambda: grant(second, 1, "b")):
            sealer.join(10)
            assert not sealer.is_alive()
    assert waiting[0].entries == 1
    seal()
    assert sealed_ids() == entry_ids()


def test_transactions_that_write_no_entries_do_not_hold_up_a_seal() -> None:
    grant(person(), 1, "a")
    with held_open(lambda: (person(), Entry.objects.count())):
        assert sealing.seal(now=NOON, patience=0) is not None


def test_an_id_that_was_rolled_back_belongs_to_the_seal() -> None:
    somebody = person()
    with transaction.atomic():
        grant(somebody, 1, "undone")
        transaction.set_rollback(True)
    grant(somebody, 1, "done")
    [checkpoint] = seal()
    assert (checkpoint.entries, checkpoint.last_id) == (1, entry_ids()[-1])


def test_what_is_too_much_for_one_checkpoint_makes_several(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(7)])
    monkeypatch.setattr(sealing, "MOST_ENTRIES", 3)
    monkeypatch.setattr(sealing.seal, "__kwdefaults__", sealing.seal.__kwdefaults__ | {"most": 3})
    assert [c.entries for c in seal()] == [3, 3, 1]
    assert sealed_ids() == entry_ids()
    assert verify_everything().ok


def test_many_sealers_at_once_seal_each_entry_once() -> None:
    somebody = person()
    stop = threading.Event()
    errors: list[BaseException] = []

    def sealer() -> None:
        try:
            while not stop.is_set():
                seal()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sealer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        grant(somebody, 1, f"k{number}")
    stop.set()
    for thread in threads:
        thread.join(30)
    seal()
    assert not errors
    assert sealed_ids() == entry_ids()
    assert [line.checkpoint for line in outside.read()] == list(rows.after(0))
    assert verify_everything().ok


def test_the_file_is_the_table(checkpoint_file: Path) -> None:
    history()
    lines = checkpoint_file.read_bytes().splitlines(keepends=True)
    assert [checkpoints.from_line(line) for line in lines] == list(rows.after(0))
    assert outside.catch_up() == 0


def test_a_crash_between_commit_and_file_is_made_good_by_the_next_seal(checkpoint_file: Path) -> None:
    history()
    before = checkpoint_file.read_bytes()
    grant(Entry.objects.first().account_id, 1, "k")
    assert sealing.seal(now=NOON) is not None
    assert checkpoint_file.read_bytes() == before, "the process ended here"
    report = verify_everything()
    assert [(f.check, f.checkpoint) for f in report.faults] == [("file", 4)], "a file that stays behind is found"
    seal()
    assert len(checkpoint_file.read_bytes().splitlines()) == 4
    assert verify_everything().ok


def test_a_line_that_was_cut_off_is_written_anew(checkpoint_file: Path) -> None:
    history()
    whole = checkpoint_file.read_bytes()
    for kept in (len(whole) - 1, len(whole) - 300):
        checkpoint_file.write_bytes(whole[:kept])
        seal()
        assert checkpoint_file.read_bytes() == whole
    assert verify_everything().ok


def test_a_seal_that_fails_leaves_neither_row_nor_line(checkpoint_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history()
    before = checkpoint_file.read_bytes()
    grant(Entry.objects.first().account_id, 1, "k")

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(rows, "add", fails)
        with pytest.raises(ZeroDivisionError):
            seal()
    assert (Stored.objects.count(), checkpoint_file.read_bytes()) == (3, before)
    seal()
    assert sealed_ids() == entry_ids()


def test_a_missing_file_stops_sealing_until_somebody_has_looked(checkpoint_file: Path) -> None:
    history()
    whole = checkpoint_file.read_bytes()
    checkpoint_file.unlink()
    with pytest.raises(outside.FileMissing, match="--new-file"):
        seal()
    assert "missing" in verify_everything().faults[0].found
    outside.begin()
    assert outside.catch_up() == 3
    assert checkpoint_file.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda lines: [*lines[:2], lines[2].replace(b'"entries":', b'"entries":1')], outside.FileDiffers),
        (lambda lines: [*lines[:2], b"{}\n"], outside.FileDiffers),
    ],
)
def test_nothing_is_sealed_on_top_of_a_file_that_was_rewritten(
    checkpoint_file: Path, change: Any, error: type[Exception]
) -> None:
    history()
    checkpoint_file.write_bytes(b"".join(change(checkpoint_file.read_bytes().splitlines(keepends=True))))
    grant(Entry.objects.first().account_id, 1, "k")
    with pytest.raises(error):
        seal()
    assert Stored.objects.count() == 3


def test_a_new_key_signs_and_the_old_ones_still_check(settings: Any) -> None:
    grant(person(), 1, "a")
    seal()
    old = keys.public_keys()
    settings.LEDGER_SIGNING_KEY = {"next": bytes(range(32))}
    grant(person(), 1, "b")
    [second] = seal()
    assert second.key_id == "next"
    report = verify_everything()
    assert {f.found for f in report.faults if f.checkpoint == 1} == {
        f"{where}signed with the key 'development', which is not at hand: add it to LEDGER_PUBLIC_KEYS"
        for where in ("",)
    }
    settings.LEDGER_PUBLIC_KEYS = old
    assert verify_everything().ok
