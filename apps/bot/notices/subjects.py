"""What notices are about, as people switch it on and off: each subject is a preference. No ORM here."""

# By kind of notice; a kind without a subject is a receipt, which nobody switches off.
_SUBJECTS = {
    "achievement": "achievements",
    "level": "levels",
    "points": "levels",
    "referral": "referrals",
    "vip_granted": "vip_changes",
    "vip_expiring": "vip_changes",
    "vip_grace": "vip_changes",
    "vip_expired": "vip_changes",
    "vip_revoked": "vip_changes",
    "reminder": "reminders",
}
SUBJECTS = tuple(dict.fromkeys(_SUBJECTS.values()))


def subject_of(kind: str) -> str | None:
    """Return the preference that switches this kind, None for a receipt."""
    return _SUBJECTS.get(kind)
