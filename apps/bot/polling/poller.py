"""The loop of a poller: fetch, answer who wants to pay, keep the rest, and only then confirm by the next offset."""

import logging
import random
from collections import Counter
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from apps.bot import intake
from apps.bot.incoming import KINDS, Incoming
from apps.bot.models import Unreadable
from apps.bot.polling.batches import Fetched, fetched
from apps.bot.polling.bot_api import BotApi, TelegramAway, TelegramRefused
from apps.bot.polling.lock import PollerLock
from apps.bot.polling.offsets import Offset
from apps.bot.polling.questions import Questions, is_question
from apps.bot.polling.stopping import Stop
from apps.bot.polling.webhooks import refuse_conflict, refuse_webhook, remove_webhook, sentence, username
from diana import clock
from diana.events.agreement import FenceDown, LanesDiffer

logger = logging.getLogger(__name__)

# How long Telegram keeps a call open that has nothing to return, and how much longer an answer may take.
POLL_SECONDS, GRACE_SECONDS = 30, 10.0
BATCH = 100
# An error of ours, not the database's, is tried so often; then the update is set aside, and the next ones come in.
ATTEMPTS = 5
TELEGRAM_WAIT_SECONDS, DATABASE_WAIT_SECONDS = 60.0, 5.0
KEPT_AS = {intake.Reason.SIZE: Unreadable.Reason.SIZE, intake.Reason.BODY: Unreadable.Reason.BODY}


class NotNow(Exception):
    """The batch cannot be kept at the moment; nothing of it is confirmed, it is fetched again."""


class Poller:
    """Polls until it is stopped: `run` raises Stopped, AnotherPoller, or PollingRefused with what to do."""

    def __init__(self, api: BotApi, stop: Stop, *, remove_webhook: bool = False) -> None:
        self._api, self._stop = api, stop
        self._remove_webhook = remove_webhook
        self._begun = False
        self._lock, self._offset, self._questions = PollerLock(), Offset(), Questions(api)
        self._attempts = Counter[bytes]()
        self._failures = 0

    def run(self) -> None:
        """Poll; what passes (a database or a Telegram that is away) is waited for."""
        while True:
            try:
                if not self._begun:
                    self._begin()
                self._lock.hold()
                self._take(self._fetch())
            except (DatabaseError, InterfaceError, NotNow, LanesDiffer, FenceDown) as error:
                self._wait("nothing can be kept, Telegram waits", error, DATABASE_WAIT_SECONDS)
            except TelegramAway as error:
                self._wait("Telegram is away", error, TELEGRAM_WAIT_SECONDS, error.retry_after)
            except TelegramRefused as error:
                refuse_conflict(self._api, error)
                self._wait("Telegram refused", error, TELEGRAM_WAIT_SECONDS)
            else:
                self._failures = 0

    def _begin(self) -> None:
        """See that updates can be fetched at all."""
        with self._stop.waiting():
            if self._remove_webhook:
                remove_webhook(self._api)
            refuse_webhook(self._api)
            name = username(self._api)
        self._begun = True
        logger.info("polling for https://t.me/%s", name)

    def _fetch(self) -> list[Fetched]:
        """Wait for updates; confirms by its offset what was kept before."""
        parameters: dict[str, Any] = {"timeout": POLL_SECONDS, "limit": BATCH, "allowed_updates": KINDS}
        offset = self._offset.value(now=clock.real_now())
        if offset is not None:
            parameters["offset"] = offset
        with self._stop.waiting():
            bodies = self._api.get_updates(seconds=POLL_SECONDS + GRACE_SECONDS, **parameters)
        return [fetched(body) for body in bodies]

    def _take(self, batch: list[Fetched]) -> None:
        """Answer the questions, commit the rest one by one, then let the next fetch confirm them."""
        if not batch:
            return
        self._questions.answer(batch)
        self._lock.hold()
        for one in batch:
            self._stop.check()
            if not is_question(one):
                self._keep(one)
        self._offset.move([one.update_id for one in batch], now=clock.real_now())
        self._questions.forget()
        if all(one.update_id is None for one in batch):
            raise TelegramAway("updates came without a number")

    def _keep(self, one: Fetched) -> None:
        """Commit the update, or set it aside; raises NotNow and errors of the database if it has to come again."""
        if not self._lock.is_held():
            raise NotNow("the database session with the poller's lock has ended")
        if not isinstance(one.found, Incoming):
            self._set_aside(one, KEPT_AS[one.found], one.problem)
            return
        try:
            intake.handle(one.found, one.body, now=clock.now())
        except DataError:
            # The database's words repeat what it refuses: they are not for the log.
            self._set_aside(one, Unreadable.Reason.DATABASE)
        except IntegrityError as error:
            self._try_again(one, error)
        except (DatabaseError, InterfaceError, LanesDiffer, FenceDown):
            raise
        except Exception as error:
            self._try_again(one, error)

    def _try_again(self, one: Fetched, error: Exception) -> None:
        """Raise NotNow, or set the update aside that has failed too often."""
        self._attempts[one.body] += 1
        if self._attempts[one.body] < ATTEMPTS:
            raise NotNow(f"{type(error).__name__} while an update was kept") from error
        del self._attempts[one.body]
        self._set_aside(one, Unreadable.Reason.ERROR, error)

    def _set_aside(self, one: Fetched, reason: Unreadable.Reason, problem: Exception | str = "") -> None:
        intake.set_aside(one.body, update_id=one.update_id, reason=reason, now=clock.now(), problem=problem)

    def _wait(self, what: str, error: Exception, most: float, seconds: float | None = None) -> None:
        """Wait for what passes, longer each time and never as long as the others."""
        self._failures += 1
        wait = seconds or random.uniform(0.5, 1.0) * min(2.0 ** (self._failures - 1), most)
        logger.warning("%s: %s; trying again in %.1f s", what, sentence(error), wait)
        if not isinstance(error, TelegramAway | TelegramRefused):
            connection.close()
        self._stop.sleep(wait)
