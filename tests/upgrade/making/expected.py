"""What the old version says of its own database at the end: the values that an upgrade must keep, in a readable file."""

import json
from pathlib import Path
from typing import Any

from world import END, FIRST_TELEGRAM_ID

from apps.gamification import selectors as game
from apps.gamification.models import Checkpoint, Unlock
from apps.staff.roles import ROLES
from apps.users import selectors as users
from apps.users.models import Person, Staff
from diana.events.models import StoredEvent

BOARD_PLACES = 10


def of_person(row: Person) -> dict[str, Any]:
    """Return all that a person would miss."""
    points, streak = game.standing(row.pk), game.streak(row.pk, END.date())
    until = users.effective_vip(row.pk, END)
    unlocks = Unlock.objects.filter(account_id=row.pk, revoked_at=None).order_by("id")
    return {
        "id": row.pk,
        "status": row.status,
        "balance": points.balance,
        "lifetime": points.lifetime,
        "level": points.level,
        "streak": streak.days,
        "longest": streak.longest,
        "freezes": streak.freezes_left,
        "vip": users.vip_standings([row.pk], END)[row.pk].state,
        "vip_until": until.isoformat() if until else None,
        "unlocks": [f"{key}.{tier}" for key, tier in unlocks.values_list("achievement__key", "tier")],
    }


def name_of(row: Person) -> str:
    """Return the person's name, which goes with an erasure."""
    return f"Person {row.telegram_id - FIRST_TELEGRAM_ID}" if row.telegram_id else "erased"


def everything(gift_code: str) -> dict[str, dict[str, Any]]:
    """Return all parts; each entry of a part becomes a line of the file. The code of a gift stands nowhere else."""
    return {
        "story": {"end": END.isoformat(), "first_telegram_id": FIRST_TELEGRAM_ID, "gift_code": gift_code},
        "people": {name_of(row): of_person(row) for row in Person.objects.order_by("pk")},
        "boards": {
            board: [[place.rank, place.person_id, place.points] for place in game.top(board, BOARD_PLACES, END)]
            for board in game.BOARDS
        },
        "permissions": {role: sorted(Staff.objects.get(username=role).get_all_permissions()) for role in ROLES},
        "checkpoints": {
            str(one.number): [one.last_id, one.key_id, bytes(one.hash).hex()]
            for one in Checkpoint.objects.order_by("number")
        },
        "log": {"events": StoredEvent.objects.count(), "last": StoredEvent.objects.latest("id").pk},
    }


def write(file: Path, *, gift_code: str) -> None:
    """Write the file, one entry a line."""
    parts = []
    for part, values in everything(gift_code).items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items())
        parts.append(f' "{part}": {{\n{lines}\n }}')
    file.write_text("{\n" + ",\n".join(parts) + "\n}\n")
