"""Registers Flower's command with Django."""

from django.apps import AppConfig


class FlowerConfig(AppConfig):
    """Has no models."""

    name = "diana.flower"
    label = "flower"
