"""Which entities Telegram keeps where several cover the same text. It refuses none of them: it drops and cuts.

Links, mentions, custom emoji, `pre` and `code` cannot overlap each other: the first, of two at one place the longer, is
kept. Quotations cannot overlap each other, and contain the former whole or not at all. Bold, italic and their like go
everywhere but into `pre` and `code`: there they are cut out.
"""

from collections.abc import Iterable, Sequence

from diana.sandbox.found_entities import Entity, find_entities

STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = ("blockquote", "expandable_blockquote")
VERBATIM = ("pre", "code")
# Telegram's own order of what begins and ends at the same places.
_RANKS = {"pre": 10, "code": 20, "text_link": 49, "text_mention": 49}
_OTHER_RANK = 50


def arrange(entities: Iterable[Entity], text: str) -> list[Entity]:
    """Return what is kept of the entities of a text, with what Telegram finds by itself, in order."""
    given = sorted((one for one in entities if one["length"] > 0), key=_order)
    quotes = _first_of([one for one in given if one["type"] in QUOTES])
    whole = _first_of([one for one in given if one["type"] not in QUOTES + STYLES])
    whole = [one for one in whole if not any(_cuts(one, quote) for quote in quotes)]
    found = [one for one in find_entities(text) if not any(_overlap(one, other) for other in whole)]
    styles = _styles([one for one in given if one["type"] in STYLES], whole)
    return sorted([*quotes, *whole, *found, *styles], key=_order)


def _order(one: Entity) -> tuple[int, int, int]:
    rank = 0 if one["type"] in QUOTES else _RANKS.get(one["type"], _OTHER_RANK)
    return one["offset"], -one["length"], 90 if one["type"] in STYLES else rank


def _end(one: Entity) -> int:
    end: int = one["offset"] + one["length"]
    return end


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < _end(other) and other["offset"] < _end(one))


def _cuts(one: Entity, quote: Entity) -> bool:
    """Say whether the entity lies partly inside the quotation, or around it."""
    inside = quote["offset"] <= one["offset"] and _end(one) <= _end(quote)
    return _overlap(one, quote) and not inside


def _first_of(entities: Sequence[Entity]) -> list[Entity]:
    """Return those that begin after the end of the one before."""
    kept: list[Entity] = []
    for one in entities:
        if not kept or one["offset"] >= _end(kept[-1]):
            kept.append(one)
    return kept


def _styles(entities: Sequence[Entity], whole: Sequence[Entity]) -> list[Entity]:
    """Return the styles: those of one kind merged where they touch, and none over what is verbatim."""
    verbatim = [one for one in whole if one["type"] in VERBATIM]
    kept: list[Entity] = []
    for kind in STYLES:
        pieces: list[tuple[int, int]] = []
        for one in (one for one in entities if one["type"] == kind):
            if pieces and one["offset"] <= pieces[-1][1]:
                pieces[-1] = pieces[-1][0], max(pieces[-1][1], _end(one))
            else:
                pieces.append((one["offset"], _end(one)))
        for start, end in pieces:
            kept += [
                {"offset": first, "length": last - first, "type": kind}
                for first, last in _without(start, end, verbatim)
            ]
    return kept


def _without(start: int, end: int, verbatim: Sequence[Entity]) -> Iterable[tuple[int, int]]:
    """Yield what is left of the stretch beside the verbatim parts."""
    for one in verbatim:
        if start < _end(one) and one["offset"] < end:
            if start < one["offset"]:
                yield start, one["offset"]
            start = _end(one)
    if start < end:
        yield start, end
