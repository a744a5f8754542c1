-- Flags, held awards and requests stay, and are decided once. A decided flag may be open again (more came in), the
-- others may not: `decided_once` is told which status waits, and whether it may come back.
CREATE FUNCTION gamification_decided_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.status <> TG_ARGV[0] AND NEW.status IS DISTINCT FROM OLD.status
        AND NOT (TG_ARGV[1] = 'again' AND NEW.status = TG_ARGV[0])
    THEN
        RAISE EXCEPTION '% % was decided before: %', TG_TABLE_NAME, OLD.id, OLD.status
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'A decision is made once.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER gamification_flag_guard BEFORE UPDATE ON gamification_flag
    FOR EACH ROW EXECUTE FUNCTION gamification_decided_once('open', 'again');
CREATE TRIGGER gamification_hold_guard BEFORE UPDATE ON gamification_hold
    FOR EACH ROW EXECUTE FUNCTION gamification_decided_once('held', 'once');
CREATE TRIGGER gamification_staffrequest_guard BEFORE UPDATE ON gamification_staffrequest
    FOR EACH ROW EXECUTE FUNCTION gamification_decided_once('pending', 'once');
ALTER TABLE gamification_flag ENABLE ALWAYS TRIGGER gamification_flag_guard;
ALTER TABLE gamification_hold ENABLE ALWAYS TRIGGER gamification_hold_guard;
ALTER TABLE gamification_staffrequest ENABLE ALWAYS TRIGGER gamification_staffrequest_guard;

CREATE TRIGGER gamification_flag_stays BEFORE DELETE OR TRUNCATE ON gamification_flag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER gamification_hold_stays BEFORE DELETE OR TRUNCATE ON gamification_hold
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER gamification_staffrequest_stays BEFORE DELETE OR TRUNCATE ON gamification_staffrequest
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_flag ENABLE ALWAYS TRIGGER gamification_flag_stays;
ALTER TABLE gamification_hold ENABLE ALWAYS TRIGGER gamification_hold_stays;
ALTER TABLE gamification_staffrequest ENABLE ALWAYS TRIGGER gamification_staffrequest_stays;

-- Nobody writes down a request that was decided before it was made.
CREATE TRIGGER gamification_staffrequest_begins BEFORE INSERT ON gamification_staffrequest
    FOR EACH ROW WHEN (NEW.status <> 'pending') EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_staffrequest ENABLE ALWAYS TRIGGER gamification_staffrequest_begins;
