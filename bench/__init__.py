"""Measures Diana on this machine beside plain SQL and beside Celery as the textbook has it, all in one run."""
