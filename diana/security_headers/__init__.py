"""The security headers of every process that speaks HTTP. Values only: no web framework is imported here."""

# No page of ours asks a browser for any of these.
_FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)

# The same for every answer, unless the answer has a stricter one of its own.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
}
POLICY = "Content-Security-Policy"


def content_policy(**sources: str) -> str:
    """Return a policy that allows these sources and nothing else: `content_policy(img_src="'self' data:")`."""
    closed = {"default_src": "'none'", "base_uri": "'none'", "form_action": "'none'", "frame_ancestors": "'none'"}
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in (closed | sources).items())


# For answers that show no page: JSON, plain text, redirects, errors, static files.
NO_PAGE = content_policy()
