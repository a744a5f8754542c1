"""Threads with connections of their own, and waiting for a condition instead of a time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
SECONDS = 20


def together(*functions: Callable[[], T]) -> list[T]:
    """Run the functions side by side and return their results; an error of one of them is raised."""
    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(closing, function) for function in functions]
        return [future.result(SECONDS) for future in futures]


@contextmanager
def alongside(function: Callable[[], object]) -> Iterator[None]:
    """Run the function in a thread while the block runs; wait for it, and raise its error, at the end."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(closing, function)
        yield
        future.result(SECONDS)


def closing(function: Callable[[], T]) -> T:
    """Run the function and close the connections that its thread has opened."""
    try:
        return function()
    finally:
        connections.close_all()


def until(condition: Callable[[], object], *, seconds: float = SECONDS, what: str = "the condition") -> None:
    """Wait until the condition holds; fail after so many seconds."""
    assert holds_within(seconds, condition), f"{what} did not come true within {seconds} s"


def holds_within(seconds: float, condition: Callable[[], object]) -> bool:
    """Say whether the condition came true within so many seconds; returns as soon as it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
