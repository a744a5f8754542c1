"""What an act means for a person's days and visits: decided from the last act alone; pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

SILENCE = timedelta(minutes=30)
DAYS_AWAY = 7


@dataclass(frozen=True, slots=True)
class Touch:
    """What was new about an act. `counted` is false for one that is no later than the last: nothing is new then."""

    local_time: datetime
    utc_offset_minutes: int
    counted: bool = False
    first_of_day: bool = False
    logged_in: bool = False
    days_away: int | None = None


def judge_act(
    *, occurred_at: datetime, local: datetime, last_act_at: datetime | None, last_active_date: date | None
) -> Touch:
    """Say what the act begins: a local day, a visit after half an hour of silence, a return after a week.

    A day that lies before the last active one (somebody flew west) begins nothing: it was counted already.
    """
    offset = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    if last_act_at is not None and occurred_at <= last_act_at:
        return Touch(local, offset)
    away = (local.date() - last_active_date).days if last_active_date else 0
    return Touch(
        local,
        offset,
        counted=True,
        first_of_day=last_active_date is None or away > 0,
        logged_in=last_act_at is None or occurred_at - last_act_at >= SILENCE,
        days_away=away if away >= DAYS_AWAY else None,
    )
