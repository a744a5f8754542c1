"""The search for canaries finds them, however they are written."""

import base64
import json
from urllib.parse import quote

import pytest
import redis

from tests.canaries import Canaries, logged
from tests.canaries.sources import commands_of_redis, redis_text

NAME = "Zzcanary Ñandú"
CANARIES = Canaries({"name": NAME, "number": "700001"})


@pytest.mark.parametrize(
    "text",
    [
        f"x{NAME}y",
        json.dumps({"name": NAME}),
        repr(NAME.encode()),
        quote(NAME),
        f"\\x00{NAME.encode().hex()}00",
        *(base64.b64encode(b"." * n + NAME.encode() + b"." * m).decode() for n in range(4) for m in range(4)),
        base64.urlsafe_b64encode(b"??" + NAME.encode() + b"??").decode(),
        logged(NAME),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    assert CANARIES.found_in(text) == ["name"]


def test_what_holds_none_is_clean_and_what_is_empty_no_proof() -> None:
    assert CANARIES.leaks({"log": "nothing", "page": logged("somebody")}) == []
    assert CANARIES.leaks({"log": logged(NAME), "page": "7000010"}) == [("log", "name"), ("page", "number")]
    with pytest.raises(AssertionError, match="page"):
        CANARIES.leaks({"page": ""})


def test_redis_is_searched_at_rest_and_on_its_way(valkey: str) -> None:
    with redis.Redis.from_url(valkey) as client, commands_of_redis(valkey) as heard:
        client.publish("diana:feed", NAME.encode().hex())
        client.set("700001", 1)
        client.hset("h", mapping={"a": NAME})
        client.xadd("s", {"a": "1"})
        kept = redis_text(valkey)
    assert CANARIES.leaks({"commands": "\n".join(heard), "kept": kept}) == [
        ("commands", "name"),
        ("commands", "number"),
        ("kept", "name"),
        ("kept", "number"),
    ]
    assert "end-of-canaries" in heard[-1]
