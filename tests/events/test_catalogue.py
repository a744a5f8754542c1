"""The catalogue: an event holds what its class says and what PostgreSQL can store, and comes back as it was."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diana import clock
from diana.events import Event, Publication, catalogue, publish, publishing
from diana.events.catalogue import InvalidEvent
from diana.events.models import StoredEvent
from tests.events.declared import Happened


class Rich(Event, type="test.rich"):
    """An event with fields of many kinds."""

    texts: list[str] = []
    marks: dict[str, int] = {}
    ratio: float = 0.0


INVALID: list[Callable[[], Event]] = [
    lambda: Happened(number="1"),
    lambda: Happened(number=True),
    lambda: Happened(number=None),
    lambda: Happened(text=b"bytes"),
    lambda: Happened(user_id="7"),
    lambda: Happened(user_id=True),
    lambda: Happened(text="a\0b"),
    lambda: Rich(texts=["fine", "\0"]),
    lambda: Rich(marks={"\0": 1}),
    lambda: Happened(text="\ud800"),
    lambda: Rich(texts=["\udfff"]),
    lambda: Rich(texts="not a list"),
]


@pytest.mark.parametrize("make", INVALID)
def test_it_refuses_an_event_that_is_not_what_its_class_says(make: Callable[[], Event]):
    with pytest.raises(InvalidEvent):
        make()


def test_it_refuses_fields_that_the_class_does_not_have():
    with pytest.raises(TypeError):
        Happened(numbre=1)


def test_it_refuses_to_change_an_event():
    with pytest.raises(AttributeError):
        Happened(number=1).number = 2


def test_it_refuses_a_type_that_is_taken():
    with pytest.raises(TypeError, match="is taken by"):
        type(Event)("Another", (Event,), {}, type="test.happened")


# What PostgreSQL stores: everything but NUL and lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    number=st.integers(-(2**63), 2**63 - 1),
    text=texts,
    texts=st.lists(texts),
    marks=st.dictionaries(texts, st.integers(0, 9)),
)
def test_it_decodes_what_it_encodes(number: int, text: str, texts: list[str], marks: dict[str, int]):
    for event in (Happened(user_id=1, number=number, text=text), Rich(texts=texts, marks=marks)):
        envelope = publishing._envelope(Publication(event=event), clock.now(), None)
        assert envelope.event == event


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", '"quoted"', "naïve 🎉 \u2028", "\x01\x1f\x7f"])
def test_it_stores_awkward_texts_as_they_are(text: str):
    publish(Happened(text=text))
    row = StoredEvent.objects.latest("id")
    assert catalogue.decode(row.type, row.user_id, row.payload) == Happened(text=text)
