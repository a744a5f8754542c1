"""Waiting for one of several things to happen."""

import asyncio


async def first_of(*events: asyncio.Event, seconds: float) -> None:
    """Return when one of the events is set, or after the time."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
