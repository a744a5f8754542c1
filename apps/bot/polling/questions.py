"""Questions before payments among fetched updates: answered by a call of their own, before anything else of the batch.

Telegram waits ten seconds for the answer, from the moment at which somebody tapped *Pay*.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from apps.bot import intake
from apps.bot.incoming import Incoming
from apps.bot.polling.batches import Fetched
from apps.bot.polling.bot_api import BotApi, TelegramAway, TelegramRefused
from diana import clock

logger = logging.getLogger(__name__)

# A database that hangs costs the first, and the call has the rest: both together stay below five seconds.
VERDICT_SECONDS, CALL_SECONDS = 3.5, 0.7
ATTEMPTS = 2
THREADS = 32


class Questions:
    """Answers each question once, however often it is fetched before its batch is confirmed."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._answered = set[str]()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="questions")

    def answer(self, batch: Iterable[Fetched]) -> None:
        """Answer the questions of the batch side by side; returns when Telegram has got the answers, or could not be told."""
        wait([self._pool.submit(self._answer, one) for one in batch if is_question(one)])

    def forget(self) -> None:
        """Forget which were answered: the batch is confirmed, none of them comes again."""
        self._answered.clear()

    def _answer(self, fetched: Fetched) -> None:
        assert isinstance(fetched.found, Incoming)
        assert fetched.found.asked is not None
        query = fetched.found.asked.id
        if query in self._answered:
            return
        call = intake.handle(fetched.found, fetched.body, now=clock.now(), within=VERDICT_SECONDS)
        assert call is not None, "a question has an answer"
        if self._tell(call.pop("method"), call):
            self._answered.add(query)

    def _tell(self, method: str, parameters: dict[str, object]) -> bool:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._api.call(method, seconds=CALL_SECONDS, **parameters)
            except TelegramAway as error:
                logger.warning("a question before a payment was not answered (attempt %d): %s", attempt, error)
                time.sleep(0.05)
            except TelegramRefused as error:
                logger.warning("Telegram does not take the answer to a question before a payment: %s", error)
                return True
            else:
                return True
        return False


def is_question(fetched: Fetched) -> bool:
    """Say whether somebody waits for a yes before they can pay."""
    return isinstance(fetched.found, Incoming) and fetched.found.asked is not None
