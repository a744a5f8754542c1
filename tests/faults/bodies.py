"""Bodies that a webhook may be sent, by seed: valid updates of every kind, bent and broken, and a judge of them.

The judge knows nothing of the application: it reads with the standard library and says what must become of a body.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

LARGEST_BODY = 1024 * 1024
# What is nested deeper is not looked at.
DEEPEST = 64
LARGEST_ID = 2**62
KINDS = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member", "message_reaction")
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Raw(str):
    """JSON text that is written as it stands."""


# An object is a list of pairs, so that a key may stand in it twice.
Pairs = list[tuple[str, Any]]

WEIRD = [
    *map(Raw, ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-0", "1.0", "1e3", "00", "+1", ".5", "0x10", "nul")),
    *map(Raw, ("9" * 5000, "-" + "9" * 30, str(2**62), str(2**62 + 1), str(2**63), str(2**64), str(-(2**63)))),
    *map(Raw, ('"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\x41"', '"\\u12"', '"\t"', '"\x00"')),
    *(Raw("[" * n + "]" * n) for n in (1, 50, 20_000)),
    *(Raw('{"a":' * n + "1" + "}" * n) for n in (1, 50, 20_000)),
    *(Raw("[" * 30_000), Raw("{}"), Raw("[]"), Raw("null"), Raw("true"), Raw("false"), Raw("0"), Raw("-1"), Raw('""')),
    *("\u202eabc\u2066", "a" + "\u0301" * 100_000, "👨‍👩‍👧‍👦" * 500, "x" * 100_000, "\n\x1b[31m", "'; DROP TABLE x; --"),
    *("/start", "/daily", "/start " + "y" * 300, "v1|top|show|1", "v1|" * 40, "channel", "private", "nobody", "<b>", "%s%n"),
    *([1, "a", None], [("id", 5)], [("id", "5")], [("id", None)], [("id", 7001), ("is_bot", "yes")], [("id", -1)]),
]  # fmt: skip

# Whole bodies that no mutation would find.
CORPUS: list[bytes] = [
    b"",
    b" ",
    b"\x00",
    b"null",
    b"[]",
    b"{}",
    b'"update_id"',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"update_id":1}',
    b'{"update_id":1,}',
    b"{'update_id':1}",
    b'{"update_id":1}{"update_id":2}',
    b'{"update_id":1} // no',
    b'{"update_id":1,"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"update_id":1,"message":' + b'{"message":' * 20_000,
    b'{"update_id":1,"x":' + b"9" * 200_000 + b"}",
    b'{"update_id":' + b"9" * 200_000 + b"}",
    b'{"update_id":1,"x":"' + b"\\u0000" * 40_000 + b'"}',
    b'{"update_id":1,"x":"\xed\xa0\x80"}',
    b'{"update_id":1,"x":"\xc0\xaf"}',
    b'{"update_id":1,"x":"\xf4\x90\x80\x80"}',
    b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(15_000)) + b"}",
    b'{"update_id":1,' + b",".join([b'"message":null'] * 10_000) + b"}",
    b"a=1&update_id=2",
    b"<update><id>1</id></update>",
    b"PK\x03\x04" + b"\x00" * 1000,
    b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    b"x" * (LARGEST_BODY + 1),
    b" " * 1_000_000,
    b" " * 2_000_000,
    b'{"update_id":1,"x":"' + b"x" * 1_000_000 + b'"}',
]


@dataclass(frozen=True)
class Case:
    """One request and the status that it must be answered with."""

    body: bytes
    status: int
    method: str = "POST"
    content_type: str = "application/json"
    secret: str | None = None
    # Which update must be kept, if any.
    kept: int | None = field(default=None)


def cases(seed: int, count: int, *, first_id: int = 1_000_000) -> Iterator[Case]:
    """Yield that many cases; the same ones for the same seed. Every 200th is one of the corpus."""
    chance = random.Random(seed)
    corpus = list(CORPUS)
    chance.shuffle(corpus)
    for number in range(count):
        if number % (200 if count > 5_000 else 40) == 0:
            yield _judged(corpus[number % len(corpus)])
        else:
            yield _request(chance, _body(chance, first_id + number))


def _request(chance: random.Random, body: bytes) -> Case:
    """Return the body in a request that is in order itself, one in twelve times in one that is not."""
    match chance.randrange(36):
        case 0:
            return Case(
                body,
                415,
                content_type=chance.choice(
                    ["text/plain", "", "application/jsonp", "multipart/form-data", "é", "x" * 5000]
                ),
            )
        case 1:
            return Case(body, 403, secret=chance.choice(["", "wrong", "ключ", "x" * 4000, "a,b"]))
        case 2:
            return Case(body, 405, method=chance.choice(["PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]))
        case _:
            return _judged(body)


def _judged(body: bytes) -> Case:
    status, kept = judge(body)
    return Case(body, status, kept=kept)


def _body(chance: random.Random, update_id: int) -> bytes:
    """Return a valid update, bent a few times, then perhaps broken as text."""
    tree = valid(chance, update_id)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        _bend(chance, tree)
    raw = dump(tree).encode(errors="surrogatepass")
    return _break(chance, raw) if chance.random() < 0.3 else raw


def valid(chance: random.Random, update_id: int) -> Pairs:
    """Return an update as Telegram sends it, of any kind, known or not, as a tree of pairs."""
    person = 7001 + chance.randrange(40)
    kind = chance.choice([*KINDS, "message", "message", "poll", "chat_boost", "shipping_query"])
    sender: Pairs = [
        ("id", person),
        ("is_bot", False),
        ("first_name", "Ada"),
        ("last_name", "L."),
        ("username", "ada_l"),
        ("language_code", "en"),
    ]
    private = chance.random() < 0.6
    chat: Pairs = (
        [("id", person), ("type", "private")] if private else [("id", -100_500), ("type", "supergroup"), ("title", "G")]
    )
    return [("update_id", update_id), (kind, _part(chance, kind, sender, chat))]


def _part(chance: random.Random, kind: str, sender: Pairs, chat: Pairs) -> Pairs:
    text = chance.choice(
        ["hello", "good morning", "/start", "/start ref_1", "/daily", "/help", "/top", "/profile", "/nothing"]
    )
    message: Pairs = [("message_id", 5), ("date", 1_795_000_000), ("from", sender), ("chat", chat), ("text", text)]
    if text.startswith("/"):
        length = len(text.split()[0])
        message.append(("entities", [[("type", "bot_command"), ("offset", 0), ("length", length)]]))
    member: Pairs = [("status", "member"), ("user", sender)]
    match kind:
        case "callback_query":
            return [
                ("id", "1"),
                ("from", sender),
                ("message", message),
                ("chat_instance", "1"),
                ("data", "v1|top|show|1"),
            ]
        case "my_chat_member" | "chat_member":
            return [
                ("chat", chat),
                ("from", sender),
                ("date", 1_795_000_000),
                ("old_chat_member", member),
                ("new_chat_member", member),
            ]
        case "message_reaction":
            return [
                ("chat", chat),
                ("message_id", 5),
                ("user", sender),
                ("date", 1_795_000_000),
                ("old_reaction", []),
                ("new_reaction", []),
            ]
        case _:
            return message


def _bend(chance: random.Random, tree: Pairs) -> None:
    """Change one place of the tree: a strange value, a key that is gone, doubled, renamed or unknown."""
    here = chance.choice([tree, *_objects(tree)])
    strange = copy.deepcopy(chance.choice(WEIRD))
    at = chance.randrange(len(here) + 1)
    if at == len(here):
        here.append((chance.choice(["new_field", "from", "chat", "message", "text", "\u202e", "", "\x00"]), strange))
        return
    key, value = here[at]
    match chance.randrange(6):
        case 0:
            del here[at]
        case 1:
            here.insert(chance.randrange(len(here)), (key, strange))
        case 2:
            here[at] = (key + chance.choice(["s", "\x00", "É", " "]), value)
        case _:
            here[at] = (key, strange)


def _objects(node: Any) -> Iterator[Pairs]:
    if isinstance(node, list) and node and all(isinstance(item, tuple) for item in node):
        yield node
        for _, value in node:
            yield from _objects(value)
    elif isinstance(node, list):
        for item in node:
            yield from _objects(item)


def _break(chance: random.Random, raw: bytes) -> bytes:
    """Damage the text: cut, flipped, doubled, encoded otherwise, blown up."""
    at = chance.randrange(len(raw) + 1)
    match chance.randrange(12):
        case 0 | 1 | 2:
            return raw[:at]
        case 3 | 4:
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case 5:
            return raw[:at] + chance.randbytes(chance.randrange(1, 20)) + raw[at:]
        case 6:
            return raw + raw
        case 7:
            return b"\xef\xbb\xbf" + raw
        case 8:
            return raw.decode(errors="replace").encode("utf-16")
        case 9:
            return b"[" + raw + b"]"
        case 10:
            return raw.replace(b":", b" \r\n\t: ")
        case _:
            return raw + b" " * chance.choice([1000, 100_000, LARGEST_BODY, LARGEST_BODY - len(raw) % LARGEST_BODY])


def dump(node: Any) -> str:
    """Return the JSON text of a tree; what is Raw goes in as it stands."""
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, list) and node and all(isinstance(item, tuple) for item in node):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{dump(value)}" for key, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(dump, node)) + "]"
    return json.dumps(node, ensure_ascii=False)


class _No(Exception):
    """The body is no update."""


def judge(body: bytes) -> tuple[int, int | None]:
    """Return the status that the body must get, and the update's id if it must be kept."""
    if len(body) > LARGEST_BODY:
        return 413, None
    try:
        text = _without_depths(body.decode(errors="replace"))
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer, strict=False)
        update_id = _update_id(found)
    except (_No, ValueError, RecursionError):
        return 400, None
    parts = {kind: found[kind] for kind in KINDS if found.get(kind) is not None}
    readable = all(isinstance(part, dict) and NEEDED[kind](part) for kind, part in parts.items())
    return 200, update_id if parts and readable else None


def _object(pairs: Pairs) -> dict[str, Any]:
    """Return the object as it must be read: of a doubled key the last one counts, and NUL is no character."""
    return {key.replace("\x00", ""): value for key, value in pairs}


def _without_depths(text: str) -> str:
    """Return the text with null for what is nested too deep, character by character; as it is if that never ends."""
    kept, depth, in_string, escaped = list[str](), 0, False, False
    for sign in text:
        shallow = depth <= DEEPEST
        if in_string:
            in_string, escaped = escaped or sign != '"', not escaped and sign == "\\"
        elif sign == '"':
            in_string = True
        elif sign in "[{":
            depth += 1
            if shallow and depth > DEEPEST:
                kept.append("null")
                continue
        elif sign in "]}":
            depth -= 1
        if shallow:
            kept.append(sign)
    return "".join(kept) if depth <= DEEPEST else text


def _refuse(constant: str) -> None:
    raise _No(constant)


def _integer(text: str) -> int:
    return int(text) if len(text) < 100 else 10**100


def _update_id(found: Any) -> int:
    if not isinstance(found, dict) or not _is_whole(found.get("update_id"), 0):
        raise _No
    return int(found["update_id"])


def _is_whole(value: Any, lowest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= LARGEST_ID


def _is_chat(part: Any) -> bool:
    return isinstance(part, dict) and _is_whole(part.get("id"), -LARGEST_ID)


def _is_user(part: Any) -> bool:
    return isinstance(part, dict) and _is_whole(part.get("id"), 1) and isinstance(part.get("is_bot", False), bool)


def _has_status(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("status"), str)


def _is_member(part: Any) -> bool:
    return _has_status(part) and _is_user(part.get("user"))


def _has_chat(part: dict[str, Any]) -> bool:
    return _is_chat(part.get("chat"))


# What a part of each kind must have to be kept; all else may be missing or anything.
NEEDED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "message": _has_chat,
    "edited_message": _has_chat,
    "callback_query": lambda part: isinstance(part.get("id"), str) and _is_user(part.get("from")),
    "my_chat_member": lambda part: _has_chat(part) and _has_status(part.get("new_chat_member")),
    "chat_member": lambda part: (
        _has_chat(part) and _is_member(part.get("old_chat_member")) and _is_member(part.get("new_chat_member"))
    ),
    "message_reaction": lambda part: _has_chat(part) and _is_whole(part.get("message_id"), 0),
}
