"""Two relays and three workers at once, one of each killed in mid-run: every effect once, in order, counted once."""

from tests.faults.conftest import Community
from tests.processes import procfile, wait_until

PEOPLE = range(1, 13)


def test_two_relays_and_three_workers(community: Community):
    commands = [procfile()["worker"].replace("worker@", f"worker{n}@") for n in range(3)]
    workers = [community.processes.start(f"worker{n}", command) for n, command in enumerate(commands)]
    relays = [community.processes.start("relay") for _ in range(2)]
    community.processes.start_worker("telegram")
    for worker in workers:
        wait_until(lambda worker=worker: " ready." in worker.text(), "the workers")
    for round_ in range(4):
        community.say_all(PEOPLE, [f"message {round_}", "/daily" if not round_ else "/help", "and another"])
        if round_ == 1:
            workers[0].kill()
        if round_ == 2:
            relays[0].kill()
    community.settle()
    assert community.sql(OUT_OF_ORDER) == []
    [(handled,)] = community.sql(
        "SELECT sum(handled)::int FROM event_cursor WHERE subscriber = 'gamification.award_points'"
    )
    [(wanted,)] = community.sql("SELECT count(*)::int FROM gamification_entry WHERE rule = 'message_sent'")
    assert int(str(handled)) >= int(str(wanted)) == 12 * 4 * 2


# Entries of a person that do not follow the order of the events they came from.
OUT_OF_ORDER = """
SELECT account_id FROM (
    SELECT e.account_id, e.sequence, l.id, lag(l.id) OVER (PARTITION BY e.account_id ORDER BY e.sequence) AS before
    FROM gamification_entry e JOIN event_log l ON l.event_id = e.event_id
) ordered WHERE before > id
"""
