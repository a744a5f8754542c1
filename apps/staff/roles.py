"""Who may what: the one table of roles. Each holds what stands in its own list, and all of the lists above it.

What is in no list is a superuser's: logins, groups, rights. Whoever could set passwords could be two persons. Adding,
changing and deleting where there is a history (ledger, log, records) nobody may, whatever stands here.
"""

ROLES: dict[str, tuple[str, ...]] = {
    # looks, changes nothing
    "viewer": (
        "audit.view_auditrecord",
        "bot.view_group",
        "bot.view_notice",
        "bot.view_refusal",
        "bot.view_unreadable",
        "bot.view_update",
        "events.view_cursor",
        "events.view_deferredevent",
        "events.view_delivery",
        "events.view_failure",
        "events.view_storedevent",
        "gamification.view_account",
        "gamification.view_auditcheckpoint",
        "gamification.view_achievement",
        "gamification.view_achievementversion",
        "gamification.view_checkpoint",
        "gamification.view_entry",
        "gamification.view_flag",
        "gamification.view_hold",
        "gamification.view_multiplierversion",
        "gamification.view_reason",
        "gamification.view_rule",
        "gamification.view_ruleversion",
        "gamification.view_staffrequest",
        "gamification.view_unlock",
        "gamification.view_verification",
        "users.view_departure",
        "payments.view_giftcode",
        "payments.view_invoice",
        "payments.view_payment",
        "payments.view_precheckout",
        "payments.view_subscription",
        "payments.view_toldrefund",
        "users.view_grant",
        "users.view_person",
        "users.view_referral",
        "users.view_suspension",
        "users.view_vipoverride",
        "users.view_vipstanding",
    ),
    # keeps the peace, gives and takes a little: above STAFF_APPROVAL_ABOVE it waits for a manager
    "moderator": (
        "gamification.award_points",
        "gamification.grant_achievement",
        "gamification.resolve_flag",
        "gamification.reverse_entry",
        "gamification.revoke_achievement",
        "users.suspend_person",
    ),
    # makes the game: rules, bonuses, achievements, VIP, which groups count; agrees to what others ask for
    "manager": (
        "bot.decide_group",
        "gamification.add_achievement",
        "gamification.add_achievementversion",
        "gamification.add_multiplierversion",
        "gamification.add_ruleversion",
        "gamification.approve_act",
        "gamification.change_achievement",
        "gamification.change_rule",
        "payments.end_subscription",
        "payments.refund_payment",
        "users.add_grant",
        "users.override_vip",
        "users.revoke_grant",
    ),
    # mends what failed, sees who can log in
    "admin": (
        "auth.view_group",
        "events.redrive",
        "users.erase_person",
        "users.export_person",
        "users.view_staff",
    ),
}


def permissions_of(role: str) -> frozenset[str]:
    """Return all permissions of a role, as in "users.add_grant". Raises KeyError for a role that is none."""
    names = list(ROLES)
    held = names[: names.index(role) + 1] if role in ROLES else [role]
    return frozenset(permission for name in held for permission in ROLES[name])
