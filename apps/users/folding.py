"""Names as they are compared in searches: without accents, case and punctuation, one space between words; pure.

PostgreSQL's unaccent is not immutable, so no index could use it. After a change of the rules a migration folds stored names anew.
"""

import unicodedata

# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ґ": "г"}
)
_APOSTROPHES = "'\u2019\u2018\u02bc\u02b9\u0060\u00b4"
# Ideographs and kana are written without spaces between words: each is a word, so that a name is found from any of them.
_IDEOGRAPHS = (range(0x2E80, 0xA000), range(0x20000, 0x40000))


def fold_names(*names: str) -> str:
    """Return what somebody with these names is found by."""
    return " ".join(filter(None, map(fold, names)))


def fold(text: str) -> str:
    """Return the words of a text as they are compared; "" if it has none."""
    plain = unicodedata.normalize("NFKD", text)
    folded = unicodedata.normalize("NFKD", plain.casefold()).translate(_LETTERS)
    return " ".join("".join(map(_piece, folded)).split())


def _piece(character: str) -> str:
    category = unicodedata.category(character)
    if unicodedata.combining(character) or category in ("Cf", "Sk", "Me") or character in _APOSTROPHES:
        return ""
    if category == "Mn" and "VARIATION SELECTOR" in unicodedata.name(character, ""):
        return ""
    if category[0] in "LN" and any(ord(character) in part for part in _IDEOGRAPHS):
        return f" {character} "
    if category[0] in "LMN":
        return character
    # An emoji is a word too.
    return f" u{ord(character):x} " if category == "So" else " "
