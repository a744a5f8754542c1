"""Takes one call from its parameters to its answer and records it; knows nothing of HTTP connections."""

import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NamedTuple

from tornado.httputil import HTTPServerRequest

from diana.sandbox import wall_clock
from diana.sandbox.answers import Answer, RefusalError, answer_refusal, answer_result
from diana.sandbox.behaviour import Behaviours
from diana.sandbox.bot_api import BotApi, Method, bot_of, not_found, unauthorized
from diana.sandbox.chat.acts import Acts
from diana.sandbox.chat.news import News
from diana.sandbox.chat.world import World
from diana.sandbox.delivery import Delivery
from diana.sandbox.parameters import Parameters, Upload, read_parameters, typed
from diana.sandbox.recording import Moment, Recorder
from diana.sandbox.webhook import Preset

# Which event the bot was handling: it says so outside production.
EVENT_HEADER = "X-Diana-Event"


class Treatment(NamedTuple):
    """What to do with a call: its answer, held back that long; no answer means that none ever comes."""

    answer: Answer | None
    delay_seconds: float = 0.0


class Service:
    """Everything one sandbox knows. Belongs to one event loop."""

    def __init__(self, token: str, record: Path | None = None, preset: Preset = Preset()) -> None:  # noqa: B008
        self.behaviours = Behaviours()
        self.recorder = Recorder(record)
        self.news = News()
        self.world = World(bot_of(token))
        self.bot_api = BotApi(token, self.behaviours, self.world, self.news, preset)
        self.acts = Acts(self.bot_api, self.world, self.news)
        self.delivery = Delivery(
            self.bot_api.updates, lambda: self.bot_api.webhook, self._note_delivery, self._carry_out_answer
        )
        self._token = token

    async def receive(self, token: str, name: str, request: HTTPServerRequest, moment: Moment) -> Treatment:
        """Carry a call out and record it, in the order of arrival.

        A delay holds back the answer alone: the call has been carried out by then. A call left hanging is not.
        """
        event_id = request.headers.get(EVENT_HEADER, "")[:64] or None
        name, method = self.bot_api.find(name) or (name, None)
        parameters: Parameters = {}
        try:
            parameters = read_parameters(request)
            if token != self._token:
                raise unauthorized()
            treatment = await self._treat(name, method, parameters, moment.seconds)
        except RefusalError as refusal:
            treatment = Treatment(answer_refusal(refusal))
        self._record(moment, name, parameters, treatment.answer, event_id)
        return treatment

    async def _treat(self, name: str, method: Method | None, parameters: Parameters, now: float) -> Treatment:
        if method is None:
            raise not_found()
        chat = parameters.get("chat_id")
        chat = chat if isinstance(chat, int) else None
        if self.behaviours.hangs(chat):
            return Treatment(None)
        failure = self.behaviours.take_failure(chat, name)
        answer = await self._carry_out(method, parameters, now, failure)
        return Treatment(answer, self.behaviours.delay_seconds(chat))

    async def _carry_out(
        self, method: Method, parameters: Parameters, now: float, failure: RefusalError | None
    ) -> Answer:
        if failure is not None:
            return answer_refusal(failure)
        try:
            result = method(parameters, now)
            # Only getUpdates waits: everything else is carried out in the order of arrival.
            return answer_result(*(await result if isinstance(result, Awaitable) else result))
        except RefusalError as refusal:
            return answer_refusal(refusal)

    async def _carry_out_answer(self, call: dict[str, Any]) -> None:
        """Carry out the call in a webhook's answer; the bot does not learn what came of it."""
        moment = Moment(wall_clock.seconds(), time.monotonic_ns())
        given = str(call.pop("method"))
        name, method = self.bot_api.find(given) or (given, None)
        parameters = typed(call)
        try:
            treatment = await self._treat(name, method, parameters, moment.seconds)
        except RefusalError as refusal:
            treatment = Treatment(answer_refusal(refusal))
        self._record(moment, name, parameters, treatment.answer, None)

    def _record(
        self, moment: Moment, name: str, parameters: Parameters, answer: Answer | None, event_id: str | None
    ) -> None:
        for value in parameters.values():
            if isinstance(value, Upload):
                value.release()
        body = answer.body if answer else b"null"
        self.recorder.add(moment, name, parameters, answer and answer.status, body, event_id=event_id)

    def _note_delivery(self, update_id: int, status: int | str) -> None:
        self.news.add("delivered", {"update_id": update_id, "status": status})

    def forget(self) -> None:
        """Begin again with everything but the sequence numbers and the record file."""
        self.behaviours.reset()
        self.recorder.forget()
        self.world.forget()
        self.bot_api.forget()
        self.news.add("reset")

    def forget_chats(self) -> None:
        """Forget what was said and who was added; what the bot has set stays."""
        self.world.forget()
        self.bot_api.forget_messages()
        self.bot_api.updates.forget()
        self.news.add("reset")
