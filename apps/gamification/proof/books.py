"""The two books that are sealed, each with checkpoints of its own: the ledger's entries, and the audit record."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Model

from apps.gamification.models import AuditCheckpoint as StoredOfAudit
from apps.gamification.models import Checkpoint as Stored
from apps.gamification.proof.checkpoints import AuditCheckpoint, Checkpoint

# The text that is hashed of a record: docs/ledger-proof.md. A column that is added later stays out of it, or takes another
# number in front for records from then on.
_RECORDS = """
SELECT id, 0, 0, 0, 0, sha256(convert_to(jsonb_build_array(
    1, id, (extract(epoch FROM at) * 1000000)::bigint, actor_id, actor, origin, act, object_type, object_id, before::text,
    after::text, reason, correlation_id, address, written_as, written_in,
    (extract(epoch FROM written_at) * 1000000)::bigint)::text, 'UTF8')) AS hash
FROM audit_record
"""
_ENTRIES = "SELECT id, account_id, sequence, balance_after, lifetime_after, hash FROM gamification_entry"


@dataclass(frozen=True)
class Book:
    """What is sealed, where its checkpoints stand, and by which names; `rows` is SQL for checkpoints.Sealed.

    Whoever seals holds the advisory lock `lock`; the number has no meaning.
    """

    name: str
    title: str
    several: str
    checkpoint: type[Checkpoint]
    model: type[Model]
    rows: str
    sequence: str
    lock: int
    suffix: str = ""

    def path(self) -> Path:
        """Return where the checkpoints' file is."""
        ledgers = Path(settings.LEDGER_CHECKPOINTS)
        return ledgers.with_stem(ledgers.stem + self.suffix)


LEDGER = Book("ledger", "ledger", "entries", Checkpoint, Stored, _ENTRIES, "gamification_entry_id_seq", 7_310_001)
AUDIT = Book(
    "audit",
    "audit record",
    "records",
    AuditCheckpoint,
    StoredOfAudit,
    _RECORDS,
    "audit_record_id_seq",
    7_310_002,
    suffix="-audit",
)
BOOKS = (LEDGER, AUDIT)
