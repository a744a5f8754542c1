"""What the bot remembers: updates as they came in, the chats they came from, what was refused or could not be read."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bot.outcomes.models import ShownScreen as ShownScreen

NOTICE_KINDS = [
    "achievement",
    "level",
    "referral",
    "vip_granted",
    "vip_expiring",
    "vip_grace",
    "vip_expired",
    "vip_revoked",
    "payment",
    "payment_problem",
    "refund",
    "refund_points",
    "refund_declined",
    "subscription_failed",
    "reminder",
    "points",
]


class Update(models.Model):
    """An update as Telegram delivered it, kept for a week. Body and document are personal data: never shown, never logged.

    `document` is what handlers read of it (reading.py). `body` is what Telegram sent, until it is handled; rows from before
    there were documents keep it. `body_digest` tells a copy from another update under the same id after that.
    `chat_id` is Telegram's, and so is `update_id`; the id that events name is our own, because Telegram's
    begins anew at a random number after a quiet week. `event_id` is the update_received that told of it. `failed_at` is
    set while the update is a dead letter: handled, unless its event is redriven. `delete_at` has what came from a group
    that was not approved: it is kept until then, and is no act whatever staff decide later.
    """

    bot_id = models.BigIntegerField(_("bot"))
    update_id = models.BigIntegerField(_("update id at Telegram"))
    person_id = models.BigIntegerField(_("person"), null=True)
    kind = models.TextField(_("kind"))
    chat_id = models.BigIntegerField(_("chat id at Telegram"), null=True)
    body = models.BinaryField(_("body"))
    # With a default of the database, because processes of the release before insert rows without it.
    document = models.BinaryField(_("document"), default=b"", db_default=b"")
    body_digest = models.BinaryField(_("digest of the body"), null=True)
    event_id = models.UUIDField(_("event id"), null=True)
    received_at = models.DateTimeField(_("received at"))
    handled_at = models.DateTimeField(_("handled at"), null=True)
    failed_at = models.DateTimeField(_("given up at"), null=True)
    delete_at = models.DateTimeField(_("kept until"), null=True)

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
            # a press looks whether the person has pressed again since (selectors.newest_presses)
            models.Index(
                fields=["person_id", "id"],
                condition=models.Q(handled_at__isnull=True, kind="callback_query"),
                name="bot_update_open_presses",
            ),
            # delete_old_updates looks for what was handled long ago
            models.Index(
                fields=["handled_at"], condition=models.Q(handled_at__isnull=False), name="bot_update_handled"
            ),
            # and for what came from groups that were not approved
            models.Index(
                fields=["delete_at"], condition=models.Q(delete_at__isnull=False), name="bot_update_delete_at"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.update_id}"


def initial_state() -> str:
    """Return the state of a group that appears now, as settings.DIANA_KNOWN_GROUPS says."""
    return "approved" if settings.DIANA_KNOWN_GROUPS == "all" else "pending"


class Chat(models.Model):
    """A chat at Telegram under an id of our own: events carry ours. `gone_at`: it takes no messages since then.

    `told_unpaid_at`: a group that is not paid was told so (groups.py). `closed_at`: since then the bot may not write
    there; `closed_until`: when that is tried again (replies.py). `moved_from` is the id that a supergroup had when it was a
    group. `standing_at` is when Telegram last told how the bot stands there, in whole seconds, and `standing_update` the
    update that told it.

    `state` says of a group whether acts count there (groups.py), of other chats nothing; staff decided it at `decided_at`.
    `title` and `members` (asked for at `members_at`) are for staff, `language` is what the group is told things in,
    `seen_at` when something last came from there, to the hour. `guided_at`: when a private chat's last message was sent that is
    no command and was answered (guidance.py).
    """

    class Kind(models.TextChoices):
        PRIVATE = "private", _("private")
        GROUP = "group", _("group")
        SUPERGROUP = "supergroup", _("supergroup")
        CHANNEL = "channel", _("channel")

    class State(models.TextChoices):
        PENDING = "pending", _("waits for a decision")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        LEFT = "left", _("left by the bot")

    telegram_id = models.BigIntegerField(_("id at Telegram"), unique=True)
    kind = models.TextField(_("kind"), choices=Kind.choices)
    gone_at = models.DateTimeField(_("gone at"), null=True)
    told_unpaid_at = models.DateTimeField(_("told that nothing counts there"), null=True)
    closed_at = models.DateTimeField(_("the bot may not write there since"), null=True)
    closed_until = models.DateTimeField(_("tried again at"), null=True)
    moved_from = models.BigIntegerField(_("earlier id at Telegram"), null=True, unique=True)
    standing_at = models.DateTimeField(_("membership told at"), null=True)
    standing_update = models.BigIntegerField(_("membership told by update"), null=True)
    # What processes of the release before insert meanwhile waits for staff.
    state = models.TextField(_("state"), choices=State.choices, default=initial_state, db_default="pending")
    decided_at = models.DateTimeField(_("decided at"), null=True)
    title = models.TextField(_("title"), default="", db_default="")
    language = models.TextField(_("language"), default="", db_default="")
    members = models.BigIntegerField(_("members"), null=True)
    members_at = models.DateTimeField(_("members counted at"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)
    guided_at = models.DateTimeField(_("last told what there is to do"), null=True)

    class Meta:
        db_table = "bot_chat"
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["private", "group", "supergroup", "channel"]), name="bot_chat_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, closed_until__isnull=True)
                | models.Q(closed_at__isnull=False, closed_until__isnull=False)
                & models.Q(closed_until__gte=models.F("closed_at")),
                name="bot_chat_closed_until_after",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "approved", "refused", "left"]), name="bot_chat_state_known"
            ),
            models.CheckConstraint(condition=models.Q(members__gte=0), name="bot_chat_members_counted"),
        ]
        indexes = [
            # staff look through the groups, the newest first; the task that counts members looks for those to be asked
            models.Index(fields=["id"], condition=models.Q(kind__in=["group", "supergroup"]), name="bot_chat_groups"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SeenMessage(models.Model):
    """A message that somebody sent in a group, kept for a week: reactions tell its number, and not whose it is.

    `chat` is our id of the group, `message` Telegram's number of the message in it, negative if it was no supergroup yet.
    """

    pk = models.CompositePrimaryKey("chat", "message")
    chat = models.BigIntegerField(_("chat"))
    message = models.BigIntegerField(_("number of the message"))
    person_id = models.BigIntegerField(_("person"))
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        db_table = "bot_seen_message"
        verbose_name = _("seen message")
        verbose_name_plural = _("seen messages")
        default_permissions = ()
        indexes = [
            # delete_old looks for those of last week
            models.Index(fields=["sent_at"], name="bot_seen_message_sent"),
            # an erasure, and a copy of everything, look for those of one person
            models.Index(fields=["person_id"], name="bot_seen_message_person"),
        ]

    def __str__(self) -> str:
        return f"{self.chat}: {self.message}"


class GroupManager(models.Manager["Group"]):
    """The chats that are groups."""

    def get_queryset(self) -> models.QuerySet["Group"]:
        """Leave out private chats and channels."""
        return super().get_queryset().filter(kind__in=[Chat.Kind.GROUP, Chat.Kind.SUPERGROUP])


class Group(Chat):
    """A chat that is a group, as staff see and decide about it."""

    objects: ClassVar[GroupManager] = GroupManager()

    class Meta:
        proxy = True
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        default_permissions = ("view",)
        permissions = [("decide_group", _("Can approve and refuse groups, and have the bot leave them"))]

    def __str__(self) -> str:
        return f"{self.name} · {self.pk}"

    @property
    def name(self) -> str:
        """Return the title, as far as it is known."""
        return self.title or gettext("without a title")


class Addition(models.Model):
    """Who let the bot into a group: our id of them, or as long as staff have not decided Telegram's of who is not known.

    Beside the chat, because erasure locks the person first, and whoever locks a group's chat does that before any person.
    """

    chat_id = models.BigIntegerField(_("chat"), unique=True)
    person_id = models.BigIntegerField(_("person"), null=True)
    telegram_id = models.BigIntegerField(_("id at Telegram"), null=True)
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        db_table = "bot_addition"
        verbose_name = _("addition to a group")
        verbose_name_plural = _("additions to groups")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person_id__isnull=True, telegram_id__isnull=False)
                | models.Q(person_id__isnull=False, telegram_id__isnull=True),
                name="bot_addition_by_one",
            ),
        ]
        indexes = [
            # erasure and export look for those of a person
            models.Index(fields=["person_id"], name="bot_addition_person"),
            models.Index(fields=["telegram_id"], name="bot_addition_telegram_id"),
        ]

    def __str__(self) -> str:
        return f"addition {self.pk}"


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
    """How often on a day an update, or a request to the webhook, was refused or set aside, by reason. Of what the webhook
    refused nothing else is kept.
    """

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


class Unreadable(models.Model):
    """An update that nothing here could keep as such, under its number at Telegram if that could be read.

    Its body is whatever came, personal data included: never shown, never logged, and deleted after the week of the others.
    """

    class Reason(models.TextChoices):
        SIZE = "size", _("too large")
        BODY = "body", _("not an update")
        DATABASE = "database", _("refused by the database")
        ERROR = "error", _("an error at each attempt")
        CONFLICT = "conflict", _("same id as another update")

    bot_id = models.BigIntegerField(_("bot"))
    update_id = models.BigIntegerField(_("update id at Telegram"), null=True)
    reason = models.TextField(_("reason"), choices=Reason.choices)
    body = models.BinaryField(_("body"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        db_table = "bot_unreadable"
        verbose_name = _("unreadable update")
        verbose_name_plural = _("unreadable updates")
        default_permissions = ("view",)
        constraints = [
            # Telegram sends it again until the offset has passed it; a number it need not have.
            models.UniqueConstraint("bot_id", Func("body", function="sha256"), name="bot_unreadable_once"),
            models.CheckConstraint(
                condition=models.Q(reason__in=["size", "body", "database", "error", "conflict"]),
                name="bot_unreadable_reason_known",
            ),
        ]
        indexes = [
            # delete_old_unreadable looks for those of last week
            models.Index(fields=["received_at"], name="bot_unreadable_received"),
            # searched by staff
            models.Index(fields=["update_id"], name="bot_unreadable_update"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.update_id}"


class Notice(models.Model):
    """Something to tell a person by a message of its own, or together with others. Ids and numbers only, no texts.

    `due_at` is when it may be told, by the person's clock and wishes; `queued_at` when a sender was told to; `outcome` what
    became of it. `event_id` is the event that it tells of: each is told once. `tells_points`: the receipt of a refund tells
    the points that went with it, which then need no notice of their own.
    """

    class Kind(models.TextChoices):
        ACHIEVEMENT = "achievement", _("achievement")
        LEVEL = "level", _("level")
        REFERRAL = "referral", _("referral")
        VIP_GRANTED = "vip_granted", _("VIP granted")
        VIP_EXPIRING = "vip_expiring", _("VIP ends soon")
        VIP_GRACE = "vip_grace", _("VIP in its days of grace")
        VIP_EXPIRED = "vip_expired", _("VIP is over")
        VIP_REVOKED = "vip_revoked", _("VIP taken back")
        PAYMENT = "payment", _("payment")
        PAYMENT_PROBLEM = "payment_problem", _("payment that gave nothing")
        REFUND = "refund", _("refund")
        REFUND_POINTS = "refund_points", _("points of a refunded payment")
        REFUND_DECLINED = "refund_declined", _("refund that was declined")
        SUBSCRIPTION_FAILED = "subscription_failed", _("subscription that could not be paid")
        REMINDER = "reminder", _("reminder of the first steps")
        POINTS = "points", _("points")

    class Outcome(models.TextChoices):
        SENT = "sent", _("sent")
        DROPPED = "dropped", _("dropped: muted, gone or not active")

    person_id = models.BigIntegerField(_("person"))
    kind = models.TextField(_("kind"), choices=Kind.choices)
    fields = models.JSONField(_("fields"))
    event_id = models.UUIDField(_("event id"), unique=True)
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("due at"))
    queued_at = models.DateTimeField(_("queued at"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    outcome = models.TextField(_("outcome"), choices=Outcome.choices, null=True)
    tells_points = models.BooleanField(_("tells the points, too"), default=False, db_default=False)

    class Meta:
        db_table = "bot_notice"
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=NOTICE_KINDS), name="bot_notice_kind_known"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome__isnull=True)
                | models.Q(done_at__isnull=False, outcome__isnull=False, outcome__in=["sent", "dropped"]),
                name="bot_notice_done_or_open",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gte=models.F("created_at")), name="bot_notice_not_due_before"
            ),
        ]
        indexes = [
            # send_due_notices looks for what may be told and is with no sender
            models.Index(
                fields=["due_at"],
                condition=models.Q(queued_at__isnull=True, done_at__isnull=True),
                name="bot_notice_due",
            ),
            # a sender gathers what one person is to be told; a new notice looks for the digest that is open
            models.Index(fields=["person_id"], condition=models.Q(done_at__isnull=True), name="bot_notice_open"),
            # old ones are deleted
            models.Index(fields=["done_at"], condition=models.Q(done_at__isnull=False), name="bot_notice_done"),
            # searched by staff
            models.Index(fields=["person_id", "id"], name="bot_notice_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
