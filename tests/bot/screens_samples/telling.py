"""Notices: each kind by itself, in every state that its event may have, and digests."""

from collections.abc import Iterator
from typing import Any

from apps.bot.notices.planning import KINDS
from apps.bot.notices.subjects import SUBJECTS
from apps.bot.screens import notices
from apps.bot.screens.achievement_words import MEDALS, TITLES
from tests.bot.screens_samples.sample import LONGEST_ID, ME, NOON, Sample, Written, sample

UNTIL = NOON.isoformat()
FIELDS: dict[str, list[dict[str, Any]]] = {
    "points": [{"amount": 10, "rule": "login"}],
    "level": [{"old": 1, "new": 2}],
    "vip_granted": [{"until": UNTIL}, {"until": None}],
    "vip_expiring": [{"hours": hours, "until": UNTIL} for hours in (1, 24, 72)],
    "vip_grace": [{"until": UNTIL}],
    "payment": [
        *({"stars": stars} for stars in (1, 2, 250)),
        *(
            {"stars": 250, "charge": LONGEST_ID, "plan": plan, "days": 30, "first": first, "renews": renews}
            for plan, first, renews in (
                ("once", True, None),
                ("subscription", True, UNTIL),
                ("subscription", False, UNTIL),
                ("subscription", False, None),
            )
        ),
    ],
    "payment_problem": [
        {"charge": LONGEST_ID, "stars": stars, "problem": problem}
        for stars, problem in ((1, "failed"), (2, "amount"), (250, "erased"))
    ],
    "refund": [
        {},
        *({"stars": stars} for stars in (1, 2, 250)),
        {"stars": 250, "points": 1, "old": 3, "new": 3, "charge": LONGEST_ID, "plan": "once", "days": 90},
        {"stars": 250, "points": 1000, "old": 3, "new": 2},
    ],
    "refund_declined": [
        {"charge": LONGEST_ID, "answer": Written("<b>No</b> & no")},
        {"charge": LONGEST_ID, "stars": 250, "plan": "gift", "days": 30, "answer": Written("No")},
    ],
    "refund_points": [{"points": points, "old": 5, "new": new} for points, new in ((1, 5), (2, 5), (1000, 3))],
    "achievement": [{"achievement": key, "tier": "gold"} for key in TITLES]
    + [{"achievement": "voice", "tier": tier} for tier in MEDALS],
}
OWN = notices.Part("achievement", {"achievement": "own", "tier": "silver"}, Written("W" * 58 + "<&"))


def each() -> Iterator[tuple[str, notices.Part]]:
    """Yield a part of every kind there is, as often as it has something else to say."""
    for kind in sorted(found.kind for found in KINDS.values()):
        for number, fields in enumerate(FIELDS.get(kind, [{}])):
            yield f"{kind} {number}", notices.Part(kind, fields)


def notice(case: str, *parts: notices.Part, **named: Any) -> Sample:
    return sample(notices.notice, case, person_id=ME, parts=parts, local=lambda at: at, **{"vip_until": None, **named})


SAMPLES: list[Sample] = [
    *(notice(case, part) for case, part in each()),
    notice("payment for vip", notices.Part("payment", {"stars": 250}), vip_until=NOON),
    notice("an achievement of the staff", OWN),
    notice(
        "a digest", *(notices.Part(kind, FIELDS.get(kind, [{}])[0]) for kind in ("achievement", "level", "referral"))
    ),
    *(notice(f"a digest of {count}", *[OWN] * count) for count in (20, 21, 22, 25, 200)),
    sample(notices.muted, "all", person_id=ME),
    sample(notices.unmuted, "all", person_id=ME),
    *(sample(notices.muted, subject, person_id=ME, subject=subject) for subject in SUBJECTS),
    *(sample(notices.unmuted, subject, person_id=ME, subject=subject) for subject in SUBJECTS),
    *(
        sample(notices.switches, f"{on}", person_id=ME, notices=on, subjects=dict.fromkeys(SUBJECTS, not on))
        for on in (True, False)
    ),
]
