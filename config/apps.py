"""The wiring as a Django application: for its commands."""

from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    """Has no tables: commands about the environment of the deployment."""

    name = "config"
    label = "config"
    verbose_name = "Deployment"
