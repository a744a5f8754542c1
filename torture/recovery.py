"""How long it took after each fault until something done after it had its effect."""

from collections.abc import Sequence

from torture.observing import SeenEntry
from torture.records import EARNING, Done
from torture.schedule import Fired

# Who recovers later than this belongs to another fault.
LATEST_SECONDS = 60.0


def recoveries(
    faults: Sequence[Fired], done: Sequence[Done], entries: Sequence[SeenEntry]
) -> list[tuple[Fired, float]]:
    """Return for each fault the seconds from its end to the first entry of an operation accepted after it.

    Where other faults still last at its end, their end counts: what stands still then is theirs. Faults after which
    nothing was accepted have no recovery to measure.
    """
    recorded: dict[str, float] = {}
    for entry in entries:
        recorded.setdefault(entry.origin, entry.recorded_at)
    earned = sorted(
        (d.answered_at, recorded[d.operation.origin])
        for d in done
        if d.operation.kind in EARNING and d.operation.origin in recorded
    )
    found = []
    for fired in faults:
        moment = quiet_after(fired.ended_at, [other for other in faults if other is not fired])
        later = [at for accepted, at in earned if moment <= accepted <= moment + LATEST_SECONDS]
        if later:
            found.append((fired, max(0.0, min(later) - moment)))
    return found


def quiet_after(moment: float, faults: Sequence[Fired]) -> float:
    """Return the first moment from then on at which no fault lasts."""
    while lasting := [f.over_at for f in faults if f.started_at <= moment < f.over_at]:
        moment = max(lasting)
    return moment


def percentile(numbers: Sequence[float], share: int) -> float:
    """Return the percentile of the numbers, 0 of none."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50 and p99 in milliseconds."""
    return {f"p{share}": round(percentile(seconds, share) * 1000, 1) for share in (50, 99)}
