"""What the page sends: the bodies of its requests, with every field checked."""

from msgspec import Struct


class NewGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """A group to make."""

    title: str
    members: list[int]


class Membership(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody joins or leaves."""

    person: int
    member: bool


class Saying(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to send."""

    person: int
    chat: int
    text: str
    reply_to: int | None = None
    topic: int | None = None


class Pressing(Struct, frozen=True, forbid_unknown_fields=True):
    """A button to press."""

    person: int
    chat: int
    message_id: int
    row: int
    column: int


class Reacting(Struct, frozen=True, forbid_unknown_fields=True):
    """A reaction to set or take away."""

    person: int
    chat: int
    message_id: int
    emoji: str | None


class Editing(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to put in place of another."""

    person: int
    chat: int
    message_id: int
    text: str


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """A link to open."""

    person: int
    link: str


class Blocking(Struct, frozen=True, forbid_unknown_fields=True):
    """The bot to block or unblock."""

    person: int
    blocked: bool


class Paying(Struct, frozen=True, forbid_unknown_fields=True):
    """A bill to pay or leave."""

    person: int
    chat: int
    message_id: int
    pay: bool


class Refunding(Struct, frozen=True, forbid_unknown_fields=True):
    """A payment to give back."""

    person: int
    charge: str


class Granting(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to have VIP."""

    person: int
