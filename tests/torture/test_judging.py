"""The judge: silent where all is right, and naming each kind of wrong that is put into the observations."""

from dataclasses import replace

from tests.torture.made import PERSON, did, entries, entry, operations, seen
from torture.judging import Findings, judge, unfinished
from torture.model import Kind, Outcome


def counts(findings: Findings) -> dict[str, int]:
    names = ("lost", "doubled", "phantom", "out_of_order", "mismatches")
    return {name: getattr(findings, name) for name in names if getattr(findings, name)}


def test_it_finds_nothing_where_all_is_right() -> None:
    findings = judge(operations(), seen())
    assert findings.notes == []
    assert unfinished(operations(), seen()) == 0


def test_it_finds_a_lost_entry() -> None:
    of = [e for e in entries() if e.origin != "13"]
    assert counts(judge(operations(), seen(of)))["lost"] == 1
    assert unfinished(operations(), seen(of)) == 1


def test_it_finds_a_doubled_entry() -> None:
    of = [*entries(), entry(9, "message_sent", 5, 80, "13")]
    assert counts(judge(operations(), seen(of, balance=80))) == {"doubled": 1}


def test_it_finds_an_entry_that_nobody_earned() -> None:
    of = [*entries(), entry(9, "message_sent", 5, 80, "16")]
    assert counts(judge(operations(), seen(of, balance=80))) == {"phantom": 1}


def test_it_finds_entries_of_somebody_who_did_nothing() -> None:
    of = [*entries(), replace(entry(1, "login", 10, 10, "77"), person=PERSON + 1)]
    assert counts(judge(operations(), seen(of)))["phantom"] == 1


def test_it_finds_messages_in_another_order_than_they_were_written() -> None:
    of = entries()
    of[1], of[2] = replace(of[1], origin="9"), replace(of[2], origin="11")
    assert counts(judge(operations(), seen(of))) == {"out_of_order": 1}


def test_it_finds_entries_against_the_order_of_the_log() -> None:
    of = entries()
    of[3] = replace(of[3], position=1)
    assert counts(judge(operations(), seen(of))) == {"out_of_order": 1}


def test_it_finds_a_balance_that_is_not_the_sum() -> None:
    assert counts(judge(operations(), seen(balance=76)))["mismatches"] == 2


def test_it_finds_a_missing_answer_and_an_update_that_was_not_handled() -> None:
    observed = seen()
    observed.answers[PERSON] = 2
    observed.handled.remove("15")
    assert counts(judge(operations(), observed)) == {"lost": 2}


def test_it_finds_what_was_given_up_and_what_was_told_out_of_turn() -> None:
    observed = seen()
    observed.failures.append("bot.handle_update bot.update_received dead: gone")
    observed.told_out_of_turn = 1
    assert counts(judge(operations(), observed)) == {"lost": 1, "out_of_order": 1}


def test_it_takes_either_for_what_is_unknown() -> None:
    unknown = [*operations(), did(Kind.MESSAGE, "20", outcome=Outcome.UNKNOWN)]
    assert not judge(unknown, seen()).count
    with_it = seen([*entries(), entry(9, "message_sent", 5, 80, "20")], balance=80)
    with_it.handled.add("20")
    assert not judge(unknown, with_it).count
