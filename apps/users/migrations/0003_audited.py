"""Has what is changed past the services about suspensions and VIP recorded too."""

from django.db import migrations

from diana.audit.walls import audited

SUSPENDED = (
    "OLD.status IS DISTINCT FROM NEW.status AND 'suspended' IN (OLD.status, NEW.status) AND NEW.status <> 'erased'"
)


class Migration(migrations.Migration):
    dependencies = [("users", "0002_suspensions"), ("audit", "0002_walls")]
    operations = [
        # Of people the record holds nothing but the status.
        audited(
            "users_person", "UPDATE OF status", kind="users.Person", named_by="id", when=SUSPENDED, shown="id,status"
        ),
        audited("users_grant", "INSERT OR UPDATE OR DELETE", kind="users.Person", named_by="person_id"),
        audited("users_suspension", "INSERT OR UPDATE OR DELETE", kind="users.Person", named_by="person_id"),
    ]
