"""Why an entry is what it is: event, rule and its version, base, each bonus, what fell away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.gamification import loading
from apps.gamification.decide import multipliers
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.history import RECOMPUTED, counted
from apps.gamification.models import Entry, Reason, Rule, RuleVersion
from diana.events.models import StoredEvent


@dataclass(frozen=True, slots=True)
class Line:
    """One entry for a list. `bonuses` are names and basis points; `note` says what fell away, as in the ledger.

    `factor_at_most` is the clamp in basis points (30000 is x3) where it cut the bonuses, else 0.
    """

    entry_id: int
    amount: int
    balance_after: int
    kind: str
    rule: str
    title: str
    base: int
    bonuses: Sequence[tuple[str, int]]
    note: str
    occurred_at: datetime
    rule_version: int = 0
    factor_at_most: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known about an entry. `words` says the same in sentences, in the language of the moment."""

    line: Line
    person_id: int
    sequence: int
    rule_version: int
    rule_definition: Mapping[str, Any] | None
    event_id: UUID | None
    event_type: str | None
    correlation_id: UUID | None
    reverses: int | None
    reversed_by: int | None
    actor: str | None
    reason: str | None
    hash: str
    words: Sequence[str]


def lines_of(entries: Sequence[Entry]) -> list[Line]:
    """Return the entries as lines, with the titles of their rules in one query."""
    titles = dict(Rule.objects.filter(pk__in={e.rule for e in entries}).values_list("key", "title"))
    return [_line(entry, titles.get(entry.rule, "")) for entry in entries]


def explain(entry: Entry) -> Explanation:
    """Return why the entry is what it is; five queries."""
    (line,) = lines_of([entry])
    version = RuleVersion.objects.filter(rule_id=entry.rule, version=entry.rule_version).first()
    event = StoredEvent.objects.filter(event_id=entry.event_id).first() if entry.event_id else None
    reason = Reason.objects.filter(pk=entry.pk).first()
    return Explanation(
        line=line,
        person_id=entry.account_id,
        sequence=entry.sequence,
        rule_version=entry.rule_version,
        rule_definition=_definition(version),
        event_id=entry.event_id,
        event_type=event.type if event else version.event_type if version else None,
        correlation_id=event.correlation_id if event else None,
        reverses=entry.reverses,
        reversed_by=Entry.objects.filter(reverses=entry.pk).values_list("pk", flat=True).first(),
        actor=entry.actor,
        reason=reason.text if reason else None,
        hash=bytes(entry.hash).hex(),
        words=_words(entry, line, event.type if event else ""),
    )


def _line(entry: Entry, title: str) -> Line:
    return Line(
        entry.pk,
        entry.amount,
        entry.balance_after,
        entry.kind,
        entry.rule,
        title,
        entry.base,
        multipliers.parse(entry.multipliers),
        entry.note,
        entry.occurred_at,
        entry.rule_version,
        _clamp(entry),
    )


def _clamp(entry: Entry) -> int:
    """Return the factor in basis points that cut the bonuses of an award; 0 if none did."""
    parts = multipliers.parse(entry.multipliers)
    factor = multipliers.WHOLE + sum(basis_points for _, basis_points in parts)
    base = counted(entry.base, entry.note)
    if not parts or entry.amount == multipliers.multiplied(base, parts, factor):
        return 0
    config = loading.rulebook().multipliers_at(microseconds(entry.occurred_at))
    return min(config.factor_at_most, factor)


def _definition(version: RuleVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    names = ("event_type", "base", "limits", "conditions", "amounts", "capped", "multiplied", "active_from")
    return {name: getattr(version, name) for name in names}


def _words(entry: Entry, line: Line, event_type: str) -> list[str]:
    """Say it in sentences."""
    happened = [_("It happened: %(type)s, %(at)s UTC.") % _event(entry, event_type)] if event_type else []
    return happened + _reckoning(entry, line)


def _event(entry: Entry, event_type: str) -> dict[str, str]:
    return {"type": event_type, "at": f"{entry.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}


def _reckoning(entry: Entry, line: Line) -> list[str]:
    """Say how the amount came about."""
    if entry.kind in (Entry.Kind.AWARD, Entry.Kind.SUPPRESSED):
        values = {"rule": line.title or entry.rule, "version": entry.rule_version, "base": entry.base}
        words = [_("%(rule)s (version %(version)s of the rule) pays a base of %(base)s.") % values]
    elif entry.kind == Entry.Kind.REVERSAL:
        words = [_("It takes entry %(id)s back, which was %(base)s.") % {"id": entry.reverses, "base": entry.base}]
    else:
        words = [_("Staff asked for %(base)s.") % {"base": entry.base}]
    words += [
        _("Bonus %(name)s: %(percent)s %%.") % {"name": _bonus_name(name), "percent": f"+{points / 100:g}"}
        for name, points in line.bonuses
    ]
    if line.factor_at_most:
        words.append(_("All together are at most ×%(factor)s.") % {"factor": f"{line.factor_at_most / 10_000:g}"})
    words += [_note(part, entry.kind) for part in entry.note.split(",") if part]
    words.append(_("That makes %(amount)s; the balance after it is %(balance)s.") % _amounts(entry))
    return words


def _bonus_name(name: str) -> str:
    names = {
        "bonus": _("achievements"),
        "event": _("event"),
        "level": _("level"),
        "streak": _("streak"),
        "vip": _("VIP"),
    }
    return names.get(name, name)


def _amounts(entry: Entry) -> dict[str, str]:
    return {"amount": f"{entry.amount:+d}", "balance": str(entry.balance_after)}


def _note(note: str, kind: str) -> str:
    """Say what fell away, or came besides."""
    key, _separator, number = note.partition("=")
    if key == "short" and kind == Entry.Kind.REVERSAL:
        return _("%(number)s of it were not there any more: a penalty had taken them.") % {"number": number}
    if key == "less":
        return _("%(number)s less come back: other penalties or corrections take them.") % {"number": number}
    if key == "more":
        return _("%(number)s more come back: after other corrections the penalty took that much more.") % {
            "number": number
        }
    if key == "cap" and number:
        return _("The daily cap took %(number)s of the base away.") % {"number": number}
    if key == "short":
        return _("%(number)s more could not be taken: the balance was empty.") % {"number": number}
    if key == "abuse":
        return _("It looked like abuse: %(detector)s.") % {"detector": number.replace("_", " ")}
    return {
        "cap": _("The daily cap was used up."),
        "limit": _("The limit of the rule was reached."),
        "suspended": _("The person was suspended."),
        RECOMPUTED: _("Paid afterwards: a limit or the daily cap had taken it away, and had room again."),
    }.get(key, note)
