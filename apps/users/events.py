"""What can happen to a person, as typed events; no names, no texts, no Telegram ids."""

from diana.events import Event
from diana.events.fields import LocalDate, Moment


class Registered(Event, type="user.registered"):
    """Somebody said hello for the first time, in this language (ISO 639); `referrer` is the person whose link they came by."""

    language: str
    referrer: int | None = None


class ProfileUpdated(Event, type="user.profile_updated"):
    """These fields of the person changed; their values are not told."""

    fields: list[str]


class TimezoneChanged(Event, type="user.timezone_changed"):
    """The person's clock is another one from now on; both are IANA names."""

    old: str
    new: str


class ActiveDay(Event, type="user.active_day"):
    """The first act of a local day."""

    local_date: LocalDate


class Returned(Event, type="user.returned"):
    """An act after at least a week without one; `days_away` counts local days since the last."""

    days_away: int


class LoggedIn(Event, type="game.login"):
    """The first act after half an hour of silence."""


class VipGranted(Event, type="vip.granted"):
    """A grant was added; `until` is the end of effective VIP after it, `source` where the grant comes from."""

    grant: int
    source: str
    until: Moment | None


class VipRevoked(Event, type="vip.revoked"):
    """A grant was taken back; `until` is the end of the VIP that others still give, if any."""

    grant: int
    until: Moment | None
