"""Sealing: a payload opens with its key and its own envelope, and with nothing else."""

import os
import uuid
from typing import Any

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from config.sealing_keys import sealing_keys
from diana.events import Envelope, catalogue, declaration_checks, publish, sealing
from diana.events.log import read_events
from diana.events.models import StoredEvent
from tests.events.conftest import Register
from tests.events.declared import Confided
from tests.events.people import ANNA

KEYS = {"new": bytes(range(32)), "old": bytes(32)}
CANARY = "what-only-the-handler-may-read"

KNOWN = Envelope(
    17,
    uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    "sealed.confided",
    1,
    "7",
    7,
    1_774_778_400_000_001,
    -210,
    uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    None,
    '{"number":1,"text":"\u00e9"}',
)
KNOWN_DATA = (
    b'["diana.event.1","01890a5d-ac96-774b-bcce-b302099a8057","sealed.confided",1,"7",7,1774778400000001,-210,'
    b'"01890a5d-ac96-774b-bcce-b302099a8057",null]'
)
KNOWN_NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
KNOWN_SEALED = (
    "cafebabefacedbaddecaf888f181ce53c7182a6964316cf15969ec477902fa731cb048090620af5803d5bf5dd90641dd38987902"
)


@pytest.fixture(autouse=True)
def keys(settings: Any) -> None:
    """Two keys; the first seals."""
    settings.EVENTS_SEALING_KEYS = KEYS


def confide(number: int = 1, text: str = CANARY, **options: Any) -> Envelope:
    """Publish something sealed about ANNA and return its envelope."""
    with transaction.atomic():
        return publish(Confided(user_id=ANNA, number=number, text=text), **options)


def stored() -> list[Envelope]:
    """Return what is sealed in the log, in its order."""
    return read_events(list(StoredEvent.objects.filter(key_id__isnull=False).values_list("id", flat=True)))


# The bytes


def test_it_makes_the_known_bytes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "urandom", lambda count: KNOWN_NONCE[:count])
    assert KNOWN.associated_data == KNOWN_DATA
    sealed = KNOWN.sealed()
    assert (sealed.sealed_payload.hex(), sealed.key_id, sealed.open_payload) == (KNOWN_SEALED, "new", None)


def test_it_is_what_the_standard_says():
    raw = bytes.fromhex(KNOWN_SEALED)
    assert raw[:12] == KNOWN_NONCE
    decryptor = Cipher(algorithms.AES256(KEYS["new"]), modes.GCM(raw[:12], raw[-16:])).decryptor()
    decryptor.authenticate_additional_data(KNOWN_DATA)
    assert decryptor.update(raw[12:-16]) + decryptor.finalize() == KNOWN.payload.encode()


texts = st.text(st.characters(exclude_categories=["Cs"]))
envelopes = st.builds(
    Envelope, st.integers(0, 2**62), st.uuids(), texts, st.integers(1, 99), texts, st.none() | st.integers(0, 2**62),
    st.integers(-(2**60), 2**60), st.integers(-1080, 1080), st.uuids(), st.none() | st.uuids(), texts,
)  # fmt: skip


@given(envelope=envelopes)
def test_it_opens_what_it_sealed(envelope: Envelope):
    sealed = envelope.sealed()
    assert sealed.payload == envelope.payload
    assert msgspec.structs.replace(sealed, position=0).payload == envelope.payload, "the position is given later"


OTHER: dict[str, Any] = {
    "event_id": uuid.UUID(int=1),
    "type": "sealed.other",
    "version": 2,
    "key": "8",
    "user_id": 8,
    "occurred_microseconds": 1_774_778_400_000_002,
    "utc_offset_minutes": 0,
    "correlation_id": uuid.UUID(int=2),
    "causation_id": uuid.UUID(int=3),
}


def test_it_is_bound_to_everything_that_the_publisher_said():
    assert {*OTHER, "position", "open_payload", "sealed_payload", "key_id", "former_type"} == set(
        Envelope.__struct_fields__
    )


@pytest.mark.parametrize("field", OTHER)
def test_it_does_not_open_in_another_envelope(field: str):
    sealed = KNOWN.sealed()
    moved = msgspec.structs.replace(sealed, **{field: OTHER[field]})
    with pytest.raises(sealing.NotGenuine):
        _ = moved.payload
    assert sealed.payload == KNOWN.payload


def test_it_does_not_open_if_a_single_bit_was_changed():
    raw = bytes.fromhex(KNOWN_SEALED)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(sealing.NotGenuine):
            sealing.unseal(changed, "new", KNOWN_DATA)
    for short in (b"", raw[:5], raw[:12], raw[:20], raw[:-1]):
        with pytest.raises(sealing.NotGenuine):
            sealing.unseal(short, "new", KNOWN_DATA)


def test_it_never_uses_a_nonce_twice():
    nonces = {sealing.seal("same", b"same").payload[: sealing.NONCE_BYTES] for _ in range(20_000)}
    assert len(nonces) == 20_000


# Keys


def test_it_opens_old_rows_after_a_rotation_and_seals_new_ones_with_the_new_key(settings: Any, db: None):
    settings.EVENTS_SEALING_KEYS = {"old": KEYS["old"]}
    confide(1)
    settings.EVENTS_SEALING_KEYS = KEYS
    confide(2)
    assert [(e.key_id, e.fields["number"]) for e in stored()] == [("old", 1), ("new", 2)]
    settings.EVENTS_SEALING_KEYS = {"new": KEYS["new"]}
    first, second = stored()
    assert second.event == Confided(user_id=ANNA, number=2, text=CANARY)
    with pytest.raises(sealing.KeyMissing, match="'old': add it to EVENTS_SEALING_KEYS"):
        _ = first.fields


def test_it_does_not_open_with_another_key_of_the_same_id(settings: Any):
    sealed = KNOWN.sealed()
    settings.EVENTS_SEALING_KEYS = {"new": KEYS["old"]}
    with pytest.raises(sealing.NotGenuine, match="another key under that id"):
        _ = sealed.payload


def test_it_does_not_publish_what_it_cannot_seal(settings: Any, db: None):
    settings.EVENTS_SEALING_KEYS = {}
    with pytest.raises(sealing.NoKey, match="put one into EVENTS_SEALING_KEYS"):
        confide()
    assert stored() == []


GOOD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", {}),
        (f"a:{GOOD}", {"a": bytes(range(32))}),
        (f" b:{GOOD} , a_1-2:{GOOD},", {"b": bytes(range(32)), "a_1-2": bytes(range(32))}),
    ],
)
def test_it_reads_keys_in_their_order(text: str, keys: dict[str, bytes]):
    assert list(sealing_keys("NAME", text).items()) == list(keys.items())


@pytest.mark.parametrize(
    "text",
    [GOOD, f":{GOOD}", f"a b:{GOOD}", f"{'a' * 33}:{GOOD}", "a:", f"a:{GOOD[4:]}", f"a:{GOOD[:-1]}", f"a:!{GOOD}"],
)
def test_it_refuses_a_list_that_reads_otherwise_and_does_not_quote_it(text: str):
    with pytest.raises(ImproperlyConfigured, match=r"NAME: entry 2 is no `id:key`") as caught:
        sealing_keys("NAME", f"fine:{GOOD},{text}")
    assert GOOD[8:20] not in str(caught.value)


def test_it_refuses_an_id_that_stands_twice():
    with pytest.raises(ImproperlyConfigured, match="entry 2"):
        sealing_keys("NAME", f"a:{GOOD},a:{GOOD}")


# What is found at start


def found() -> list[str | None]:
    return [message.id for message in declaration_checks.check_sealing()]


def test_it_finds_nothing_wrong_with_a_key(settings: Any):
    settings.PRODUCTION = True
    assert found() == []


def test_it_finds_that_no_key_is_there_only_if_one_is_needed(settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.EVENTS_SEALING_KEYS = {}
    assert found() == ["events.E020"]
    monkeypatch.setattr(Confided, "sealed", False)
    assert found() == []


@pytest.mark.parametrize("production", [False, True])
def test_it_finds_the_key_of_development_in_production(settings: Any, production: bool):
    settings.PRODUCTION = production
    settings.EVENTS_SEALING_KEYS = {"another": b"development-only-development-key"}
    assert found() == (["events.E021"] if production else [])
    settings.EVENTS_SEALING_KEYS = {"own": KEYS["new"]} | settings.EVENTS_SEALING_KEYS
    assert found() == []


def test_it_finds_a_filter_that_would_have_to_see_inside(register: Register):
    def ignore(envelope: Envelope) -> None: ...

    register(ignore, "sealed.confided", "test.happened", where={"number": 1}, cursors=False)
    assert found() == ["events.E022"]


def test_no_class_of_the_program_is_sealed_as_yet():
    assert [t for t in catalogue.event_types() if catalogue.event_class(t).sealed] == ["sealed.confided"]


# The log


@pytest.mark.django_db
def test_the_log_holds_a_sealed_payload_or_an_open_one():
    published = confide()
    [event] = stored()
    assert (published.fields, event.fields) == ({"number": 1, "text": CANARY},) * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT l::text, encode(sealed_payload, 'escape') FROM event_log l WHERE key_id IS NOT NULL")
        [row] = cursor.fetchall()
    assert "new" in row[0]
    assert CANARY not in "".join(row)


@pytest.mark.django_db
def test_it_returns_the_first_event_of_a_key_and_can_open_it():
    first, again = confide(1, idempotency_key="k"), confide(2, idempotency_key="k")
    assert (again.event_id, again.event.number) == (first.event_id, 1)
    assert len(stored()) == 1


def test_it_finds_out_that_two_rows_exchanged_their_payloads(superuser: psycopg.Connection):
    confide(1)
    confide(2)
    superuser.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_append_only")
    superuser.execute(
        "UPDATE event_log l SET sealed_payload = o.sealed_payload FROM event_log o"
        " WHERE l.key_id = 'new' AND o.key_id = 'new' AND l.id <> o.id"
    )
    for event in stored():
        with pytest.raises(sealing.NotGenuine, match="altered in the database"):
            _ = event.payload


def test_the_database_refuses_a_row_that_is_both_or_neither(application: psycopg.Connection):
    insert = (
        "INSERT INTO event_log (event_id, type, version, lane, key, occurred_at, utc_offset_minutes, correlation_id,"
        " payload, sealed_payload, key_id) VALUES (gen_random_uuid(), 'sealed.confided', 1, 1, '1', now(), 0,"
        " gen_random_uuid(), %s, %s, %s)"
    )
    for values in (("{}", b"x", "a"), (None, None, None), (None, b"x", None), ("{}", None, "a")):
        with pytest.raises(psycopg.errors.CheckViolation):
            application.execute(insert, values)
        application.rollback()
