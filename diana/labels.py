"""States and kinds in colour in the admin: unfold colours them in lists, and would show a page of one object a tuple."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from unfold.decorators import display
from unfold.utils import display_for_label


class Colours(dict[str, str]):
    """The colour of each key; a key without one is shown in none."""

    def __missing__(self, key: str) -> str:
        return ""


class Label(tuple[str, str]):
    """A key and the text that stands for it."""

    colours: Colours

    def __html__(self) -> str:
        """Return the text in the colour of its key."""
        return display_for_label(tuple(self), "", self.colours)  # type: ignore[no-any-return]


def labelled(*, label: dict[str, str], **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a method of an admin that returns a key and its text, or a text that is its own key; options as of unfold's
    display().
    """
    colours = Colours(label)

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def shown(*arguments: Any) -> Any:
            found = method(*arguments)
            if isinstance(found, tuple):
                found = Label(found)
                found.colours = colours
            return found

        decorated: Callable[..., Any] = display(label=colours, **options)(shown)
        return decorated

    return decorate
