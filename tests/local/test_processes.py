"""Processes that are ended: they are gone when nothing of them is left, not when they look dead."""

import sys
from pathlib import Path

import psutil

from diana.local import processes

# The first thread ends, as in a killed server of which another thread still waits for the disk.
HALF_DEAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_of_which_a_thread_lives_is_not_gone(tmp_path: Path) -> None:
    process = psutil.Process(processes.spawn([sys.executable, "-c", HALF_DEAD], log=tmp_path / "log"))

    def half_dead() -> bool:
        return process.status() == psutil.STATUS_ZOMBIE

    try:
        processes.wait_until(half_dead, what="half a death", log=tmp_path / "log", seconds=10)
        assert not processes.is_gone(process)
        assert processes.wait_gone([process], seconds=0) == [process]
    finally:
        process.kill()
    assert processes.wait_gone([process], seconds=5) == []
