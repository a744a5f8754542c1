"""Django's admin with this project's site; a module of its own, because it is read before any model."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's own configuration but for the site."""

    default_site = "apps.staff.site.StaffSite"
