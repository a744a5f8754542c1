"""Files that the bot sends: their names and sizes; what is in them is thrown away."""

from typing import Any

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of

MAX_FILE_BYTES = 50 * 1024 * 1024
_ATTACHED = "attach://"


class Files:
    """Numbers the files that were sent."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, parameters: Parameters, name: str) -> dict[str, Any]:
        """Return the file of this parameter as a message shows it; raise RefusalError where there is none to send.

        It comes in the part of the parameter's name, or in the part that `attach://` names.
        """
        given = parameters.get(name)
        if isinstance(given, str) and given.startswith(_ATTACHED):
            given = parameters.get(given.removeprefix(_ATTACHED))
        elif text_of(parameters, name):
            raise bad_request("wrong file identifier/HTTP URL specified")
        if not isinstance(given, dict) or "size_bytes" not in given:
            raise bad_request(f"there is no {name} in the request")
        if not given["size_bytes"]:
            raise bad_request("file must be non-empty")
        if given["size_bytes"] > MAX_FILE_BYTES:
            raise bad_request("file is too big")
        self._count += 1
        number = f"sandbox-{self._count}"
        return {
            "file_id": number,
            "file_unique_id": number,
            "file_name": given["file_name"],
            "file_size": given["size_bytes"],
        }
