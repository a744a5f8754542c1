"""Setting what detectors of abuse do; a change is a new version of the bonuses, among which their settings stand."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from apps.gamification.decide.abuse.config import Detectors
from apps.gamification.decide.rules import Multipliers
from apps.gamification.models import MultiplierVersion
from apps.gamification.services.errors import InvalidRule
from apps.gamification.services.rules import add_multiplier_version
from diana import audit


def detectors(now: datetime) -> Detectors:
    """Return what is set now."""
    newest = MultiplierVersion.objects.filter(active_from__lte=now).first()
    return msgspec.convert(newest.config, Multipliers).detectors if newest else Detectors()


def set_detectors(
    *, actions: Mapping[str, str], reason: str, actor: audit.Actor, now: datetime
) -> MultiplierVersion | None:
    """Set what these detectors do (off, suppress, flag) from now on; None if they do so already.

    Raises InvalidRule for an unknown detector or action, and while a version of the bonuses waits for its date: it would
    take the detectors back.
    """
    with transaction.atomic():
        newest = MultiplierVersion.objects.first()
        if newest and newest.active_from > now:
            text = _(
                "Version %(version)s of the bonuses begins at %(moment)s: set the detectors in a version after it."
            )
            raise InvalidRule(text % {"version": newest.version, "moment": newest.active_from.isoformat()})
        config = newest.config if newest else {}
        before = msgspec.convert(config, Multipliers).detectors
        wanted = msgspec.to_builtins(before)
        for name, action in actions.items():
            if name not in wanted:
                known = ", ".join(wanted)
                raise InvalidRule(
                    _("There is no detector %(name)s: it is one of %(known)s.") % {"name": name, "known": known}
                )
            wanted[name]["action"] = action
        try:
            if msgspec.convert(wanted, Detectors) == before:
                return None
        except msgspec.ValidationError as error:
            raise InvalidRule(str(error)) from error
        return add_multiplier_version(
            active_from=now, config={**config, "detectors": wanted}, reason=reason, actor=actor, now=now
        )
