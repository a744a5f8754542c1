"""Settings of processes that run one version of a small app beside Diana's own; DEPLOYED says which (v1, v2)."""

import os

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as DIANAS

INSTALLED_APPS = [*DIANAS, f"tests.deploys.{os.environ['DEPLOYED']}"]
