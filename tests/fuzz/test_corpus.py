"""The short form of the corpus: one line of each kind, in this process. `make fuzz` runs all of it, on real processes."""

from diana.sandbox.bot_api import USERNAME
from diana.sandbox.running import Sandbox
from fuzz import corpus_run
from fuzz.ground import OwnGround
from fuzz.lines import lines, one_of_each_kind
from fuzz.postings import Encoding
from tests.bot.conftest import sandbox as sandbox


def test_what_must_come_of_each_kind_comes(sandbox: Sandbox) -> None:
    ground = OwnGround(sandbox)
    with ground.errors.listening():
        report = corpus_run.run(
            ground, one_of_each_kind(lines()), bot_id=1, bot_name=USERNAME, encodings=[Encoding.PLAIN]
        )
    assert report.details() == []
