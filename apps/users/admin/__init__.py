"""People, VIP grants and staff in the admin; every change goes through a service."""

from apps.users.admin.grants import GrantAdmin
from apps.users.admin.people import PersonAdmin
from apps.users.admin.referrals import ReferralAdmin
from apps.users.admin.staff import GroupAdmin, StaffAdmin

__all__ = ["GrantAdmin", "GroupAdmin", "PersonAdmin", "ReferralAdmin", "StaffAdmin"]
