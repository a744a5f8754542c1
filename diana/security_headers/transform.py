"""The security headers of processes that speak HTTP with Tornado: the sandbox and Flower."""

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

from diana.security_headers import HEADERS, NO_PAGE, POLICY


def security_headers(policy: str = NO_PAGE, *, hsts: str = "") -> type[OutputTransform]:
    """Return what `Application.add_transform` takes: it completes the headers of every answer, also of errors and files.

    `policy` is of answers that have none of their own. `hsts` is said to those who come by a proxy's https.
    """

    class Headers(OutputTransform):
        def __init__(self, request: HTTPServerRequest) -> None:
            super().__init__(request)
            self._secure = request.headers.get("X-Forwarded-Proto") == "https"

        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault(POLICY, policy)
            if hsts and self._secure:
                headers.setdefault("Strict-Transport-Security", hsts)
            headers.pop("Server", None)
            return status_code, headers, chunk

    return Headers
