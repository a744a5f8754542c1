"""Takes one call from its parameters to its answer and records it; knows nothing of HTTP connections."""

from pathlib import Path
from typing import NamedTuple

from tornado.httputil import HTTPServerRequest

from diana.sandbox.answers import Answer, RefusalError, answer_refusal, answer_result
from diana.sandbox.behaviour import Behaviours
from diana.sandbox.bot_api import BotApi, Method, not_found, unauthorized
from diana.sandbox.parameters import Parameters, read_parameters
from diana.sandbox.recording import Moment, Recorder


class Treatment(NamedTuple):
    """What to do with a call: its answer, held back that long; no answer means that none ever comes."""

    answer: Answer | None
    delay_seconds: float = 0.0


class Service:
    """Everything one sandbox knows. Belongs to one event loop."""

    def __init__(self, token: str, record: Path | None = None) -> None:
        self.behaviours = Behaviours()
        self.recorder = Recorder(record)
        self.bot_api = BotApi(token, self.behaviours)
        self._token = token

    def receive(self, token: str, name: str, request: HTTPServerRequest, moment: Moment) -> Treatment:
        """Carry a call out and record it, in the order of arrival.

        A delay holds back the answer alone: the call has been carried out by then. A call left hanging is not.
        """
        name, method = self.bot_api.find(name) or (name, None)
        parameters: Parameters = {}
        try:
            parameters = read_parameters(request)
            treatment = self._treat(token, method, parameters, moment.seconds)
        except RefusalError as refusal:
            treatment = Treatment(answer_refusal(refusal))
        answer = treatment.answer
        self.recorder.add(moment, name, parameters, answer and answer.status, answer.body if answer else b"null")
        return treatment

    def _treat(self, token: str, method: Method | None, parameters: Parameters, now: float) -> Treatment:
        if token != self._token:
            raise unauthorized()
        if method is None:
            raise not_found()
        chat = parameters.get("chat_id")
        chat = chat if isinstance(chat, int) else None
        if self.behaviours.hangs(chat):
            return Treatment(None)
        return Treatment(self._carry_out(method, parameters, chat, now), self.behaviours.delay_seconds(chat))

    def _carry_out(self, method: Method, parameters: Parameters, chat: int | None, now: float) -> Answer:
        failure = self.behaviours.take_failure(chat)
        if failure is not None:
            return answer_refusal(failure)
        try:
            return answer_result(*method(parameters, now))
        except RefusalError as refusal:
            return answer_refusal(refusal)

    def forget(self) -> None:
        """Begin again with everything but the sequence numbers and the record file."""
        self.behaviours.reset()
        self.recorder.forget()
        self.bot_api.forget()
