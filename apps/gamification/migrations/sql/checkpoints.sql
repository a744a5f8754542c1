-- Checkpoints: append-only, numbered without gaps, each naming the hash of the one before. Who may forge one that fits
-- (an owner) still lacks the key.

ALTER TABLE gamification_checkpoint
    ADD CONSTRAINT gamification_checkpoint_lengths CHECK (
        octet_length(previous) = 32 AND octet_length(entries_root) = 32 AND octet_length(heads_root) = 32
        AND octet_length(hash) = 32 AND octet_length(signature) = 64),
    ADD CONSTRAINT gamification_checkpoint_range CHECK (
        number >= 1 AND after_id >= 0 AND last_id >= after_id AND entries BETWEEN 0 AND last_id - after_id
        AND total >= entries AND accounts BETWEEN 0 AND entries AND (resumes IS NULL OR resumes BETWEEN 0 AND number - 1)),
    ADD CONSTRAINT gamification_checkpoint_key CHECK (key_id !~ '[^A-Za-z0-9_-]' AND length(key_id) BETWEEN 1 AND 32),
    ADD CONSTRAINT gamification_checkpoint_index CHECK (octet_length(entry_index) = 20 * entries);

-- The same text as in apps/gamification/proof/checkpoints.py.
CREATE FUNCTION gamification_checkpoint_hash(c gamification_checkpoint) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(
        'diana|checkpoint|1|' || c.number || '|' || encode(c.previous, 'hex') || '|' || c.after_id || '|' || c.last_id
        || '|' || c.entries || '|' || c.total || '|' || c.accounts || '|' || encode(c.entries_root, 'hex')
        || '|' || encode(c.heads_root, 'hex') || '|' || (extract(epoch FROM c.sealed_at) * 1000000)::bigint
        || '|' || coalesce(c.resumes::text, '') || '|' || c.key_id, 'UTF8'))
$$;

CREATE FUNCTION gamification_continue_checkpoints() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last gamification_checkpoint;
    base gamification_checkpoint;
BEGIN
    SELECT * INTO last FROM gamification_checkpoint ORDER BY number DESC LIMIT 1;
    SELECT * INTO base FROM gamification_checkpoint WHERE number = coalesce(NEW.resumes, last.number);
    IF NEW.number <> coalesce(last.number, 0) + 1
        OR NEW.previous <> coalesce(last.hash, sha256(convert_to('diana|checkpoints', 'UTF8')))
        OR NEW.after_id <> coalesce(base.last_id, 0) OR NEW.total <> coalesce(base.total, 0) + NEW.entries
        OR NEW.hash <> gamification_checkpoint_hash(NEW)
    THEN
        RAISE EXCEPTION 'checkpoint out of turn: % does not continue %', NEW.number, coalesce(last.number, 0)
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'Checkpoints are made by manage.py seal_ledger.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gamification_checkpoint_continues BEFORE INSERT ON gamification_checkpoint
    FOR EACH ROW EXECUTE FUNCTION gamification_continue_checkpoints();
ALTER TABLE gamification_checkpoint ENABLE ALWAYS TRIGGER gamification_checkpoint_continues;

CREATE TRIGGER gamification_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_checkpoint ENABLE ALWAYS TRIGGER gamification_checkpoint_append_only;

CREATE TRIGGER gamification_verification_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_verification
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_verification ENABLE ALWAYS TRIGGER gamification_verification_append_only;
