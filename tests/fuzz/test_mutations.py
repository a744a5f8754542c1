"""Mutations follow from their seed and number, do what they say, and a run of them notices what breaks."""

import copy
import json
from random import Random

import pytest

from apps.bot import incoming, reading
from diana.sandbox.bot_api import USERNAME
from diana.sandbox.running import Sandbox
from fuzz import mutation_run
from fuzz.ground import OwnGround
from fuzz.lines import Line, lines
from fuzz.mutations import mutate
from tests.bot.conftest import sandbox as sandbox

COUNT = 60


def test_the_same_number_is_the_same_mutation() -> None:
    for number, line in enumerate(lines()[:200]):
        before = copy.deepcopy(line.update)
        first, second = (mutate(line.update, Random(f"1/{number}")) for _ in range(2))
        assert first == second
        assert line.update == before


def test_most_mutations_are_json_and_none_is_the_update_that_it_was() -> None:
    played = [(line.update, mutate(line.update, Random(f"1/{n}"))) for n, line in enumerate(lines())]
    assert sum(mutated.update is not None for _, mutated in played) > 0.9 * len(played)
    assert sum(json.dumps(update).encode() != mutated.body for update, mutated in played) > 0.9 * len(played)


def run(sandbox: Sandbox, chosen: list[Line]) -> mutation_run.Report:
    ground = OwnGround(sandbox)
    with ground.errors.listening():
        return mutation_run.run(
            ground, chosen, seed=1, numbers=range(COUNT), bot_id=1, bot_name=USERNAME, say=lambda line: None
        )


CALM = [
    line for line in lines() if line.kind in ("message/page@private", "pre_checkout_query", "message/payment@private")
]


def test_nothing_breaks_and_what_asks_for_the_same_is_answered(sandbox: Sandbox) -> None:
    report = run(sandbox, CALM)
    assert report.faults == []
    assert (report.played, report.kept > COUNT / 10) == (COUNT, True)
    assert report.ok, report.lost


def test_a_reader_that_calls_everything_unreadable_is_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(body: bytes) -> incoming.Incoming:
        raise reading.Unreadable("everything is")

    monkeypatch.setattr(incoming, "decode", refuse)
    report = run(sandbox, CALM)
    assert (report.answered, report.ok) == (0.0, False)


def test_a_reader_that_breaks_is_found_with_the_body_that_broke_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(body: bytes) -> incoming.Incoming:
        raise KeyError("a field")

    monkeypatch.setattr(incoming, "decode", fail)
    report = run(sandbox, CALM)
    assert len([fault for fault in report.faults if "the webhook answered 500\n    mutation " in fault]) == COUNT
    assert any("KeyError" in fault for fault in report.faults)
