"""The tables of payments can go and come again, as an operator does who takes a release back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.utils import ProgrammingError

from apps.payments.models import Payment
from tests.payments.paying import buy


@pytest.mark.usefixtures("committed_db")
def test_they_go_and_come_again() -> None:
    call_command("migrate", "payments", "zero", database="owner", verbosity=0)
    with pytest.raises(ProgrammingError, match="does not exist"):
        Payment.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'payments%'")
        assert cursor.fetchone() == (0,)
    call_command("migrate", "payments", database="owner", verbosity=0)
    assert buy().credited_at is not None
