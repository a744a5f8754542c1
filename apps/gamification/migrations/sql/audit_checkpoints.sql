-- Checkpoints of the audit record, as those of the ledger: append-only, numbered without gaps, each naming the hash of the one
-- before. Their entries are records, and there are no accounts.

ALTER TABLE gamification_auditcheckpoint
    ADD CONSTRAINT gamification_auditcheckpoint_lengths CHECK (
        octet_length(previous) = 32 AND octet_length(entries_root) = 32 AND octet_length(heads_root) = 32
        AND octet_length(hash) = 32 AND octet_length(signature) = 64),
    ADD CONSTRAINT gamification_auditcheckpoint_range CHECK (
        number >= 1 AND after_id >= 0 AND last_id >= after_id AND entries BETWEEN 0 AND last_id - after_id
        AND total >= entries AND accounts = 0 AND (resumes IS NULL OR resumes BETWEEN 0 AND number - 1)),
    ADD CONSTRAINT gamification_auditcheckpoint_key CHECK (key_id !~ '[^A-Za-z0-9_-]' AND length(key_id) BETWEEN 1 AND 32),
    ADD CONSTRAINT gamification_auditcheckpoint_index CHECK (octet_length(entry_index) = 20 * entries);

-- The same text as in apps/gamification/proof/checkpoints.py.
CREATE FUNCTION gamification_auditcheckpoint_hash(c gamification_auditcheckpoint) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(
        'diana|audit-checkpoint|1|' || c.number || '|' || encode(c.previous, 'hex') || '|' || c.after_id || '|' || c.last_id
        || '|' || c.entries || '|' || c.total || '|' || c.accounts || '|' || encode(c.entries_root, 'hex')
        || '|' || encode(c.heads_root, 'hex') || '|' || (extract(epoch FROM c.sealed_at) * 1000000)::bigint
        || '|' || coalesce(c.resumes::text, '') || '|' || c.key_id, 'UTF8'))
$$;

CREATE FUNCTION gamification_continue_audit_checkpoints() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last gamification_auditcheckpoint;
    base gamification_auditcheckpoint;
BEGIN
    SELECT * INTO last FROM gamification_auditcheckpoint ORDER BY number DESC LIMIT 1;
    SELECT * INTO base FROM gamification_auditcheckpoint WHERE number = coalesce(NEW.resumes, last.number);
    IF NEW.number <> coalesce(last.number, 0) + 1
        OR NEW.previous <> coalesce(last.hash, sha256(convert_to('diana|audit-checkpoints', 'UTF8')))
        OR NEW.after_id <> coalesce(base.last_id, 0) OR NEW.total <> coalesce(base.total, 0) + NEW.entries
        OR NEW.hash <> gamification_auditcheckpoint_hash(NEW)
    THEN
        RAISE EXCEPTION 'audit checkpoint out of turn: % does not continue %', NEW.number, coalesce(last.number, 0)
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'Checkpoints are made by manage.py seal_ledger.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gamification_auditcheckpoint_continues BEFORE INSERT ON gamification_auditcheckpoint
    FOR EACH ROW EXECUTE FUNCTION gamification_continue_audit_checkpoints();
ALTER TABLE gamification_auditcheckpoint ENABLE ALWAYS TRIGGER gamification_auditcheckpoint_continues;

CREATE TRIGGER gamification_auditcheckpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_auditcheckpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_auditcheckpoint ENABLE ALWAYS TRIGGER gamification_auditcheckpoint_append_only;
