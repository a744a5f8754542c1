"""The corpus: every line in both encodings, with copies; each result is held against the table."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from diana import clock
from fuzz import ground as grounds
from fuzz.expectations import Answer, Way
from fuzz.ground import Ground
from fuzz.judging import Response, judge
from fuzz.lines import Line
from fuzz.observing import observe
from fuzz.postings import Encoding, Poster, Posting

# What differs between alike problems.
_VALUES = re.compile(r"'[^']*'|\d+")
Say = Callable[[str], None]


@dataclass
class Report:
    """What a run came to; `wrong` says of each posting what was wrong, `faults` what belongs to none."""

    postings: list[Posting] = field(default_factory=list)
    wrong: list[tuple[Posting, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Say whether everything was right."""
        return not self.wrong and not self.faults

    def summary(self) -> str:
        """Return one line of figures."""
        lines, kinds = {p.line.name for p in self.postings}, {p.line.kind for p in self.postings}
        answered = sum(p.expected.answer is not Answer.NONE for p in self.postings)
        unreadable = sum(p.expected.way is Way.SET_ASIDE for p in self.postings)
        return (
            f"corpus: {len(lines)} lines of {len(kinds)} kinds, {len(self.postings)} postings, {answered} to be answered, "
            f"{unreadable} unreadable, {len({id(p) for p, _ in self.wrong})} wrong, {len(self.faults)} other faults, "
            f"{self.seconds:.0f} s"
        )

    def details(self) -> list[str]:
        """Return what was wrong, alike problems of a kind in one line with an example."""
        alike: dict[tuple[str, str], list[str]] = {}
        for posting, problem in self.wrong:
            alike.setdefault((posting.line.kind, _VALUES.sub("…", problem)), []).append(f"{posting}: {problem}")
        found = [f"{kind}: {len(which)} ×, as {which[0]}" for (kind, _), which in sorted(alike.items())]
        return [*dict.fromkeys(self.faults), *found]


def run(
    ground: Ground,
    lines: Sequence[Line],
    *,
    bot_id: int,
    bot_name: str,
    encodings: Sequence[Encoding] = tuple(Encoding),
    say: Say = lambda line: None,
) -> Report:
    """Post everything, have it handled, and judge."""
    began, report = time.monotonic(), Report()
    poster = Poster(now=int(clock.now().timestamp()), bot_id=bot_id, bot_name=bot_name)
    report.postings = list(poster.all_of(lines, encodings))
    responses: list[Response] = []
    for posting in report.postings:
        grounds.prepare(posting)
        if posting.seen is not None:
            ground.post(posting.encoding.encode(posting.seen))
    ground.settle()
    say(f"posting {len(report.postings)} updates and their copies")
    for posting in report.postings:
        responses.append(_post(ground, posting))
    say("handling them")
    ground.settle()
    say("judging")
    _judge(ground, report, responses)
    report.seconds = time.monotonic() - began
    return report


def _post(ground: Ground, posting: Posting) -> Response:
    """Post the update, then the same body again, then the same update in the other encoding: copies, and a conflict."""
    status, call = ground.post(posting.body)
    copies = tuple(ground.post(body)[0] for body in (posting.body, posting.copied))
    return Response(status, call, copies)


def _judge(ground: Ground, report: Report, responses: Sequence[Response]) -> None:
    observed = observe(ground.sandbox.calls())
    for posting, response in zip(report.postings, responses, strict=True):
        problems = judge(posting, response, observed.worlds[posting.world.number])
        report.wrong += [(posting, problem) for problem in problems]
    if observed.strangers:
        report.faults.append(f"people of no world: {observed.strangers}")
    report.faults += [f"dead letter: {letter}" for letter in grounds.dead_letters()]
    report.faults += [f"log: {line}" for line in ground.problems()]
    report.faults += _counts(report.postings)


def _counts(postings: Sequence[Posting]) -> list[str]:
    """Hold the counted refusals against what was posted: nothing is passed over in silence."""
    wanted = Counter[str]()
    for posting in postings:
        match posting.expected.way:
            case Way.KEPT:
                same = posting.body == posting.copied
                wanted["copy"] += 2 if same else 1
                wanted["conflict"] += 0 if same else 1
            case Way.COUNTED:
                wanted["unknown"] += 3
            case Way.SET_ASIDE:
                wanted["body"] += 1
    found, wanted = Counter(grounds.refusals()), +wanted
    wrong = [] if found == wanted else [f"refusals were {dict(found)}, not {dict(wanted)}"]
    kept = grounds.conflicts()
    return wrong if kept == wanted["conflict"] else [*wrong, f"of the conflicts {kept} were set aside"]
