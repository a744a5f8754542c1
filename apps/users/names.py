"""Making names that people chose for themselves safe to store and to show; pure."""

import re
import unicodedata
from typing import NamedTuple

# Longer than any name, short enough that a hostile one costs nothing.
LONGEST_INPUT = 1000
MOST_MARKS = 3
# Emoji families, Persian and Sinhala need these two; all other format characters can turn or hide the text around them.
_JOINERS = "\u200c\u200d"
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
# Letters and symbols by category that show nothing: fillers, the Braille blank, a notehead without a note.
_BLANKS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u2800\ufffc\U0001d159\U00013441\U00013442"), " ")
# Emoji and ideographs that are younger than Python's tables.
_RESERVED = (range(0x1F000, 0x1FB00), range(0x20000, 0x2FFFE), range(0x30000, 0x3FFFE))
# The flags of England, Scotland and Wales are a black flag with tags; anywhere else tags are hidden text.
_TAGS = "\U000e0020-\U000e007f"
_FLAG_OR_TAGS = re.compile(f"(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{3,6}}\U000e007f)|[{_TAGS}]")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,32}")


class Names(NamedTuple):
    """Names as Telegram tells them of somebody, not cleaned. Nobody there is without a first name: if it is empty, none were
    told.
    """

    first_name: str
    last_name: str | None
    username: str | None


def clean_name(text: str | None, *, limit: int) -> str:
    """Return the name as it is stored: as `visible_name`, with letters and their accents put together."""
    return _trim(unicodedata.normalize("NFC", _keep(text or "")), limit)


def visible_name(text: str, *, limit: int) -> str:
    """Return what of the name may be shown, at most `limit` characters; "" if it shows nothing.

    Without control, direction and surrogate characters; joiners, variation selectors and the tags of a flag stay where they
    join something.
    """
    return _trim(_keep(text), limit)


def clean_username(text: str | None) -> str:
    """Return the Telegram username without its @, or "" if it is none."""
    name = (text or "").removeprefix("@")
    return name if _USERNAME.fullmatch(name) else ""


def _keep(text: str) -> str:
    """Leave out whole categories; every white space and blank is one space."""
    spaced = " ".join(text[:LONGEST_INPUT].translate(_BLANKS).split())
    return "".join(character for character in spaced if _is_kept(character))


def _is_kept(character: str) -> bool:
    if unicodedata.category(character) not in _DROPPED or character in _JOINERS:
        return True
    code = ord(character)
    return 0xE0020 <= code <= 0xE007F or any(code in part for part in _RESERVED)


def _trim(text: str, limit: int) -> str:
    """Cut the text off without tearing characters apart, and leave nothing at its ends that shows nothing."""
    tidy = _tidy(text)
    if len(tidy) > limit:
        tidy = _tidy(tidy[: _cut(tidy, limit)])
    return tidy if any(unicodedata.category(c)[0] not in "MZ" and c not in _JOINERS for c in tidy) else ""


def _tidy(text: str) -> str:
    """Drop joiners and tags that join nothing, marks without a letter, and all but three marks on a letter."""
    kept: list[str] = []
    marks = 0
    for character in _FLAG_OR_TAGS.sub(lambda found: found[1] or "", text):
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
        elif character not in _JOINERS:
            marks = 0
        follows_nothing = not kept or kept[-1] == " "
        if category[0] == "M" and (follows_nothing or marks > MOST_MARKS):
            continue
        if character in _JOINERS and (follows_nothing or kept[-1] in _JOINERS):
            continue
        kept.append(character)
    # A joiner before a space joins nothing either.
    return " ".join(filter(None, (word.rstrip(_JOINERS) for word in "".join(kept).split(" "))))


def _cut(text: str, limit: int) -> int:
    """Return where to cut: before the first character that would lose a part, unless that leaves nothing."""
    end = limit
    while end and (_extends(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return end or limit


def _extends(character: str) -> bool:
    code = ord(character)
    is_mark = unicodedata.category(character)[0] == "M"
    return is_mark or character in _JOINERS or code in _SKIN_TONES or 0xE0020 <= code <= 0xE007F
