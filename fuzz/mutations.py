"""Mutations of updates, each from a seed and its number alone; pure.

Fields go, come, change their type and their name; numbers stand at their bounds; names come in all scripts; JSON nests, repeats
its keys and breaks. What a decoder must not even see, half characters or numbers of 5,000 digits, is written into the body.
"""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from fuzz.kinds import part_of

# 32 and 64 bits, what a float still counts, the 52 bits of Telegram, times before and after everything.
_BITS = (0, 8, 15, 16, 31, 32, 33, 52, 53, 62, 63, 64)
BOUNDS = sorted(
    {sign * (2**bits + off) for bits in _BITS for off in (-1, 0, 1) for sign in (1, -1)}
    | {10**19, -(10**19), 253_402_300_800, 777_000}
)
NAMES = (
    *("Анна", "مريم", "דנה 123", "க்ஷெௌ", "山田太郎", "กำ", "ᏣᎳᎩ", "Zoë", "ﬁ", "ı", "İ", "ß", "Å", "𝓐𝓷𝓷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    *("👨‍👩‍👧‍👦" * 8, "\u3164", "\u2800", "\u200b", "\u202egnp.exe", "\ufe0f", "\u0301" * 30, "Z" + "\u0335" * 60),
    *("", " ", "\n", "\t\r", "<b>x</b>&amp;", "=1+1", "%s{0}", "'; DROP TABLE x; --", "../../etc", "null", "\x1b[31m"),
    *(
        "a" * 300,
        "😀" * 4096,
        "W" * 10_000,
        "/start",
        "/daily@other",
        "v1|points|show|1",
        "g_" + "A" * 64,
        "\ufdd0",
        "\uffff",
    ),
)
TYPES: tuple[Any, ...] = (None, True, False, 0, -1, 1.5, "", "1", "yes", [], [1], {}, {"id": 1}, [[]], [None])
# JSON that Python does not write.
RAW = (
    *(rb'"\ud800"', rb'"a\udc00b"', rb'"\u0000"', rb'"a\u0000b"', b'"\x01"', b'"\xff\xc0\xaf"', b'"\xed\xa0\x80"'),
    *(b"9" * 5_000, b"-" + b"9" * 400, b"1e400", b"-1e400", b"1e-400", b"0.1e1", b"-0", b"NaN", b"Infinity"),
    *(b"[" * 70 + b"]" * 70, b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
)
# Fields that an update may have and whose content means nothing for what it asks.
UNREAD = (
    *(
        "reply_to_message",
        "photo",
        "quote",
        "external_reply",
        "sticker",
        "poll",
        "dice",
        "contact",
        "location",
        "venue",
    ),
    *(
        "reply_markup",
        "media_group_id",
        "author_signature",
        "has_protected_content",
        "effect_id",
        "boost_count",
        "later",
    ),
    *(
        "link_preview_options",
        "story",
        "giveaway",
        "checklist",
        "paid_star_count",
        "caption_entities",
        "video",
        "edit_date",
    ),
)
# As many changes as these, one of them at random.
CHANGES = (1, 1, 1, 1, 2, 2, 3, 5)


class Mutated(NamedTuple):
    """A mutated update: its body, what was done, and the update that the body tells, unless it is broken as a whole."""

    body: bytes
    changes: list[str]
    update: dict[str, Any] | None


def mutate(update: dict[str, Any], chance: Random) -> Mutated:
    """Return a mutation of the update, which stays as it is."""
    found, changes, raws = copy.deepcopy(update), list[str](), list[bytes]()
    for _ in range(chance.choice(CHANGES)):
        operation = chance.choice(_OPERATIONS)
        changes.append(operation(found, chance, raws))
    text = json.dumps(found, ensure_ascii=chance.random() < 0.5)
    body = text.encode("utf-8", "surrogatepass")
    for number, raw in enumerate(raws):
        body = body.replace(f'"{_mark(number)}"'.encode(), raw)
    if chance.random() < 0.06:
        broken, what = chance.choice(_BREAKS)(body, chance)
        return Mutated(broken, [*changes, what], None)
    return Mutated(body, changes, found)


def _mark(number: int) -> str:
    return f"@@raw{number}@@"


Operation = Callable[[dict[str, Any], Random, list[bytes]], str]


def _places(value: Any, path: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Yield each container with a key of it, and the way there; the number of the update is left alone."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for key in keys:
        if path or key != "update_id":
            yield value, key, f"{path}.{key}"
            yield from _places(value[key], f"{path}.{key}")


def _pick(update: dict[str, Any], chance: Random, *kinds: type) -> tuple[Any, Any, str] | None:
    found = [place for place in _places(update) if not kinds or type(place[0][place[1]]) in kinds]
    return chance.choice(found) if found else None


def _drop(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place = _pick(update, chance)
    if place is None:
        return "nothing to drop"
    del place[0][place[1]]
    return f"dropped {place[2]}"


def _retype(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place, value = _pick(update, chance), chance.choice(TYPES)
    if place is None:
        return "nothing to change"
    place[0][place[1]] = copy.deepcopy(value)
    return f"{place[2]} = {value!r}"


def _bound(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place, value = _pick(update, chance, int), chance.choice(BOUNDS)
    if place is None:
        return "no number"
    place[0][place[1]] = value
    return f"{place[2]} = {value}"


def _name(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place, value = _pick(update, chance, str), chance.choice(NAMES)
    if place is None:
        return "no text"
    place[0][place[1]] = value
    return f"{place[2]} = {value[:40]!r}"


def _nest(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place, depth = _pick(update, chance), chance.choice((1, 2, 10, 63, 64, 65, 200))
    if place is None:
        return "nothing to nest"
    for _ in range(depth):
        place[0][place[1]] = [place[0][place[1]]] if chance.random() < 0.5 else {"a": place[0][place[1]]}
    return f"nested {place[2]} {depth} deep"


def _write_raw(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place = _pick(update, chance)
    if place is None:
        return "nothing to write over"
    place[0][place[1]] = _mark(len(raws))
    raws.append(chance.choice(RAW))
    return f"{place[2]} = {raws[-1][:20]!r}, {len(raws[-1])} bytes"


def _add(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    """Add something that nobody reads, beside what is read."""
    name, part = part_of(update)
    if not isinstance(part, dict):
        return "nothing to add to"
    owners = [part, *(part[key] for key in ("from", "chat", "user") if isinstance(part.get(key), dict))]
    owner, key = chance.choice(owners), chance.choice(UNREAD)
    if key in owner:
        return f"{key} is there"
    if chance.random() < 0.5:
        owner[key] = _mark(len(raws))
        raws.append(chance.choice(RAW))
    else:
        owner[key] = copy.deepcopy(chance.choice((*TYPES, *NAMES, part)))
    return f"added {key} in {name}"


def _rename(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    place = _pick(update, chance)
    if place is None or not isinstance(place[1], str):
        return "nothing to rename"
    new = chance.choice((place[1].upper(), f"{place[1]}2", "", "id", "from", "chat", "text", "type", "é"))
    place[0][new] = place[0].pop(place[1])
    return f"renamed {place[2]} to {new!r}"


def _move(update: dict[str, Any], chance: Random, raws: list[bytes]) -> str:
    source, target = _pick(update, chance), _pick(update, chance)
    if source is None or target is None:
        return "nothing to move"
    target[0][target[1]] = copy.deepcopy(source[0][source[1]])
    return f"{target[2]} = {source[2]}"


_OPERATIONS: tuple[Operation, ...] = (_drop, _retype, _bound, _name, _nest, _write_raw, *[_add] * 5, _rename, _move)


def _cut(body: bytes, chance: Random) -> tuple[bytes, str]:
    at = chance.randrange(len(body))
    return body[:at], f"cut after {at} bytes"


def _flip(body: bytes, chance: Random) -> tuple[bytes, str]:
    at, value = chance.randrange(len(body)), chance.randrange(256)
    return body[:at] + bytes([value]) + body[at + 1 :], f"byte {at} = {value}"


def _surround(body: bytes, chance: Random) -> tuple[bytes, str]:
    before, after = chance.choice(((b"\xef\xbb\xbf", b""), (b" \n", b"\n "), (b"", b"}"), (b"[", b"]"), (b"", b"\x00")))
    return before + body + after, f"between {before!r} and {after!r}"


def _repeat(body: bytes, chance: Random) -> tuple[bytes, str]:
    again = chance.choice((b'"message":null,', b'"update_id":1,', b'"chat":{},', b'"message":{},'))
    return body.replace(b"{", b"{" + again, chance.choice((1, 2))), f"with {again!r} twice"


def _encode(body: bytes, chance: Random) -> tuple[bytes, str]:
    encoding = chance.choice(("utf-16", "utf-32", "cp1251"))
    return body.decode(errors="replace").encode(encoding, "replace"), f"in {encoding}"


_BREAKS = (_cut, _flip, _surround, _repeat, _encode)
