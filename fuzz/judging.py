"""Whether what came of a posting is what must come of its kind; pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from diana.sandbox.recording import Call
from fuzz.expectations import Answer, Way, people_of
from fuzz.kinds import part_of
from fuzz.lines import NEVER_SENT
from fuzz.observing import ACTS, COMES, FOR_COMING, RULES, Seen
from fuzz.postings import Posting

SENT = ("sendMessage", "sendDocument", "sendInvoice")
DRAWN = ("editMessageText", *SENT)
NOTICE = "answerCallbackQuery"
GENERAL_TOPIC = 1


class Response(NamedTuple):
    """What the webhook answered: to the update, and to its copies."""

    status: int
    call: dict[str, Any] | None
    copies: tuple[int, ...] = ()


def judge(posting: Posting, response: Response, seen: Seen) -> list[str]:
    """Return what is wrong; nothing if all is right."""
    return [
        *_way(posting, response, seen),
        *_people(posting, seen),
        *_acts(posting, seen),
        *_answers(posting, seen.calls),
    ]


def _way(posting: Posting, response: Response, seen: Seen) -> Iterator[str]:
    way = posting.expected.way
    statuses = {200, 400} if posting.line.name in NEVER_SENT else {200}
    for status in (response.status, *response.copies):
        if status not in statuses:
            yield f"the webhook answered {status}"
    if response.status == 400:
        return
    if seen.kept != (way is Way.KEPT):
        yield f"it must be {way.value}, and was {'kept' if seen.kept else 'not kept'}"
    if seen.set_aside != (way is Way.SET_ASIDE):
        yield "it was set aside as unreadable" if seen.set_aside else "it must be set aside as unreadable"
    if seen.kept and not seen.handled:
        yield "it was not handled"
    if seen.failed:
        yield "it was given up as failed"
    asked = (response.call or {}).get("method") == "answerPreCheckoutQuery"
    if asked != (way is Way.QUESTION):
        yield f"the response called {(response.call or {}).get('method')}"
    if seen.charges != (1 if posting.expected.booked else 0):
        yield f"it was booked {seen.charges} times"


def _people(posting: Posting, seen: Seen) -> Iterator[str]:
    must = people_of(posting.update, posting.expected.person) | posting.known
    found = frozenset(seen.people)
    if missing := must - found:
        yield f"{_roles(posting, missing)} became no person"
    if wrong := found - must:
        yield f"{_roles(posting, wrong)} became a person"
    name, part = part_of(posting.update)
    if name == "message" and must:
        yield from _name(part.get("from") or {}, seen)


def _name(user: dict[str, Any], seen: Seen) -> Iterator[str]:
    """A name of letters is kept as it is; of others the reader decides (names.py)."""
    said, kept = str(user.get("first_name", "")), seen.people.get(user.get("id", 0))
    if said.isalpha() and said.isascii() and len(said) < 32 and kept is not None and kept != said:
        yield f"the name of the person is {kept!r}, not {said!r}"


def _roles(posting: Posting, people: frozenset[int]) -> str:
    """Return the ids of the corpus for those of the world."""
    original = {own: number for number, own in posting.world.ids.items()}
    return ", ".join(str(original.get(person, person)) for person in sorted(people))


def _acts(posting: Posting, seen: Seen) -> Iterator[str]:
    expected = posting.expected
    # The message that was seen before is an act too, of somebody else.
    before = Counter({"game.message_sent": 1, COMES: 1}) if posting.seen else Counter[str]()
    paid_before = Counter({"message_sent": 1, FOR_COMING: 1}) if posting.seen else Counter[str]()
    done, paid = Counter(seen.events) - before, Counter(seen.paid) - paid_before
    if (acts := {name: done[name] for name in ACTS if done[name]}) != dict.fromkeys(expected.acts, 1):
        yield f"the events of acts are {acts or 'none'}, not {sorted(expected.acts) or 'none'}"
    if (rules := {rule: paid[rule] for rule in RULES if paid[rule]}) != dict.fromkeys(expected.paid, 1):
        yield f"paid by {rules or 'no rule'}, not by {sorted(expected.paid) or 'none'}"
    times = (1, 1) if expected.comes else (0, 0)
    if (done[COMES], paid[FOR_COMING]) != times:
        yield f"coming by was noted {done[COMES]} times and paid {paid[FOR_COMING]} times, not {times[0]}"


def _answers(posting: Posting, calls: list[Call]) -> Iterator[str]:
    # What the bot asks Telegram for nobody sees.
    made = Counter(call.method for call in calls if call.status == 200 and not call.method.startswith("get"))
    sent, notices = sum(made[method] for method in SENT), made[NOTICE]
    drawn = sum(made[method] for method in DRAWN)
    expected = posting.expected.answer
    if expected is Answer.NONE and made:
        yield f"it was answered: {dict(made)}"
    if expected is Answer.REPLY and sent != 1:
        yield f"it was answered {sent} times"
    if expected is Answer.IF_SENT and sent > 1:
        yield f"it was answered {sent} times"
    if expected in (Answer.NOTICE, Answer.SCREEN) and notices != 1:
        yield f"the press was acknowledged {notices} times"
    if expected is Answer.SCREEN and not drawn:
        yield "the press led to no screen"
    if expected is Answer.OWN_CHAT:
        yield from _own_chat(posting, calls)
        return
    for call in calls:
        if call.method in SENT:
            yield from _place(posting, call.parameters)


def _own_chat(posting: Posting, calls: list[Call]) -> Iterator[str]:
    """Money is between the bot and its payer; nobody else hears of it."""
    for chat in {call.chat for call in calls} - people_of(posting.update, posting.expected.person):
        yield f"money was spoken of in the chat {chat}"


def _place(posting: Posting, sent: dict[str, Any]) -> Iterator[str]:
    """An answer goes to the chat and the topic it was asked in, in groups as a reply, and never to message 0."""
    name, part = part_of(posting.update)
    asked = part.get("message") if name == "callback_query" else part
    if not isinstance(asked, dict):
        return
    if sent["chat_id"] != asked["chat"]["id"]:
        yield f"the answer went to the chat {sent['chat_id']}"
    topic = asked.get("message_thread_id") if asked.get("is_topic_message") else None
    # The topic that a forum begins with has a number that cannot be named.
    topic = None if topic == GENERAL_TOPIC else topic
    if sent.get("message_thread_id") != topic:
        yield f"the answer went to the topic {sent.get('message_thread_id')}, not {topic}"
    direct = asked.get("direct_messages_topic", {}).get("topic_id")
    if sent.get("direct_messages_topic_id") != direct:
        yield f"the answer went to the direct messages {sent.get('direct_messages_topic_id')}, not {direct}"
    only_for = part["from"]["id"] if asked.get("ephemeral_message_id") else None
    if sent.get("receiver_user_id") != only_for:
        yield f"the answer can be seen by {sent.get('receiver_user_id') or 'everybody'}"
    replied = (sent.get("reply_parameters") or {}).get("message_id")
    # Old documents do not say of which type a chat is.
    private = asked["chat"].get("type", "private" if asked["chat"]["id"] > 0 else "") == "private"
    wanted = None if private else asked["message_id"]
    # The screen of a button says for whom it is: there may be nothing to reply to.
    if replied != (wanted or None) and not (name == "callback_query" and replied is None):
        yield f"the answer is a reply to the message {replied}, not {wanted or None}"
