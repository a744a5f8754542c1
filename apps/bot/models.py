"""What the bot remembers: updates as they came in, the chats they came from, what was refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Update(models.Model):
    """An update as Telegram delivered it, kept for a week. Its body is personal data: never shown, never logged.

    `chat_id` is Telegram's, and so is `update_id`; the id that events name is our own, because Telegram's
    begins anew at a random number after a quiet week. `event_id` is the update_received that told of it.
    """

    bot_id = models.BigIntegerField(_("bot"))
    update_id = models.BigIntegerField(_("update id at Telegram"))
    person_id = models.BigIntegerField(_("person"), null=True)
    kind = models.TextField(_("kind"))
    chat_id = models.BigIntegerField(_("chat id at Telegram"), null=True)
    body = models.BinaryField(_("body"))
    event_id = models.UUIDField(_("event id"), null=True)
    received_at = models.DateTimeField(_("received at"))
    handled_at = models.DateTimeField(_("handled at"), null=True)

    class Meta:
        db_table = "bot_update"
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["bot_id", "update_id"], name="bot_update_once"),
        ]
        indexes = [
            # answer_daily looks for the update whose event set it off
            models.Index(fields=["event_id"], name="bot_update_event_id"),
            # delete_old_updates looks for what was handled long ago
            models.Index(
                fields=["handled_at"], condition=models.Q(handled_at__isnull=False), name="bot_update_handled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.update_id}"


class Chat(models.Model):
    """A chat at Telegram under an id of our own: events carry ours. `gone_at`: it takes no messages since then."""

    class Kind(models.TextChoices):
        PRIVATE = "private", _("private")
        GROUP = "group", _("group")
        SUPERGROUP = "supergroup", _("supergroup")
        CHANNEL = "channel", _("channel")

    telegram_id = models.BigIntegerField(_("id at Telegram"), unique=True)
    kind = models.TextField(_("kind"), choices=Kind.choices)
    gone_at = models.DateTimeField(_("gone at"), null=True)

    class Meta:
        db_table = "bot_chat"
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["private", "group", "supergroup", "channel"]), name="bot_chat_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class StartPayload(models.Model):
    """What followed /start in the link through which a person came: the first one is kept."""

    person_id = models.BigIntegerField(_("person"), unique=True)
    payload = models.CharField(_("payload"), max_length=64)
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        db_table = "bot_start_payload"
        verbose_name = _("start payload")
        verbose_name_plural = _("start payloads")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(payload__regex=r"^[A-Za-z0-9_-]{1,64}$"), name="bot_start_payload_characters"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.payload}"


class Refusal(models.Model):
    """How often on a day a request to the webhook was refused or set aside, by reason. Nothing else of it is kept."""

    class Reason(models.TextChoices):
        METHOD = "method", _("not POST")
        SECRET = "secret", _("wrong secret")
        TYPE = "type", _("not JSON by its content type")
        SIZE = "size", _("too large")
        BODY = "body", _("not an update")
        UNKNOWN = "unknown", _("unknown kind of update, set aside")
        COPY = "copy", _("delivered again, set aside")
        CONFLICT = "conflict", _("same id with another body, set aside")

    reason = models.TextField(_("reason"), choices=Reason.choices)
    day = models.DateField(_("day"))
    count = models.BigIntegerField(_("count"))

    class Meta:
        db_table = "bot_refusal"
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["reason", "day"], name="bot_refusal_once_a_day"),
            models.CheckConstraint(condition=models.Q(count__gt=0), name="bot_refusal_count_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.day}: {self.count}"
