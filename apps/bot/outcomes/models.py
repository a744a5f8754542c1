"""Which screen a message of the bot shows, while what its act earned may be told there."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShownScreen(models.Model):
    """A message of the bot, the screen that it shows, and the act that the screen answers; kept for a day.

    `position` is that of the act's first event, `said` that of an event of its outcome which the screen itself tells.
    `told` is the position up to which its outcome was told, on the screen or to the digest; from `closed_at` on nothing
    is told on the screen any more. `replaced` since a later screen takes the place. `editing_until` while an edit is
    under way, in real time: a press waits for its end.
    """

    person_id = models.BigIntegerField(_("person"))
    chat_id = models.BigIntegerField(_("chat id at Telegram"))
    message_id = models.BigIntegerField(_("number of the message"))
    correlation_id = models.UUIDField(_("correlation id"))
    position = models.BigIntegerField(_("position in the log"))
    text = models.TextField(_("text"))
    keyboard = models.JSONField(_("keyboard"), null=True)
    shown_at = models.DateTimeField(_("shown at"))
    said = models.BigIntegerField(_("says of itself"), db_default=0)
    told = models.BigIntegerField(_("told up to"), db_default=0)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    editing_until = models.DateTimeField(_("being edited until"), null=True)
    replaced = models.BooleanField(_("replaced"), db_default=False)

    class Meta:
        app_label = "bot"
        db_table = "bot_shown_screen"
        verbose_name = _("shown screen")
        verbose_name_plural = _("shown screens")
        default_permissions = ()
        indexes = [
            # a press looks for the screen of its message
            models.Index(
                fields=["chat_id", "message_id"],
                condition=models.Q(replaced=False),
                name="bot_shown_screen_message",
            ),
            # erasure
            models.Index(fields=["person_id"], name="bot_shown_screen_person"),
            # old ones are deleted
            models.Index(fields=["shown_at"], name="bot_shown_screen_shown"),
        ]

    def __str__(self) -> str:
        return f"screen {self.pk}"
