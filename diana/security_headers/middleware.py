"""The security headers of the web process. Strict-Transport-Security is Django's own (SECURE_HSTS_SECONDS)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import NoReverseMatch, reverse

from diana.security_headers import HEADERS, NO_PAGE, POLICY, content_policy

Answer = Callable[[HttpRequest], HttpResponseBase]

# The theme's Alpine evaluates its attributes as scripts ('unsafe-eval') and writes style attributes (style-src-attr). There
# are no scripts and no styles within the pages, so that neither needs a nonce.
ADMIN = content_policy(
    script_src="'self' 'unsafe-eval'",
    style_src="'self'",
    style_src_attr="'unsafe-inline'",
    img_src="'self' data:",
    font_src="'self'",
    connect_src="'self'",
    form_action="'self'",
)


class SecurityHeadersMiddleware:
    """Give every answer the headers. The outermost middleware, so that no answer of another one lacks them."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response
        self._admin = admin_address()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the headers; a header that the view has set stays."""
        response = self._get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault(POLICY, ADMIN if request.path.startswith(self._admin) else NO_PAGE)
        # The server names itself where the answer has no such header.
        response.headers.setdefault("Server", "")
        return response


def admin_address() -> tuple[str, ...]:
    """Return the beginning of the admin's addresses; nothing in a process that has none."""
    try:
        return (reverse("admin:index"),)
    except NoReverseMatch:
        return ()
