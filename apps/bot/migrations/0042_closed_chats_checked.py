"""Looks at the chats of before, which nobody has closed: apart, so that nobody waits for it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bot", "0041_open_presses")]

    operations = [ValidateConstraint(model_name="chat", name="bot_chat_closed_until_after")]
