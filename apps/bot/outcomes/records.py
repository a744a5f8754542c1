"""The rows of shown screens: noted when an answer is out, claimed for the one edit, left when a later screen comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from apps.bot.events import ScreenShown
from apps.bot.outcomes.models import ShownScreen
from apps.gamification import outcomes
from diana import clock
from diana.bulk import delete_rows
from diana.events import Envelope, Publication
from diana.events.correlations import Act

KEEP = timedelta(days=1)
DELETE_AT_ONCE = 5_000
# Longer than a call to Telegram takes; whoever claims and dies is waited for no longer.
EDIT = timedelta(seconds=10)


class Shown(NamedTuple):
    """A message and the screen in it that answers an act of the person: its HTML, its keyboard as JSON. `said`: the position
    in the log of what it tells of the outcome itself, 0 for nothing.
    """

    person_id: int
    cause: Envelope
    chat_id: int
    message_id: int
    text: str
    keyboard: str | None
    said: int = 0

    @property
    def act(self) -> Act:
        """The act that the screen answers. Of an outcome that it tells the act stands not long before."""
        return Act(self.person_id, self.cause.correlation_id, self.cause.position - (_BEFORE if self.said else 0))


# An award stands in the log behind its act by less than this, or it is late anyway.
_BEFORE = 10_000

_NOTE = """
INSERT INTO bot_shown_screen (person_id, chat_id, message_id, correlation_id, position, text, keyboard, shown_at, said)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[], %s::bigint[], %s::text[], %s::jsonb[],
    %s::timestamptz[], %s::bigint[])
RETURNING id, correlation_id, person_id
"""


def note(shown: Sequence[Shown], *, now: datetime) -> list[Publication]:
    """Note those of the screens whose act may have an outcome; return the events that have it told, to be published in the
    same transaction. Two statements, none for no screens.
    """
    awaited = outcomes.expected([one.act for one in shown])
    rows = [one for one in shown if one.cause.correlation_id in awaited]
    if not rows:
        return []
    columns: list[Any] = [
        [one.person_id for one in rows],
        [one.chat_id for one in rows],
        [one.message_id for one in rows],
        [one.cause.correlation_id for one in rows],
        [one.act.after for one in rows],
        [one.text for one in rows],
        [one.keyboard for one in rows],
        [now for _ in rows],
        [one.said for one in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, columns)
        made: list[tuple[int, UUID, int]] = cursor.fetchall()
    causes = {one.cause.correlation_id: one.cause for one in rows}
    return [
        Publication(event=ScreenShown(user_id=person, shown=id_), key=f"shown:{id_}", cause=causes[correlation])
        for id_, correlation, person in made
    ]


def get(shown: int) -> ShownScreen | None:
    """Return the row, if it is there still."""
    return ShownScreen.objects.filter(pk=shown).first()


def claim(shown: int) -> ShownScreen | None:
    """Claim the one edit of the screen and return its row; None where the message shows another by now, or was edited."""
    now = clock.real_now()
    free = Q(editing_until=None) | Q(editing_until__lt=now)
    mine = ShownScreen.objects.filter(free, pk=shown, replaced=False, closed_at=None)
    return get(shown) if mine.update(editing_until=now + EDIT) else None


def release(shown: int) -> None:
    """Give the claim back: presses need not wait any more."""
    ShownScreen.objects.filter(pk=shown).update(editing_until=None)


def leave(chat_id: int, message_id: int) -> bool:
    """Note that a later screen takes the place in the message; False while an edit is under way: ask again."""
    with transaction.atomic():
        rows = ShownScreen.objects.filter(chat_id=chat_id, message_id=message_id, replaced=False)
        found = list(rows.select_for_update().values_list("pk", "editing_until"))
        if any(until is not None and until > clock.real_now() for _, until in found):
            return False
        if found:
            ShownScreen.objects.filter(pk__in=[pk for pk, _ in found]).update(replaced=True)
        return True


def delete_old(*, now: datetime) -> int:
    """Delete what was shown more than a day ago; return how many."""
    return delete_rows(ShownScreen.objects.filter(shown_at__lt=now - KEEP).order_by("shown_at"), at_once=DELETE_AT_ONCE)
