"""The periodic work of points: Celery finds it here."""

from apps.gamification import board_tasks

__all__ = ["board_tasks"]
