"""Everything that is done with the content. Each act locks the person's row first, then writes, then publishes."""

from apps.content.reading import Place
from apps.content.services.challenges import (
    Standing,
    attempts_left,
    begin_challenge,
    is_timed,
    is_under_way,
    kind_of,
    may_begin,
    number_of_steps,
    score_so_far,
    steps_of,
    take_step,
    todays_challenge,
)
from apps.content.services.errors import NotThere
from apps.content.services.stories import choose, look_back, look_closer, open_story, turn_page
from apps.content.services.trivia import Answered, Asked, Resting, answer_question, ask_question

__all__ = [
    "Answered",
    "Asked",
    "NotThere",
    "Place",
    "Resting",
    "Standing",
    "answer_question",
    "ask_question",
    "attempts_left",
    "begin_challenge",
    "choose",
    "is_timed",
    "is_under_way",
    "kind_of",
    "look_back",
    "look_closer",
    "may_begin",
    "number_of_steps",
    "open_story",
    "score_so_far",
    "steps_of",
    "take_step",
    "todays_challenge",
    "turn_page",
]
