"""DIANA_ENV: one of three words, or the start ends."""

import pytest

from diana import deployment
from diana.sandbox import safety


@pytest.mark.parametrize(
    ("given", "kind"),
    [({}, "development")] + [({"DIANA_ENV": word}, word) for word in ("development", "test", "production")],
)
def test_it_is_one_of_three_words(given: dict[str, str], kind: str) -> None:
    assert deployment.kind(given) == kind


@pytest.mark.parametrize("word", ["prod", "", "Production", "production ", "staging"])
def test_another_word_is_refused_with_the_three_named(word: str) -> None:
    with pytest.raises(deployment.UnknownKind, match="development, test or production"):
        deployment.kind({"DIANA_ENV": word})


@pytest.mark.parametrize("word", ["production", "prod"])
def test_the_sandbox_runs_outside_production_only(word: str) -> None:
    with pytest.raises(safety.StartRefusedError, match="production"):
        safety.check_environment({"DIANA_ENV": word})
    safety.check_environment({"DIANA_ENV": "test"})
