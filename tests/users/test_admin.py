"""The admin of people, grants and staff: what staff can do there, and what nobody can."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import selectors, services
from apps.users.models import Grant, Person, Staff
from diana import clock
from diana.audit import Actor
from diana.audit.models import AuditRecord

ADD = {"source": "gift", "days": "30", "reason": "poetry slam", "act_key": "abc"}


def staff_with(client: Client, *permissions: str) -> Client:
    """Log in a member of staff with these permissions."""
    ana = Staff.objects.create_user("ana", is_staff=True)
    ana.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(ana)
    return client


def give(person: Person) -> Grant:
    """Grant VIP from now on."""
    actor = Actor(None, "shell", "shell")
    return services.grant_vip(person_id=person.pk, source="gift", days=3, reason="a", actor=actor, now=clock.now())


@pytest.mark.parametrize("term", ["4242", " 4242 ", "id"])
def test_people_are_found_by_either_id(root: Client, person: Person, term: str) -> None:
    Person.objects.create(telegram_id=999_999, first_name="Other", created_at=clock.now())
    Person.objects.filter(pk=person.pk).update(first_name="Ana")
    term = str(person.pk) if term == "id" else term
    page = root.get(reverse("admin:users_person_changelist"), {"q": term}).content.decode()
    assert "Ana" in page
    assert "Other" not in page


@pytest.mark.parametrize("term", ["Ana", "42", "9" * 40, "²", "-1"])
def test_other_names_and_parts_of_numbers_find_nobody(root: Client, person: Person, term: str) -> None:
    Person.objects.filter(pk=person.pk).update(first_name="Somebody")
    response = root.get(reverse("admin:users_person_changelist"), {"q": term})
    assert "Somebody" not in response.content.decode()


def test_the_list_takes_as_many_queries_for_twenty_as_for_one(
    root: Client, person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    address = reverse("admin:users_person_changelist")
    with django_assert_num_queries(6):
        root.get(address)
    for number in range(1, 20):
        give(Person.objects.create(telegram_id=number, created_at=clock.now()))
    with django_assert_num_queries(6):
        root.get(address)


def test_the_persons_page_shows_grants_and_changes_nothing(root: Client, person: Person) -> None:
    given = give(person)
    address = reverse("admin:users_person_change", args=[person.pk])
    page = root.get(address).content.decode()
    assert reverse("admin:users_grant_change", args=[given.pk]) in page
    assert reverse("admin:users_person_add_vip", args=[person.pk]) in page
    assert 'name="_save"' not in page
    assert root.post(address, {"first_name": "Eva"}).status_code == 403
    assert root.post(reverse("admin:users_person_delete", args=[person.pk]), {"post": "yes"}).status_code == 403
    assert root.get(reverse("admin:users_person_add")).status_code == 403


def test_staff_with_the_permission_grant_vip(client: Client, person: Person) -> None:
    staff_with(client, "add_grant", "view_grant", "view_person")
    form = client.get(reverse("admin:users_person_add_vip", args=[person.pk]), follow=True)
    assert f'value="{person.pk}" selected' in form.content.decode()
    address, sent = reverse("admin:users_grant_add"), ADD | {"person": person.pk}
    shown = client.post(address, sent).context["shown"]
    for _ in range(2):
        assert client.post(address, sent | {"shown": shown}).status_code == 302
    given = Grant.objects.get()
    assert (given.person_id, given.source, given.reason, given.granted_by) == (person.pk, "gift", "poetry slam", "ana")
    assert given.ends_at - given.starts_at == timedelta(days=30)
    kept = AuditRecord.objects.get()
    assert (kept.actor, kept.actor_id, kept.origin) == ("ana", Staff.objects.get().pk, "admin")


@pytest.mark.parametrize(
    "wrong",
    [{"days": "0"}, {"days": "9999"}, {"reason": " "}, {"source": "purchase"}, {"person": "999999"}, {"person": ""}],
)
def test_the_form_refuses_what_cannot_be(root: Client, person: Person, wrong: dict[str, str]) -> None:
    response = root.post(reverse("admin:users_grant_add"), ADD | {"person": person.pk} | wrong)
    assert response.status_code == 200
    assert not Grant.objects.exists()


def test_the_form_refuses_the_erased(root: Client, person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(status="erased", telegram_id=None)
    page = root.post(reverse("admin:users_grant_add"), ADD | {"person": person.pk}).content.decode()
    assert "This person was erased" in page


def test_staff_without_the_permission_only_look(client: Client, person: Person) -> None:
    given = give(person)
    staff_with(client, "view_grant", "view_person")
    assert client.get(reverse("admin:users_grant_change", args=[given.pk])).status_code == 200
    assert client.post(reverse("admin:users_grant_add"), ADD | {"person": person.pk}).status_code == 403
    assert client.get(reverse("admin:users_person_add_vip", args=[person.pk])).status_code == 403
    revoke = reverse("admin:users_grant_revoke", args=[given.pk])
    assert client.post(revoke, {"reason": "a mistake"}).status_code == 403
    assert revoke not in client.get(reverse("admin:users_grant_change", args=[given.pk])).content.decode()


def test_grants_show_when_they_count_after_all(
    root: Client, person: Person, actor: Actor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = clock.now()
    first, second = give(person), give(person)
    gone = give(person)
    services.revoke_grant(grant_id=gone.pk, reason="r", actor=actor, now=now)
    services.revoke_grant(grant_id=first.pk, reason="r", actor=actor, now=clock.now())
    end = selectors.effective_vip(person.pk, clock.now())
    assert end is not None
    assert end < second.ends_at
    shown = date_format(localtime(end), "DATETIME_FORMAT")
    with django_assert_max_num_queries(14):
        listed = root.get(reverse("admin:users_grant_changelist")).content.decode()
    for page in (
        listed,
        root.get(reverse("admin:users_grant_change", args=[second.pk])).content.decode(),
        root.get(reverse("admin:users_person_change", args=[person.pk])).content.decode(),
    ):
        assert shown in page
        assert "3 days" in page
        assert date_format(localtime(second.ends_at), "DATETIME_FORMAT") not in page
    assert "counts until" in listed.lower()
    unused = root.get(reverse("admin:users_grant_change", args=[gone.pk])).content.decode()
    assert shown not in unused


def test_a_list_of_grants_takes_as_many_queries_for_many_as_for_one(
    root: Client, person: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = reverse("admin:users_grant_changelist")
    give(person)
    with CaptureQueriesContext(connection) as queries:
        root.get(address)
    for number in range(20):
        give(Person.objects.create(telegram_id=10_000 + number, created_at=clock.now()))
    with django_assert_max_num_queries(len(queries)):
        root.get(address)


def test_the_persons_page_shows_the_zone_that_counts_and_the_one_that_will(root: Client, person: Person) -> None:
    now = clock.now()
    Person.objects.filter(pk=person.pk).update(
        timezone="Asia/Tokyo", former_timezones=[["Europe/Madrid", (now + timedelta(hours=1)).isoformat()]]
    )
    page = root.get(reverse("admin:users_person_change", args=[person.pk])).content.decode()
    assert "Asia/Tokyo" in page
    assert f"Europe/Madrid until {now + timedelta(hours=1):%Y-%m-%d %H:%M} UTC" in page


def test_a_grant_is_revoked_on_its_own_page_with_a_reason(client: Client, person: Person) -> None:
    given = give(person)
    staff_with(client, "view_grant", "revoke_grant")
    revoke = reverse("admin:users_grant_revoke", args=[given.pk])
    assert revoke in client.get(reverse("admin:users_grant_change", args=[given.pk])).content.decode()
    assert client.post(revoke, {"reason": " ", "key": "k"}).status_code == 200
    sent = {"reason": "a mistake", "key": "k"}
    preview = client.post(revoke, sent)
    assert "VIP from other grants stays" in preview.content.decode()
    assert selectors.effective_vip(person.pk, clock.now()) is not None
    page = client.post(revoke, sent | {"shown": preview.context["shown"]}, follow=True).content.decode()
    assert "is VIP no more" in page
    assert selectors.effective_vip(person.pk, clock.now()) is None
    kept = AuditRecord.objects.latest("id")
    assert (kept.act, kept.actor, kept.reason) == ("revoke_vip", "ana", "a mistake")
    page = client.post(revoke, {"reason": "again", "key": "k"}, follow=True).content.decode()
    assert "nothing is left to take back" in page
    assert revoke not in page
    assert client.get(reverse("admin:users_grant_revoke", args=[10**9])).status_code == 404


def test_a_grant_is_never_edited_or_deleted(root: Client, person: Person) -> None:
    given = give(person)
    assert root.post(reverse("admin:users_grant_change", args=[given.pk]), ADD).status_code == 403
    assert root.post(reverse("admin:users_grant_delete", args=[given.pk]), {"post": "yes"}).status_code == 403


def test_the_pages_of_staff_work(root: Client) -> None:
    for name in ("staff_changelist", "staff_add"):
        assert root.get(reverse(f"admin:users_{name}")).status_code == 200
    new = {"username": "eva", "password1": "a-long-passphrase-9", "password2": "a-long-passphrase-9"}
    root.post(reverse("admin:users_staff_add"), new | {"usable_password": "true"})
    eva = Staff.objects.get(username="eva")
    assert eva.check_password("a-long-passphrase-9")
    assert not eva.is_staff
    assert root.get(reverse("admin:users_staff_change", args=[eva.pk])).status_code == 200
    assert root.get(reverse("admin:auth_user_password_change", args=[eva.pk])).status_code == 200
    assert root.get(reverse("admin:auth_group_changelist")).status_code == 200


def test_who_edits_logins_cannot_take_rights(client: Client, db: None) -> None:
    staff_with(client, "change_staff", "view_staff", "change_group", "view_group")
    ana, boss = Staff.objects.get(), Staff.objects.create_superuser("boss")
    group = Group.objects.create(name="everything")
    form = {"username": "ana", "is_staff": "on", "is_active": "on", "is_superuser": "on", "groups": [group.pk]}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "email": "ana@example.org"}
    client.post(reverse("admin:users_staff_change", args=[ana.pk]), form)
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"
    assert not ana.is_superuser
    assert not ana.groups.exists()
    assert client.get(reverse("admin:users_staff_change", args=[boss.pk])).status_code == 302
    assert client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "x"}).status_code == 403


def test_nobody_comes_in_without_a_login(client: Client, person: Person) -> None:
    response = client.get(reverse("admin:users_person_change", args=[person.pk]))
    assert response.status_code == 302
    assert "/login/" in response["Location"]
