"""People, grants, suspensions, logins of staff: a row of each, and what their tables refuse."""

from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission

from apps.staff.models import Device, RecoveryCode
from apps.users import services
from apps.users.models import Staff
from diana import clock
from tests.gamification.acts import STAFF, person
from tests.schema.cases import Case, Effect, Wall, append_only, audited

# Each of their rows leaves a record when it goes.
NOT_EMPTIED = (
    "users_person", "users_staff", "users_staff_groups", "users_staff_user_permissions", "auth_group",
    "auth_group_permissions", "staff_device", "staff_recoverycode",
)  # fmt: skip
CASES = {
    "users_person_telegram_id_key": Case("users_person", {"id": "-id", "invite_code": "NULL"}),
    "users_person_telegram_id_positive": Case("users_person", {"telegram_id": "0"}, {"telegram_id": "-1"}),
    "users_person_language_spoken": Case("users_person", {"language": "'fr'"}),
    "users_person_timezone_name": Case("users_person", {"timezone": "''"}, {"timezone": "'a b'"}),
    "users_person_status_known": Case("users_person", {"status": "'gone'"}),
    "users_person_erased_or_known": Case(
        "users_person",
        {"telegram_id": "NULL"},
        {"status": "'erased'"},
        {"status": "'erased'", "telegram_id": "NULL", "first_name": "'Ana'"},
        {"status": "'erased'", "telegram_id": "NULL", "last_name": "'Ana'"},
        {"status": "'erased'", "telegram_id": "NULL", "username": "'ana'"},
    ),
    "users_person_erased_not_found": Case(
        "users_person",
        dict.fromkeys(("first_name", "last_name", "username"), "''")
        | {"status": "'erased'", "telegram_id": "NULL", "folded_names": "'ana'"},
    ),
    "users_person_erased_from_nowhere": Case(
        "users_person",
        dict.fromkeys(("first_name", "last_name", "username", "folded_names"), "''")
        | {
            "status": "'erased'",
            "telegram_id": "NULL",
            "former_timezones": """'[["UTC", "2026-11-22T12:00:00+00:00"]]'""",
        },
    ),
    "users_person_former_timezones_shape": Case(
        "users_person",
        {"former_timezones": "'{}'"},
        {"former_timezones": "jsonb_build_array(repeat('x', 4000))"},
    ),
    "users_person_activity_complete": Case(
        "users_person",
        {"last_act_at": "diana_now()", "last_active_date": "NULL"},
        {"last_act_at": "NULL", "last_active_date": "diana_now()"},
    ),
    "users_grant_payment_reference_key": Case("users_grant", {"id": "-id"}, of="payment_reference IS NOT NULL"),
    "users_grant_ends_after_start": Case("users_grant", {"ends_at": "starts_at"}, of="duration IS NULL"),
    "users_grant_source_known": Case("users_grant", {"source": "'magic'"}),
    "users_grant_reason_given": Case("users_grant", {"reason": "''"}, {"reason": "E' \\n'"}),
    "users_grant_granted_by_somebody": Case("users_grant", {"granted_by": "''"}),
    "users_grant_revoked_by_somebody": Case(
        "users_grant",
        {"revoked_at": "diana_now()", "revoked_by": "NULL"},
        {"revoked_at": "diana_now()", "revoked_by": "''"},
        {"revoked_at": "NULL", "revoked_by": "'ana'"},
    ),
    "users_suspension_key_key": Case("users_suspension", {"id": "-id", "ended_at": "diana_now()", "ended_by": "'ana'"}),
    "users_suspension_one_at_a_time": Case("users_suspension", {"id": "-id", "key": "'new'"}, of="ended_at IS NULL"),
    "users_suspension_ends_after_start": Case("users_suspension", {"ends_at": "starts_at"}),
    "users_suspension_by_somebody": Case("users_suspension", {"suspended_by": "''"}),
    "users_suspension_former_status": Case("users_suspension", {"former_status": "'suspended'"}),
    "users_suspension_ended_by_somebody": Case(
        "users_suspension",
        {"ended_at": "diana_now()", "ended_by": "NULL"},
        {"ended_at": "diana_now()", "ended_by": "''"},
        {"ended_at": "NULL", "ended_by": "'ana'"},
    ),
    "users_staff_username_key": Case("users_staff", {"id": "-id"}),
    "staff_recoverycode_login_digest_key": Case("staff_recoverycode", {"id": "-id"}),
}

TRIGGERS: dict[str, Wall | Effect] = {
    "users_grant_guard": Wall(
        "users_grant",
        "VIP grant",
        "UPDATE users_grant SET ends_at = ends_at + interval '1 day'",
        "UPDATE users_grant SET revoked_at = diana_now(), revoked_by = 'a', reason = 'another'",
        "UPDATE users_grant SET revoked_at = diana_now(), revoked_by = 'a';"
        " UPDATE users_grant SET revoked_at = NULL, revoked_by = NULL",
        "DELETE FROM users_grant",
    ),
    "users_grant_stays": Wall("users_grant", "VIP grants stay", "TRUNCATE users_grant CASCADE"),
    "users_suspension_stays": append_only("users_suspension", "DELETE", "TRUNCATE"),
    "users_person_audited": audited(
        "users_person", "UPDATE users_person SET status = 'suspended' WHERE status = 'active'"
    ),
    "users_grant_audited": audited(
        "users_grant", "UPDATE users_grant SET revoked_at = diana_now(), revoked_by = 'ana'"
    ),
    "users_suspension_audited": audited(
        "users_suspension", "UPDATE users_suspension SET ended_at = diana_now(), ended_by = 'ana'"
    ),
    "users_staff_audited": audited("users_staff", "UPDATE users_staff SET is_superuser = NOT is_superuser"),
    "staff_device_audited": audited("staff_device", "DELETE FROM staff_device"),
    "staff_recoverycode_audited": audited("staff_recoverycode", "UPDATE staff_recoverycode SET used_at = NULL"),
    "users_staff_groups_audited": audited("users_staff_groups", "DELETE FROM users_staff_groups"),
    "users_staff_user_permissions_audited": audited(
        "users_staff_user_permissions", "DELETE FROM users_staff_user_permissions"
    ),
    **{f"{table}_not_emptied": append_only(table, "TRUNCATE") for table in NOT_EMPTIED},
    "django_admin_log_stays": append_only("django_admin_log", "DELETE", "TRUNCATE"),
    "django_admin_log_blanked": append_only("django_admin_log", "UPDATE"),
    "auth_group_audited": audited("auth_group", "INSERT INTO auth_group (name) VALUES ('lookers')"),
    "auth_group_permissions_audited": audited("auth_group_permissions", "DELETE FROM auth_group_permissions"),
}


def fill() -> None:
    """Make a row in each of the tables."""
    somebody, now = person(), clock.now()
    act = {"person_id": somebody, "actor": STAFF}
    services.grant_vip(source="gift", days=3, reason="a", now=now, **act)
    services.grant_vip(source="purchase", days=3, reason="a", now=now, payment_reference="paid", **act)
    services.suspend(until=now + timedelta(days=3), reason="a", key="schema", now=now, **act)
    staff = Staff.objects.create_user("schema", is_staff=True)
    staff.groups.set(Group.objects.all())
    staff.user_permissions.set(Permission.objects.all()[:1])
    Device.objects.create(login=staff, sealed=b"x", key_id="k", confirmed_at=now, last_step=0)
    RecoveryCode.objects.create(login=staff, digest="d", used_at=now)
    LogEntry.objects.create(user=staff, action_flag=CHANGE, object_repr="a", change_message="a")
