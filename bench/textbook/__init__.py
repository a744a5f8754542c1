"""The same effect as Celery's and Django's documentation have it: one task for each event, ordinary ORM code."""
