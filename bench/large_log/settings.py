"""Diana's settings, with a subscriber more: one that wants one event in a thousand."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.large_log"]
