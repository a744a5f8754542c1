"""The headers that every answer of every process has."""

import re
from collections.abc import Mapping

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What a policy may allow beside its own origin, and where.
INLINE_STYLE_ATTRIBUTES = "style-src-attr 'unsafe-inline'"


def directives(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the content security policy as lists by directive."""
    parts = [part.split() for part in headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


def assert_protected(headers: Mapping[str, str], where: str) -> None:
    """Fail where a header is missing, or the policy lets in what it should not."""
    missing = {name: value for name, value in EXPECTED.items() if headers.get(name) != value}
    assert not missing, where
    assert headers.get("Referrer-Policy") in ("same-origin", "no-referrer"), where
    assert "camera=()" in headers.get("Permissions-Policy", ""), where
    assert headers.get("Server", "") == "", where
    assert "Access-Control-Allow-Origin" not in headers, where
    assert "Content-Security-Policy" in headers, where
    policy = directives(headers)
    assert policy["default-src"] == ["'none'"], where
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"], where
    assert "form-action" in policy, where
    allowed = set().union(*policy.values())
    assert not {value for value in allowed if re.search(r"[*]|https?:|blob:", value)}, where
    assert "'unsafe-inline'" not in {v for name, values in policy.items() if name != "style-src-attr" for v in values}
