"""Names for people who want to be on boards without theirs; pure."""

import hmac

_ANIMALS = (
    "Badger", "Bear", "Bison", "Crane", "Deer", "Dolphin", "Eagle", "Falcon", "Fox", "Hare", "Hawk", "Heron", "Ibex",
    "Jaguar", "Koala", "Lynx", "Marten", "Moose", "Narwhal", "Orca", "Otter", "Owl", "Panda", "Puffin", "Puma", "Raven",
    "Seal", "Stork", "Swan", "Tiger", "Wolf", "Wombat",
)  # fmt: skip


def alias_of(person_id: int, secret: str) -> str:
    """Return an animal and a number that follow from the person and the secret; without it nobody can go back."""
    digest = hmac.digest(secret.encode(), f"alias|{person_id}".encode(), "sha256")
    number = int.from_bytes(digest[:4], "big") % 9000 + 1000
    return f"{_ANIMALS[digest[4] % len(_ANIMALS)]} {number}"
