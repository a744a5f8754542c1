"""The boards: derived, and kept as rows so that every list is a walk along an index. The ledger and the states are the truth."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.gamification.models.ledger import Account


class BoardPerson(models.Model):
    """How a person appears on boards; without a row: shown, by name, no VIP, no archetype. A trigger copies it to the rows."""

    account = models.OneToOneField(
        Account, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+", verbose_name=_("account")
    )
    shown = models.BooleanField(_("shown"))
    alias = models.BooleanField(_("by an alias"))
    vip_until = models.DateTimeField(_("VIP until"), null=True)
    archetype = models.TextField(_("archetype"))

    class Meta:
        verbose_name = _("person on boards")
        verbose_name_plural = _("people on boards")
        default_permissions = ()
        indexes = [
            # whose VIP has ended since the cache was written last
            models.Index(
                fields=["vip_until"], name="gamification_boardperson_vip", condition=~models.Q(vip_until=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class BoardRow(models.Model):
    """A person's score on a board in a period (its first date in UTC; 1970-01-01 where the board has none).

    Rows of points are moved by the trigger on entries, the others by board_rows.py, all of them with the account locked.
    `shown`, `vip_until` and `archetype` repeat BoardPerson, because indexes lead along them.
    """

    class Board(models.IntegerChoices):
        TOTAL = 1, _("total points")
        WEEKLY = 2, _("points of the week")
        MONTHLY = 3, _("points of the month")
        DAILY = 4, _("points of the day")
        STREAK = 5, _("current streak")
        NARRATIVE = 6, _("chapters read")
        TRIVIA = 7, _("correct answers")
        ACHIEVEMENTS = 8, _("achievements")

    # the account leads: all rows of a person change together when the person hides
    pk = models.CompositePrimaryKey("account_id", "board", "period")
    account = models.ForeignKey(Account, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    board = models.SmallIntegerField(_("board"), choices=Board.choices)
    period = models.DateField(_("period, UTC"))
    score = models.BigIntegerField(_("score"))
    reached_at = models.DateTimeField(_("reached at"))
    shown = models.BooleanField(_("shown"))
    vip_until = models.DateTimeField(_("VIP until"), null=True)
    archetype = models.TextField(_("archetype"))

    class Meta:
        verbose_name = _("row of a board")
        verbose_name_plural = _("rows of boards")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=models.Q(score__gte=0), name="gamification_boardrow_not_negative"),
            models.CheckConstraint(condition=models.Q(board__range=(1, 8)), name="gamification_boardrow_board_known"),
        ]
        indexes = [
            # every list and count of everyone; the archetype is looked at inside the index
            models.Index(
                fields=["board", "period", "-score", "reached_at", "account", "archetype"],
                name="gamification_boardrow_order",
                condition=models.Q(shown=True, score__gt=0),
            ),
            # the same among VIPs, who are few
            models.Index(
                fields=["board", "period", "-score", "reached_at", "account", "vip_until"],
                name="gamification_boardrow_vips",
                condition=models.Q(shown=True, score__gt=0, vip_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_board_display()} {self.period}: {self.account_id} {self.score}"


class BoardChange(models.Model):
    """An account whose rows the cache has not seen yet; written with the rows, removed once the cache has them.

    `look` says that the person's look changed too: then segments may have to let go of them.
    """

    account_id = models.BigIntegerField()
    look = models.BooleanField(db_default=False)

    class Meta:
        verbose_name = _("change of boards")
        verbose_name_plural = _("changes of boards")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.account_id}"
