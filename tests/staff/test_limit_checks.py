"""Limits of what staff give that make no sense stop the start."""

from typing import Any

import pytest

from apps.staff.checks import check_limits


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("STAFF_POINTS_PER_PERSON", 10_000, []),
        ("STAFF_APPROVAL_ABOVE", 0, []),
        ("STAFF_APPROVAL_ABOVE", -1, ["staff.E001"]),
        ("STAFF_POINTS_PER_PERSON", -1, ["staff.E001"]),
        ("STAFF_POINTS_IN_ALL", -5, ["staff.E001", "staff.E002"]),
        ("STAFF_VIP_DAYS_PER_PERSON", -1, ["staff.E001"]),
        ("STAFF_STARS_REFUNDED", -1, ["staff.E001"]),
        ("STAFF_POINTS_IN_ALL", 9_999, ["staff.E002"]),
    ],
)
def test_limits_are_not_negative_and_fit_each_other(settings: Any, name: str, value: int, found: list[str]) -> None:
    setattr(settings, name, value)
    assert [problem.id for problem in check_limits()] == found
