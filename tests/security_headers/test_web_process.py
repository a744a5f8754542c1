"""The web process of the Procfile: what its server adds to the answers."""

import http.client
import socket
from pathlib import Path

from diana.local import ports
from tests.processes import running_processes, wait_until
from tests.security_headers.expected import assert_protected

PREFACE_OF_HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def test_it_names_no_server_shares_no_files_and_speaks_http_1(tmp_path: Path) -> None:
    port = ports.free_port()
    with running_processes(tmp_path) as started:
        started.start("web", PORT=str(port))
        wait_until(lambda: ports.answers(port), "the web process")
        for path in ("/health/live", "/admin/login/", "/nothing", "/static/unfold/css/styles.css"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", path)
            answer = connection.getresponse()
            assert_protected(answer.headers, path)
            connection.close()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(PREFACE_OF_HTTP_2)
            # A frame of settings is what a server of HTTP/2 begins with; this one hangs up, or says something of HTTP/1.
            assert raw.recv(9)[3:4] != b"\x04"
