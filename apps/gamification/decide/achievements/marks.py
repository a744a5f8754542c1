"""How far somebody has come with one achievement. Part of the stored document, hence short names and bounded lists."""

import msgspec

SHORT = {"value": "v", "last": "l", "seen": "s", "moments": "m", "answers": "a", "row": "r"}


class Mark(msgspec.Struct, omit_defaults=True, rename=SHORT):
    """What a strategy remembers; each uses the fields that it needs.

    `value` is what progress bars show and tiers compare; `last` a day or week number; `seen` values that count once, as
    many as the highest tier needs; `moments` times in microseconds since 1970; `answers` the last ones, `1` for a good one;
    `row` how many stand in a row now.
    """

    value: int = 0
    last: int = 0
    seen: list[str] = []
    moments: list[int] = []
    answers: str = ""
    row: int = 0
