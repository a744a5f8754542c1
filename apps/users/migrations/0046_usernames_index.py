"""The index by which usernames are compared: one belongs to one person at a time."""

from django.db import migrations
from django.db.models import Index, Q
from django.db.models.functions import Lower

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "0044_find_by_name")]
    operations = build_index(
        "person", Index(Lower("username"), condition=Q(username__gt=""), name="users_person_usernames")
    )
