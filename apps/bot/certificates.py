"""The certificates of authorities that Telegram's address is checked against: all HTTP clients share them."""

import ssl
from functools import cache

import httpx


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings of this process's clients: loading the certificates takes 20 ms and a megabyte each time."""
    return httpx.create_ssl_context()
