"""Commands of manage.py about staff."""
