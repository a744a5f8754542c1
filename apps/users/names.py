"""Making names that people chose for themselves safe to store and to show; pure."""

import re
import unicodedata
from itertools import groupby

# Longer than any name, short enough that a hostile one costs nothing.
LONGEST_INPUT = 1000
MOST_MARKS = 3
# Emoji families and Persian need these two; all other format characters can turn or hide the text around them.
_JOINERS = "\u200c\u200d"
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,32}")


def clean_name(text: str | None, *, limit: int) -> str:
    """Return the name without control, direction and surrogate characters, at most `limit` characters; "" for none."""
    spaced = " ".join((text or "")[:LONGEST_INPUT].split())
    kept = "".join(character for character in spaced if _is_kept(character))
    return _thin_marks(unicodedata.normalize("NFC", kept))[:limit].strip(" " + _JOINERS)


def clean_username(text: str | None) -> str:
    """Return the Telegram username without its @, or "" if it is none."""
    name = (text or "").removeprefix("@")
    return name if _USERNAME.fullmatch(name) else ""


def _is_kept(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _DROPPED


def _thin_marks(text: str) -> str:
    """Leave at most three combining marks on a letter: piles of them cover the lines above."""
    runs = groupby(text, key=lambda character: unicodedata.category(character) in ("Mn", "Me"))
    return "".join("".join(run)[: MOST_MARKS if marks else None] for marks, run in runs)
