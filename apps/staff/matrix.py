"""Who may what, as tables: each page and act of the admin with the least role, each command with what it does and as whom.

docs/rights.md is made from them. Real requests of every role are held against them in the tests, and a page or command that
stands in no table is an error there.
"""

from dataclasses import dataclass
from typing import Literal

from apps.staff.roles import ROLES

# Everybody who can log in, the least first; each may what those before may.
LEVELS = ["nobody", *ROLES, "superuser"]

# Who may look at a model: its list, its page, its history.
VIEW = {
    "audit.auditrecord": "viewer",
    "auth.group": "admin",
    "bot.group": "viewer",
    "bot.notice": "viewer",
    "bot.refusal": "viewer",
    "bot.unreadable": "viewer",
    "bot.update": "viewer",
    "events.cursor": "viewer",
    "events.delivery": "viewer",
    "events.failure": "viewer",
    "events.storedevent": "viewer",
    "gamification.account": "viewer",
    "gamification.achievement": "viewer",
    "gamification.achievementversion": "viewer",
    "gamification.entry": "viewer",
    "gamification.flag": "viewer",
    "gamification.multiplierversion": "viewer",
    "gamification.rule": "viewer",
    "gamification.ruleversion": "viewer",
    "gamification.staffrequest": "viewer",
    "gamification.unlock": "viewer",
    "payments.giftcode": "viewer",
    "payments.invoice": "viewer",
    "payments.payment": "viewer",
    "payments.precheckout": "viewer",
    "payments.subscription": "viewer",
    "payments.toldrefund": "viewer",
    "users.grant": "viewer",
    "users.person": "viewer",
    "users.referral": "viewer",
    "users.staff": "admin",
}
# Who may add, change, delete; nobody where a model is not named.
WRITE = {
    "add": {
        "auth.group": "superuser",
        "gamification.achievement": "manager",
        "gamification.achievementversion": "manager",
        "gamification.multiplierversion": "manager",
        "gamification.ruleversion": "manager",
        "users.grant": "manager",
        "users.staff": "superuser",
    },
    "change": {"auth.group": "superuser", "users.staff": "superuser"},
    "delete": {"auth.group": "superuser"},
}
# Pages on which staff act.
ACTS = {
    "auth_user_password_change": "superuser",
    "bot_group_approve": "manager",
    "bot_group_leave": "manager",
    "bot_group_refuse": "manager",
    "gamification_account_award_points": "moderator",
    "gamification_account_grant_achievement": "moderator",
    "gamification_account_repair_streak": "moderator",
    "gamification_achievement_preview": "viewer",
    "gamification_achievement_switch": "manager",
    "gamification_entry_reverse_entry": "moderator",
    "gamification_flag_confirm": "moderator",
    "gamification_flag_dismiss": "moderator",
    "gamification_multiplierversion_add_window": "manager",
    "gamification_rule_switch": "manager",
    "gamification_staffrequest_approve": "manager",
    "gamification_staffrequest_refuse": "manager",
    "gamification_unlock_revoke": "moderator",
    "payments_payment_refund": "manager",
    "payments_subscription_end": "manager",
    "users_grant_revoke": "manager",
    "users_person_add_vip": "manager",
    "users_person_erase": "admin",
    "users_person_export_data": "admin",
    "users_person_clear_vip": "manager",
    "users_person_extend_vip": "manager",
    "users_person_grant_many": "manager",
    "users_person_override_vip": "manager",
    "users_person_suspend": "moderator",
    "users_person_unsuspend": "moderator",
}
# Actions on a list's chosen rows.
LIST_ACTIONS = {
    "events.failure": {"redrive": "admin", "discard": "admin"},
    "auth.group": {"delete_selected": "superuser"},
    "users.person": {"grant_many": "manager"},
}


@dataclass(frozen=True, slots=True)
class CommandRight:
    """What a command of `manage.py` does, and the role in the database that it needs."""

    does: Literal["process", "release", "reads", "changes", "development"]
    role: Literal["application", "owner", "both", "none"] = "application"


PROCESS, READS, CHANGES = CommandRight("process"), CommandRight("reads"), CommandRight("changes")
ALONE, DEVELOPMENT = CommandRight("reads", "none"), CommandRight("development", "none")
COMMANDS = {
    "adopt_log": CommandRight("changes", "both"),
    "award_points": CHANGES,
    "backfill_achievements": CHANGES,
    "bot_api_errors": ALONE,
    "bus_status": READS,
    "change_lanes": CommandRight("changes", "owner"),
    "check_content": ALONE,
    "check_stories": ALONE,
    "clock": CommandRight("development", "both"),
    "database_roles": CommandRight("release", "owner"),
    "detectors": CHANGES,
    "discard": CHANGES,
    "end_subscriptions": CHANGES,
    "ensure_staff": CHANGES,
    "environment": ALONE,
    "erase_user": CHANGES,
    "events": ALONE,
    "expire_vip": CHANGES,
    "explain_entry": READS,
    "export_ledger": READS,
    "export_user": CHANGES,
    "feed": ALONE,
    "flower": PROCESS,
    "grant_vip": CHANGES,
    "groups": CHANGES,
    "make_secrets": ALONE,
    "migrate": CommandRight("release", "owner"),
    "override_vip": CHANGES,
    "poll": PROCESS,
    "publish_event": CHANGES,
    "rebuild_balances": CommandRight("changes", "owner"),
    "rebuild_leaderboards": CHANGES,
    "rebuild_projection": CommandRight("changes", "both"),
    "recompute_day": CHANGES,
    "reconcile_payments": CHANGES,
    "redis_users": ALONE,
    "redrive": CHANGES,
    "relay": PROCESS,
    "release": CommandRight("release", "both"),
    "replay_events": CHANGES,
    "reset_second_factor": CHANGES,
    "reverse_entry": CHANGES,
    "revoke_vip": CHANGES,
    "rights": ALONE,
    "sandbox": DEVELOPMENT,
    "say": DEVELOPMENT,
    "seal_ledger": CHANGES,
    "set_commands": ALONE,
    "set_webhook": ALONE,
    "suspend_user": CHANGES,
    "sync_roles": CHANGES,
    "sync_subscribers": CHANGES,
    "trace": READS,
    "unsuspend_user": CHANGES,
    "verify_ledger": CHANGES,
    "whatif": READS,
}
