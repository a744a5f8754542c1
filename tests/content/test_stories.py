"""Reading: where a reader is, what is told of it, and that neither old nor double presses change anything."""

from datetime import timedelta
from typing import Any

import pytest

from apps.content import selectors, services
from apps.content.library import library
from apps.content.models import Decision, Discovery, StoryRun
from apps.content.services import Place
from tests.content.conftest import NOW, happened


def begin(person_id: int, story: str = "light", **fields: object) -> Place:
    return services.open_story(person_id=person_id, story=story, now=NOW, **fields)  # type: ignore[arg-type]


def turn(person_id: int, chapter: str, story: str = "light", page: int = 0) -> Place:
    return services.turn_page(person_id=person_id, story=story, chapter=chapter, page=page, now=NOW)


def choose(person_id: int, chapter: str, choice: str, story: str = "light", minutes: int = 2) -> Place:
    """Read the chapter to its end, and decide."""
    turn(person_id, chapter, story)
    return again(person_id, chapter, choice, story, minutes)[0]


def again(person_id: int, chapter: str, choice: str, story: str = "light", minutes: int = 2) -> tuple[Place, bool]:
    at = NOW + timedelta(minutes=minutes)
    return services.choose(person_id=person_id, story=story, chapter=chapter, choice=choice, now=at)


def read_to_the_end(person_id: int, *way: tuple[str, str], story: str = "light") -> Place:
    """Choose along a way; return where it ends."""
    place = begin(person_id, story, again=True)
    for chapter, choice in way:
        place = choose(person_id, chapter, choice, story)
    return place


SHORT = (("shore", "knock"), ("lamp", "light"), ("storm", "gold"))
LONG = (("shore", "follow"), ("cellar", "ledger"), ("lamp", "ask"), ("storm", "ring"))


def test_a_story_begins_once_and_is_resumed(me: int) -> None:
    place = begin(me)
    assert (place.chapter, place.page, place.came_by, place.ending) == ("shore", 0, None, "")
    turned = turn(me, "shore")
    assert (turned.chapter, turned.page, turned.at_decision) == ("shore", 1, True)
    assert begin(me) == begin(me, again=True) == turned
    assert happened(me) == [
        ("narrative.story_started", {"story": "light"}),
        ("narrative.chapter_started", {"story": "light", "chapter": "shore"}),
    ]


def test_a_decision_leads_on_and_is_told(me: int) -> None:
    begin(me)
    place = choose(me, "shore", "follow")
    assert (place.chapter, place.page) == ("cellar", 0)
    assert place.came_by == library().stories["light"].chapters["shore"].choices["follow"]
    assert happened(me)[2:] == [
        ("narrative.decision_made", {"story": "light", "chapter": "shore", "choice": "follow"}),
        ("narrative.chapter_completed", {"story": "light", "chapter": "shore", "seconds": 120}),
        ("narrative.chapter_started", {"story": "light", "chapter": "cellar"}),
    ]


def test_buttons_of_earlier_pages_and_chapters_lead_to_where_the_reader_is(me: int) -> None:
    begin(me)
    assert turn(me, "shore") == turn(me, "shore") == turn(me, "shore", page=1) == turn(me, "lamp")
    assert again(me, "lamp", "light") == (turn(me, "shore"), False)
    there = choose(me, "shore", "follow")
    assert again(me, "shore", "follow") == (there, False)
    assert again(me, "shore", "knock") == (there, False)
    assert services.look_closer(person_id=me, story="light", chapter="shore", now=NOW) == there
    assert len(happened(me)) == 5
    assert Decision.objects.get().choice == "follow"


def test_nobody_decides_before_having_read_to_the_decision(me: int) -> None:
    begin(me)
    assert again(me, "shore", "knock")[1] is False
    assert not Decision.objects.exists()


def test_a_choice_that_is_not_offered_cannot_be_made(me: int) -> None:
    begin(me)
    choose(me, "shore", "knock")
    turn(me, "lamp")
    for choice in ("ask", "knock", "", "nothing"):
        with pytest.raises(services.NotThere):
            again(me, "lamp", choice)
    assert len(happened(me, "narrative.decision_made")) == 1


def test_an_ending_is_told_and_stays_until_the_story_is_read_again(me: int) -> None:
    place = read_to_the_end(me, *SHORT)
    assert (place.ending, place.came_by) == ("dawn", place.story.chapters["storm"].choices["gold"])
    assert happened(me)[-2:] == [
        ("narrative.story_completed", {"story": "light", "ending": "dawn"}),
        ("narrative.ending_discovered", {"story": "light", "ending": "dawn"}),
    ]
    assert begin(me) == again(me, "storm", "ring")[0] == turn(me, "storm") == place
    assert begin(me, again=True).chapter == "shore"
    assert StoryRun.objects.count() == 2


def test_an_ending_is_discovered_once_however_often_it_is_read(me: int) -> None:
    read_to_the_end(me, *SHORT)
    read_to_the_end(me, *SHORT)
    assert len(happened(me, "narrative.story_completed")) == 2
    assert len(happened(me, "narrative.ending_discovered")) == 1
    read_to_the_end(me, *LONG)
    assert len(happened(me, "narrative.ending_discovered")) == 2


def test_a_hidden_way_is_open_to_who_read_the_ledger_and_holds_a_secret(me: int) -> None:
    read_to_the_end(me, *LONG)
    assert happened(me, "narrative.secret_found") == [("narrative.secret_found", {"secret": "page"})]
    read_to_the_end(me, *LONG)
    assert len(happened(me, "narrative.secret_found")) == 1


def test_looking_closer_finds_a_secret_once(me: int) -> None:
    begin(me)
    assert not services.look_closer(person_id=me, story="light", chapter="shore", now=NOW).looked
    turn(me, "shore")
    for _ in range(2):
        place = services.look_closer(person_id=me, story="light", chapter="shore", now=NOW)
        assert place.looked
    assert happened(me, "narrative.secret_found") == [("narrative.secret_found", {"secret": "shell"})]
    assert begin(me).looked


def test_where_there_is_no_hint_there_is_nothing_to_find(me: int) -> None:
    begin(me)
    choose(me, "shore", "knock")
    services.look_closer(person_id=me, story="light", chapter="lamp", now=NOW)
    assert not Discovery.objects.exists()


def test_what_is_not_there_is_said(me: int) -> None:
    for act in (
        lambda: begin(me, "nothing"),
        lambda: turn(me, "shore"),
        lambda: again(me, "shore", "knock"),
        lambda: services.look_closer(person_id=me, story="light", chapter="shore", now=NOW),
    ):
        with pytest.raises(services.NotThere):
            act()


def test_every_story_can_be_read_to_all_it_holds(me: int) -> None:
    train = [
        (("stop", "card"), ("books", "write"), ("bridge", "down")),
        (("stop", "coin"), ("car", "map"), ("books", "behind"), ("bridge", "further")),
    ]
    for way in (SHORT, LONG):
        read_to_the_end(me, *way)
    for way in train:
        read_to_the_end(me, *way, story="train")
    for story, chapter in (("light", "shore"), ("train", "car")):
        begin(me, story, again=True)
        if story == "train":
            choose(me, "stop", "coin", "train")
        turn(me, chapter, story)
        services.look_closer(person_id=me, story=story, chapter=chapter, now=NOW)
    assert [(b.chapters, b.endings, b.secrets, b.open) for b in selectors.shelf(me)] == [(4, 2, 2, True)] * 2
    assert len({fields["secret"] for _, fields in happened(me, "narrative.secret_found")}) == 4


def test_the_shelf_shows_stories_that_nobody_touched(me: int) -> None:
    assert [(b.story.key, b.chapters, b.begun, b.open) for b in selectors.shelf(me)] == [
        ("light", 0, False, False),
        ("train", 0, False, False),
    ]
    begin(me)
    assert [(b.begun, b.open) for b in selectors.shelf(me)] == [(True, True), (False, False)]


def test_a_chapter_that_is_no_longer_there_begins_anew(me: int) -> None:
    begin(me)
    choose(me, "shore", "knock")
    StoryRun.objects.update(chapter="attic", page=3)
    place = turn(me, "attic", page=3)
    assert (place.chapter, place.page, place.came_by) == ("shore", 0, None)
    assert choose(me, "shore", "follow").chapter == "cellar"


def test_an_ending_that_is_no_longer_there_was_never_read(me: int) -> None:
    read_to_the_end(me, *SHORT)
    StoryRun.objects.update(ending="night")
    with pytest.raises(services.NotThere):
        turn(me, "shore")
    assert begin(me).chapter == "shore"


def test_what_led_to_a_page_is_left_out_if_it_is_no_longer_told(me: int) -> None:
    begin(me)
    choose(me, "shore", "knock")
    Decision.objects.all().delete()
    Decision.objects.create(run=StoryRun.objects.get(), chapter="attic", choice="jump", decided_at=NOW)
    assert begin(me).came_by is None


def look_back(person_id: int, chapter: str, page: int, story: str = "light") -> Place:
    return services.look_back(person_id=person_id, story=story, chapter=chapter, page=page, now=NOW)


def kept() -> list[Any]:
    """Every row of a reading."""
    return [list(model.objects.order_by("pk").values()) for model in (StoryRun, Decision, Discovery)]


def test_every_page_of_the_way_is_seen_again_from_the_ending_to_the_beginning_and_nothing_changes(me: int) -> None:
    end = read_to_the_end(me, *LONG)
    rows, told = kept(), happened(me)
    way, place = [], end
    while place.before:
        place = look_back(me, *place.before)
        way.append((place.chapter, place.page))
    assert way == [(chapter, page) for chapter in ("storm", "lamp", "cellar", "shore") for page in (1, 0)]
    seen = []
    while place.after or place.past:
        seen.append(
            (place.chapter, place.page, place.came_by and place.came_by.say.en, place.taken and place.taken.say.en)
        )
        place = look_back(me, *place.after) if place.after else begin(me)
    assert place == end
    assert seen[:4] == [
        ("shore", 0, None, None),
        ("shore", 1, None, "Follow the footprints"),
        ("cellar", 0, "Follow the footprints", None),
        ("cellar", 1, "Follow the footprints", "The ledger"),
    ]
    assert (kept(), happened(me)) == (rows, told)


def test_looking_back_takes_nothing_back_and_pays_nothing_twice(me: int) -> None:
    begin(me)
    here = choose(me, "shore", "knock")
    assert here.before == ("shore", 1)
    back = look_back(me, "shore", 1)
    assert (back.past, back.choices, back.after) == (True, {}, ("lamp", 0))
    for press in (turn(me, "shore"), again(me, "shore", "follow")[0], look_back(me, "lamp", 0), begin(me)):
        assert press == here
    assert services.look_closer(person_id=me, story="light", chapter="shore", now=NOW) == here
    assert len(happened(me, "narrative.decision_made", "narrative.chapter_completed")) == 2


def test_nobody_looks_at_pages_that_they_have_not_read(me: int) -> None:
    begin(me)
    assert begin(me).before is None
    here = choose(me, "shore", "knock")
    for chapter, page in (("lamp", 1), ("cellar", 0), ("storm", 0), ("shore", 2), ("shore", -1), ("attic", 0), ("", 0)):
        assert look_back(me, chapter, page) == here
    with pytest.raises(services.NotThere):
        look_back(me, "stop", 0, "train")


def test_an_ending_says_which_it_is_and_how_many_were_found(me: int) -> None:
    def counted(place: Place) -> tuple[int, int]:
        return place.number_of_ending, place.endings_found

    assert counted(read_to_the_end(me, *SHORT)) == (1, 1)
    assert counted(read_to_the_end(me, *SHORT)) == (1, 1)
    assert counted(read_to_the_end(me, *LONG)) == (2, 2)
    assert counted(begin(me, again=True)) == (0, 0)
