"""The chat page as somebody uses it: by what is written on it, never by what it is made of where a name will do."""

import itertools
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=20_000)
_numbers = itertools.count(1)


class Window:
    """One window with the page open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Messages")
        self.box = page.get_by_role("textbox", name="Message")
        self.people = page.get_by_role("navigation", name="People and groups")
        self.timeline = page.get_by_role("complementary", name="What it set off")
        self.notes = page.locator("#toasts")

    def add_person(self, name: str, language: str = "English", zone: str = "Europe/London") -> str:
        """Add somebody whom nobody has met; return the name, which is nobody else's."""
        name = f"{name} {next(_numbers)}"
        if not self.people.is_visible():
            self.page.get_by_role("button", name="To people and groups").click()
        self.page.get_by_role("button", name="Add a person").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("First name").fill(name)
        dialog.get_by_label("Language").select_option(label=language)
        dialog.get_by_label("Time zone").fill(zone)
        dialog.get_by_role("button", name="Add").click()
        expect(dialog).to_be_hidden()
        expect(self.title(name)).to_be_visible()
        return name

    def add_group(self, title: str, *members: str) -> str:
        """Add a group of these people alone; return its title, which is no other's."""
        title = f"{title} {next(_numbers)}"
        self.page.get_by_role("button", name="Add a group").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Title").fill(title)
        for box in dialog.get_by_role("checkbox").all():
            box.set_checked(box.evaluate("box => box.parentElement.textContent") in members)
        dialog.get_by_role("button", name="Add").click()
        expect(dialog).to_be_hidden()
        expect(self.title(title)).to_be_visible()
        return title

    def title(self, name: str) -> Locator:
        """Return the heading of the open chat, if it is this one's."""
        return self.page.get_by_role("heading", level=1, name=name, exact=True)

    def row(self, name: str) -> Locator:
        """Return the row of a chat in the list."""
        return self.people.locator(".chat-row", has=self.page.locator("strong").get_by_text(name, exact=True))

    def unread(self, name: str) -> Locator:
        """Return the count of unread messages in the row of a chat."""
        return self.row(name).locator(".unread")

    def open(self, name: str) -> None:
        """Go to a chat, on a phone by way of the list."""
        if not self.people.is_visible():
            self.page.get_by_role("button", name="To people and groups").click()
        self.row(name).click()
        expect(self.title(name)).to_be_visible()

    def speak_as(self, name: str) -> None:
        """Choose who speaks in the open group."""
        self.page.get_by_label("Who speaks").select_option(label=name)

    def say(self, text: str) -> None:
        """Say something in the open chat."""
        self.box.fill(text)
        if text.startswith("/"):
            # What is offered is not what is meant.
            self.box.press("Escape")
        self.box.press("Enter")
        expect(self.box).to_have_value("")

    def answers(self) -> Locator:
        """Return the messages of others in the open chat."""
        return self.log.locator(".message.other")

    def message(self, text: str) -> Locator:
        """Return the newest message that says this."""
        return self.log.locator(".message", has_text=text).last

    def ask(self, text: str, answer: str) -> Locator:
        """Say something and wait for an answer that says this; return the answer."""
        found = self.answers().filter(has_text=answer)
        before = found.count()
        self.say(text)
        # Notices may come in between, and may say the same.
        expect(found.nth(before)).to_be_attached()
        # An edit may change the text by which it was found.
        return self.log.locator(f'.message[data-id="{found.nth(before).get_attribute("data-id")}"]')

    def key(self, label: str) -> Locator:
        """Return the newest button of the bot whose label begins so, whatever marks stand before it."""
        return self.log.locator(".key", has_text=re.compile(rf"^\W*{re.escape(label)}")).last

    def press(self, label: str, answer: str) -> None:
        """Press a button of the bot and wait until some message says this."""
        self.key(label).click()
        expect(self.message(answer)).to_be_visible()

    def wait_for_rest(self) -> None:
        """Wait until the timeline says that all is done."""
        expect(self.timeline.get_by_role("status")).to_contain_text("At rest after")

    def kinds(self) -> list[str]:
        """Return the kinds of what the timeline shows."""
        return self.timeline.locator(".item .kind").all_inner_texts()

    def measure(self, script: str) -> Any:
        """Return what a script finds on the page."""
        return self.page.evaluate(script)
