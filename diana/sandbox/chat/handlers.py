"""The requests of the chat page, under /chat: each needs the run's token and the sandbox's own host and port."""

from urllib.parse import quote

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from diana.sandbox import access, wall_clock
from diana.sandbox.chat import requests
from diana.sandbox.chat.commands import commands_for
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.chat.people import NewPerson
from diana.sandbox.handling import Handler
from diana.sandbox.stars import SubscriptionChange

SHOWN_MESSAGES = 500
KEEP_OPEN_SECONDS = 15.0


class ChatHandler(Handler):
    """A request of the page."""

    def prepare(self) -> None:
        """Let in the page of this run alone."""
        if not access.is_own_host(self.request.host, self.site.port):
            raise ChatError(403, "Open the page under the address that the sandbox printed.")
        super().prepare()
        if not access.is_token(self.request, self.site.token):
            raise ChatError(401, "Open the address that the sandbox printed, with all that follows the #.")

    def read_identifier(self, name: str) -> int:
        """Return an identifier of the query string, or answer 400."""
        try:
            return int(self.get_query_argument(name, ""))
        except ValueError:
            raise ChatError(400, f"{name} must be a whole number.") from None


class StateHandler(ChatHandler):
    """Everything that is there."""

    def get(self) -> None:
        """Answer with people, groups and what the page may offer."""
        world = self.service.world
        self.site.extensions.warm_up()
        bot = {name: world.bot[name] for name in ("id", "username", "first_name")}
        self.finish_json(
            {
                "bot": bot,
                "people": [person.shown() for person in world.people.values()],
                "groups": [group.shown() for group in world.groups.values()],
                "links": {"admin": self.site.admin, "flower": self.site.flower},
                "last": self.service.news.last,
                "can_grant_vip": self.site.extensions.can_grant_vip(),
                "has_timeline": self.site.extensions.has_timeline(),
            }
        )


class MessagesHandler(ChatHandler):
    """What was said in a chat."""

    def get(self) -> None:
        """Answer with the newest messages."""
        world = self.service.world
        found = self.service.bot_api.messages.newest_of(self.read_identifier("chat"), SHOWN_MESSAGES)
        self.finish_json({"messages": [world.shown(message) for message in found]})


class CommandsHandler(ChatHandler):
    """The menu of commands."""

    def get(self) -> None:
        """Answer with the commands that this person sees in this chat."""
        person = self.service.world.person(self.read_identifier("person"))
        commands = commands_for(self.service.bot_api.commands, person, self.read_identifier("chat"))
        self.finish_json({"commands": commands})


class PeopleHandler(ChatHandler):
    """Adding people."""

    def post(self) -> None:
        """Add somebody."""
        self.finish_json(self.service.acts.add_person(self.read_body(NewPerson)).shown())


class GroupsHandler(ChatHandler):
    """Adding groups."""

    def post(self) -> None:
        """Add a group with the bot in it."""
        new = self.read_body(requests.NewGroup)
        self.finish_json(self.service.acts.add_group(new.title, new.members, now=wall_clock.seconds()).shown())


class MembersHandler(ChatHandler):
    """Joining and leaving a group."""

    def post(self, group: str) -> None:
        """Let somebody, or the bot, join or leave."""
        change = self.read_body(requests.Membership)
        now = wall_clock.seconds()
        changed = self.service.acts.set_membership(int(group), change.person, change.member, now=now)
        self.finish_json(changed.shown())


class SayHandler(ChatHandler):
    """Sending a text."""

    def post(self) -> None:
        """Send it."""
        said = self.read_body(requests.Saying)
        now = wall_clock.seconds()
        done = self.service.acts.say(said.person, said.chat, said.text, said.reply_to, now=now, topic=said.topic)
        self.finish_json(done)


class PressHandler(ChatHandler):
    """Pressing a button."""

    def post(self) -> None:
        """Press it."""
        pressed = self.read_body(requests.Pressing)
        place, now = (pressed.row, pressed.column), wall_clock.seconds()
        self.finish_json(self.service.acts.press(pressed.person, pressed.chat, pressed.message_id, place, now=now))


class ReactHandler(ChatHandler):
    """Reacting to a message."""

    def post(self) -> None:
        """Set or take away the reaction."""
        one, now = self.read_body(requests.Reacting), wall_clock.seconds()
        self.finish_json(self.service.acts.react(one.person, one.chat, one.message_id, one.emoji, now=now))


class EditHandler(ChatHandler):
    """Editing a message."""

    def post(self) -> None:
        """Replace its text."""
        one, now = self.read_body(requests.Editing), wall_clock.seconds()
        self.finish_json(self.service.acts.edit(one.person, one.chat, one.message_id, one.text, now=now))


class LinkHandler(ChatHandler):
    """Opening a link to the bot."""

    def post(self) -> None:
        """Open it."""
        opened = self.read_body(requests.Opening)
        self.finish_json(self.service.acts.open_link(opened.person, opened.link, now=wall_clock.seconds()))


class BlockHandler(ChatHandler):
    """Blocking the bot."""

    def post(self) -> None:
        """Block or unblock it."""
        one = self.read_body(requests.Blocking)
        self.finish_json(self.service.acts.block(one.person, one.blocked, now=wall_clock.seconds()).shown())


class PayHandler(ChatHandler):
    """Paying a bill."""

    def post(self) -> None:
        """Begin to pay it, or leave it."""
        one, now = self.read_body(requests.Paying), wall_clock.seconds()
        payments = self.service.acts.payments
        self.finish_json(payments.pay(one.person, one.chat, one.message_id, one.pay, now=now))


class RefundHandler(ChatHandler):
    """Giving a payment back."""

    def post(self) -> None:
        """Give it back as Telegram's support does."""
        one = self.read_body(requests.Refunding)
        self.finish_json(self.service.acts.payments.refund(one.person, one.charge, now=wall_clock.seconds()))


class SubscriptionHandler(ChatHandler):
    """Changing a subscription."""

    def post(self) -> None:
        """Cancel it, take it up again, or let it fail, as its owner does in Telegram's settings."""
        self.finish_json(self.service.acts.payments.change_subscription(self.read_body(SubscriptionChange)))


class VipHandler(ChatHandler):
    """Granting VIP."""

    async def post(self) -> None:
        """Grant it by the application's ordinary act."""
        person = self.service.world.person(self.read_body(requests.Granting).person)
        await self.site.extensions.make_vip(person.id)
        person.vip = True
        self.service.news.add("people")
        self.finish_json({})


class TimelineHandler(ChatHandler):
    """What an update has set off."""

    async def get(self) -> None:
        """Answer with the timeline as far as it has come."""
        update_id = self.read_identifier("update")
        made_at = self.service.bot_api.updates.made_at(update_id)
        if made_at is None:
            raise ChatError(404, f"The sandbox has made no update {update_id}, or has forgotten it.")
        site, recorder = self.site, self.service.recorder
        found = await site.extensions.timeline(
            update_id, lambda: recorder.of_events(since=made_at), admin=site.admin, flower=site.flower
        )
        self.finish_json(found)


class FileHandler(ChatHandler):
    """Saving a document."""

    def get(self, file_id: str) -> None:
        """Answer with its content, never to be shown in the page's origin."""
        file = self.service.bot_api.files.find(file_id)
        if file is None:
            raise ChatError(404, "The sandbox no longer has this file: have the bot send it again.")
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='')}")
        self.finish(file.content)


class ResetHandler(ChatHandler):
    """A new beginning for the chats."""

    def post(self) -> None:
        """Forget messages and who was added."""
        self.service.forget_chats()
        self.finish_json({"ok": True})


class NewsHandler(ChatHandler):
    """News as server-sent events."""

    async def get(self) -> None:
        """Send what is new after a number, for as long as somebody reads."""
        given = self.request.headers.get("Last-Event-ID") or self.get_query_argument("after", "")
        sequence = int(given) if given.isascii() and given.isdigit() else self.service.news.last
        self.set_header("Content-Type", "text/event-stream")
        try:
            await self._send(": welcome\n\n")
            while not self.gone.is_set():
                sequence = await self._send_after(sequence)
        except StreamClosedError:
            return

    async def _send_after(self, sequence: int) -> int:
        news = self.service.news
        items = news.after(sequence)
        if items is None:
            await self._send(f"id: {news.last}\nevent: reset\ndata: {{}}\n\n")
            return news.last
        for item in items:
            await self._send(f"id: {item.sequence}\nevent: {item.kind}\ndata: {item.data.decode()}\n\n")
            sequence = item.sequence
        if not items:
            await news.wait(sequence, KEEP_OPEN_SECONDS, self.gone)
            if news.last == sequence and not self.gone.is_set():
                await self._send(": still here\n\n")
        return sequence

    async def _send(self, text: str) -> None:
        self.write(text)
        await self.flush()


def routes() -> list[tuple[str, type[RequestHandler]]]:
    """Return the paths of the chat page and who handles each."""
    return [
        (r"/chat/state", StateHandler),
        (r"/chat/messages", MessagesHandler),
        (r"/chat/commands", CommandsHandler),
        (r"/chat/people", PeopleHandler),
        (r"/chat/groups", GroupsHandler),
        (r"/chat/groups/(-?[0-9]{1,18})/members", MembersHandler),
        (r"/chat/say", SayHandler),
        (r"/chat/press", PressHandler),
        (r"/chat/react", ReactHandler),
        (r"/chat/edit", EditHandler),
        (r"/chat/link", LinkHandler),
        (r"/chat/block", BlockHandler),
        (r"/chat/pay", PayHandler),
        (r"/chat/refund", RefundHandler),
        (r"/chat/subscription", SubscriptionHandler),
        (r"/chat/vip", VipHandler),
        (r"/chat/timeline", TimelineHandler),
        (r"/chat/files/([A-Za-z0-9-]{1,64})", FileHandler),
        (r"/chat/reset", ResetHandler),
        (r"/chat/news", NewsHandler),
    ]
