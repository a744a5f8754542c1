"""The same kind of faults upon Celery as its documentation has it: what is lost and doubled there, for comparison."""

from torture.plain_celery.running import run

__all__ = ["run"]
