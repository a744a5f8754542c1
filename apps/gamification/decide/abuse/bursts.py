"""Counting acts that lie close together: what several detectors are made of."""

from apps.gamification.decide.abuse.hits import Hit, Memory

SECOND = 1_000_000


def count(memory: Memory, name: str, at: int, *, more_than: int, seconds: int) -> Hit | None:
    """Count one more act under the name; answer if it and the `more_than` before it lie within so many seconds.

    Acts count in the order in which they are handled, and by their own times: a late one disturbs nothing. What lies
    too far from the present act is forgotten, and all before it: no burst can reach across it.
    """
    span = seconds * SECOND
    times = memory.get(name, [])
    for index in range(len(times) - 1, -1, -1):
        if abs(times[index] - at) >= span:
            times = times[index + 1 :]
            break
    memory[name] = [*times, at][-more_than:]
    if len(times) < more_than:
        return None
    together = [*times[-more_than:], at]
    earliest = min(together)
    return Hit(len(together), earliest) if max(together) - earliest < span else None
