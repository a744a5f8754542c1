"""Who did what to whom and why: the record that nobody can edit."""

from diana.audit.actors import Actor, Origin
from diana.audit.recording import OutsideTransaction, ReasonMissing, record

__all__ = ["Actor", "Origin", "OutsideTransaction", "ReasonMissing", "record"]
