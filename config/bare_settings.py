"""Settings of the commands that make or tell an environment, and so need none."""

INSTALLED_APPS = ["config"]
USE_TZ = True
