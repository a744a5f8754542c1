"""Sessions in the database, as Django's. A cookie that can be no session's key is not looked up."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    """A session. Quoted cookies may hold a NUL, which PostgreSQL refuses with an error."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Say whether the key is one that Django has made: letters and digits."""
        return bool(key) and key.isascii() and key.isalnum() and bool(super()._validate_session_key(key))  # type: ignore[misc,union-attr]
