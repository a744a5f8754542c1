"""Data files that are wrong keep the processes from starting, as a Django system check."""

from typing import Any

from django.core import checks

from apps.content.checking import problems


def register_checks() -> None:
    """Register the check; it runs at every start through manage.py and in the release step."""
    checks.register(check_data, "content")


def check_data(**_: Any) -> list[checks.CheckMessage]:
    """Report what check_content finds."""
    hint = "Correct the file under apps/content/data; `manage.py check_content` checks nothing else."
    return [checks.Error(str(problem), hint=hint, id="content.E001") for problem in problems()]
