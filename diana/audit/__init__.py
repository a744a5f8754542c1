"""Who did what to whom and why: the record that nobody can edit."""

from diana.audit.actors import Actor, Origin
from diana.audit.recording import Act, OutsideTransaction, ReasonMissing, record, record_many

__all__ = ["Act", "Actor", "Origin", "OutsideTransaction", "ReasonMissing", "record", "record_many"]
