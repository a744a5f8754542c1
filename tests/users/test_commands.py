"""The commands about people and staff, run as a shell would."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.users.models import Grant, Person, Staff
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command and return what it printed."""
    call_command(*arguments)
    return capsys.readouterr().out


def test_vip_is_granted_by_either_id(person: Person, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--days", "30", "--reason", "poetry slam"]
    text = run(capsys, "grant_vip", "--person", str(person.pk), *common)
    assert f"Person {person.pk} is VIP until" in text
    answer = json.loads(run(capsys, "grant_vip", "--telegram-id", "4242", "--source", "gift", "--json", *common))
    given = Grant.objects.get(pk=answer["grant"])
    assert (answer["person"], given.source) == (person.pk, "gift")
    assert answer["vip_until"] == given.ends_at.isoformat()
    assert AuditRecord.objects.filter(origin="command", act="grant_vip").count() == 2


def test_a_dry_run_changes_nothing(person: Person, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["grant_vip", "--person", str(person.pk), "--days", "1", "--reason", "a", "--dry-run"]
    assert "would be VIP until" in run(capsys, *arguments)
    assert json.loads(run(capsys, *arguments, "--json"))["grant"] is None
    assert not Grant.objects.exists()
    assert not AuditRecord.objects.exists()
    assert not StoredEvent.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--telegram-id", "777", "--days", "1", "--reason", "a"],
        ["--person", "777777", "--days", "1", "--reason", "a"],
        ["--person", "1", "--days", "0", "--reason", "a"],
        ["--person", "1", "--days", "9999", "--reason", "a"],
        ["--person", "1", "--days", "1", "--reason", " "],
        ["--person", "1", "--days", "1"],
        ["--person", "9" * 30, "--days", "1", "--reason", "a"],
        ["--days", "1", "--reason", "a"],
    ],
)
def test_what_cannot_be_granted_is_an_error(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("grant_vip", *arguments)


def test_the_first_login_is_made_once(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(run(capsys, "ensure_staff", "--json"))
    login = Staff.objects.get()
    assert (login.username, login.is_superuser, login.is_staff) == ("staff", True, True)
    assert made["username"] == "staff"
    assert login.check_password(made["password"])
    assert json.loads(run(capsys, "ensure_staff", "--json")) == {"username": "staff", "password": None}
    assert "unchanged" in run(capsys, "ensure_staff")
    assert AuditRecord.objects.get().act == "ensure_superuser"


def test_another_superuser_is_enough(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    Staff.objects.create_superuser("boss")
    assert json.loads(run(capsys, "ensure_staff", "--json")) == {"username": "boss", "password": None}


def test_a_login_that_is_in_the_way_is_an_error(db: None) -> None:
    Staff.objects.create_user("staff")
    with pytest.raises(CommandError, match="createsuperuser"):
        call_command("ensure_staff")
