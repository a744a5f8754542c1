"""The error with which an act of a person is refused."""


class ChatError(Exception):
    """Raised to refuse a request of the page; the message names the cure."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
