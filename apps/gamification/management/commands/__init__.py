"""Commands of manage.py about points."""
