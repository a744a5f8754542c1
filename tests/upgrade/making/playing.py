"""The first four weeks: a community plays, in groups and with the bot; staff come and correct things."""

from io import StringIO

from django.contrib.auth.models import Group
from django.core.management import call_command
from world import GROUPS, Calendar, actor, end_of_day, person, sender

from apps.gamification import services as game
from apps.gamification.models import Entry, Flag
from apps.staff.roles import ROLES
from apps.users import services as users
from apps.users.models import Staff
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import deliver, message, say, update
from tests.flows import test_a_life as life
from tests.flows.test_people import join

PLAYERS = range(1, 7)
PASSWORD = "only-for-the-upgrade-test"


def make_staff() -> None:
    """Make the superuser of an installation and a login of each role."""
    call_command("ensure_staff", "--json", stdout=StringIO())
    for role in ROLES:
        login = Staff.objects.create_user(role, password=PASSWORD, is_staff=True)
        login.groups.add(Group.objects.get(name=role))


def let_the_bot_into_the_groups() -> None:
    """Tell the bot that somebody has added it to each group."""
    for group in GROUPS:
        came = {"user": {"id": 1, "is_bot": True, "first_name": "Diana", "username": "diana_sandbox_bot"}}
        body = {"chat": group, "from": sender(1), "date": int(clock.now().timestamp())}
        body |= {"old_chat_member": came | {"status": "left"}, "new_chat_member": came | {"status": "member"}}
        assert deliver(update("my_chat_member", body)) == 200
    drain()


def talk(number: int, times: int, group: int = 0) -> None:
    """Let somebody write so many messages in a group."""
    for _ in range(times):
        deliver(update(body=message(f"A message of Person {number}.", sender=sender(number), chat=GROUPS[group])))


def play(sandbox: Sandbox, calendar: Calendar) -> None:
    """Let six people join, learn, play, invite, and come back day after day; two of them not every day."""
    make_staff()
    let_the_bot_into_the_groups()
    first = [sender(number) for number in PLAYERS]
    me = join(first[0])
    life.take_the_quiz(first[0])
    life.take_the_tutorial(sandbox, first[0])
    life.play(sandbox, first[0], calendar)
    say("/challenge", sender=first[0])
    drain()
    for number in (2, 3):
        join(sender(number, language_code="es" if number == 2 else "ru"), f"r_{users.invite_code(person_id=me)}")
        life.take_the_tutorial(sandbox, sender(number))
    for number in (4, 5, 6):
        join(sender(number))
    begin_a_story(sandbox, sender(4))
    for day in range(28):
        for number in PLAYERS:
            # the fifth leaves gaps that freezes bridge, the sixth ones that break the streak
            if (number == 5 and day % 12 == 6) or (number == 6 and day % 8 > 4):
                continue
            say("/daily", sender=sender(number))
            calendar.sleep(seconds=5)
            talk(number, 1 + (day + number) % 3, group=number % 2)
            calendar.sleep(minutes=10)
        drain()
        if day % 7 == 3:
            life.play(sandbox, first[1], calendar)
        end_of_day(calendar)


def go_on() -> None:
    """Let three of the six come by, also in the last ten days."""
    for number in (1, 2, 3):
        say("/daily", sender=sender(number))
        talk(number, 1)
    drain()


def begin_a_story(sandbox: Sandbox, who: dict) -> None:
    """Open the first story and leave it in the middle."""
    say("/story", sender=who)
    life.answer()
    assert life.push(sandbox, who, "open")
    for _ in range(3):
        life.push(sandbox, who, "look", "turn", "choose", "go")
    drain()


def correct(calendar: Calendar) -> None:
    """Let staff take and give, reverse entries, hold spam, suspend somebody, ask for what needs a second person."""
    moderator, manager = actor("moderator"), actor("manager")
    how = {"reason": "A correction.", "actor": moderator, "now": clock.now()}
    game.award(person_id=person(2), amount=120, key="gift-2", **how)
    game.award(person_id=person(3), amount=-40, key="penalty-3", **how)
    wrong = game.award(person_id=person(4), amount=75, key="wrong-4", **how)
    game.reverse_entry(entry_id=wrong.pk, key="reversal-4", **how)
    taken = game.award(person_id=person(4), amount=-20, key="penalty-4", **how)
    game.reverse_entry(entry_id=taken.pk, key="reversal-of-penalty-4", **how)
    daily = Entry.objects.filter(account_id=person(5), rule="daily_login", amount__gt=0).latest("id")
    game.reverse_entry(entry_id=daily.pk, key="reversal-5", **how)
    drain()
    game.set_detectors(actions={"rapid_fire": "flag"}, reason="Spam.", actor=manager, now=clock.now())
    calendar.sleep(minutes=1)
    join(sender(27))
    talk(27, 13)
    drain()
    assert Flag.objects.get().account_id == person(27)
    join(sender(31))
    talk(31, 2)
    drain()
    users.suspend(person_id=person(31), until=None, key="suspension-31", **how)
    drain()


def ask_for_a_second_person() -> None:
    """Let a moderator ask for more points than one may give alone."""
    game.act_or_ask(
        act="award_points",
        parameters={"person_id": person(6), "amount": 20_000},
        reason="The final.",
        actor=actor("moderator"),
        key="request-6",
        now=clock.now(),
    )
    drain()
