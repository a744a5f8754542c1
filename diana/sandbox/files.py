"""Files that the bot sends: the newest are kept, so that people can save them."""

from typing import Any, NamedTuple

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, Upload, text_of

MAX_FILE_BYTES = 50 * 1024 * 1024
KEPT_BYTES = 2 * MAX_FILE_BYTES
_ATTACHED = "attach://"


class File(NamedTuple):
    """A file with its name and what is in it."""

    name: str
    mime_type: str
    content: bytes


class Files:
    """Numbers the files that were sent and keeps the newest."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: dict[str, File] = {}

    def find(self, file_id: str) -> File | None:
        """Return a file that is still kept."""
        return self._kept.get(file_id)

    def read(self, parameters: Parameters, name: str) -> dict[str, Any]:
        """Return the file of this parameter as a message shows it; raise RefusalError where there is none to send.

        It comes in the part of the parameter's name, or in the part that `attach://` names.
        """
        given = parameters.get(name)
        if isinstance(given, str) and given.startswith(_ATTACHED):
            given = parameters.get(given.removeprefix(_ATTACHED))
        elif text_of(parameters, name):
            raise bad_request("wrong file identifier/HTTP URL specified")
        if not isinstance(given, Upload):
            raise bad_request(f"there is no {name} in the request")
        if not given["size_bytes"]:
            raise bad_request("file must be non-empty")
        if given["size_bytes"] > MAX_FILE_BYTES:
            raise bad_request("file is too big")
        return self._keep(File(given["file_name"], given.mime_type, given.content))

    def _keep(self, file: File) -> dict[str, Any]:
        self._count += 1
        number = f"sandbox-{self._count}"
        self._kept[number] = file
        while sum(len(one.content) for one in self._kept.values()) > KEPT_BYTES:
            del self._kept[next(iter(self._kept))]
        document = {"file_id": number, "file_unique_id": number, "file_name": file.name, "mime_type": file.mime_type}
        return document | {"file_size": len(file.content)}
