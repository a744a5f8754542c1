"""The kind of this deployment, which DIANA_ENV names. Needs neither Django nor settings."""

from collections.abc import Mapping

DEVELOPMENT, TEST, PRODUCTION = KINDS = ("development", "test", "production")


class UnknownKind(ValueError):
    """DIANA_ENV is set to none of development, test or production: correct it, or unset it for development."""


def kind(environment: Mapping[str, str]) -> str:
    """Return the kind of the deployment, development where DIANA_ENV is not set; raises UnknownKind."""
    word = environment.get("DIANA_ENV", DEVELOPMENT)
    if word not in KINDS:
        raise UnknownKind(str(UnknownKind.__doc__))
    return word
